import BeatCore
import BeatLoop

/// Carries messages from the store's outbox to the queues of a broker that is another server.
///
/// A message is put on its queues first, by a script that knows a repeat, and then taken out of the outbox: whoever dies
/// between the two, the next one repeats, and nothing comes twice. Messages for one list arrive in the order of the
/// outbox. One that cannot be delivered stays, and so do those behind it for the same list; the others go on.
///
/// It asks nobody while there is nothing to do: work begins with `start`, `nudge`, a connection that stands, or a timer
/// that runs only while something waits.
package final class OutboxRelay {
  package enum Event {
    /// Said once for each reason. `waiting`: items in the outbox, if the store could tell.
    case brokerLost(reason: String, waiting: Int?)
    /// After `brokerLost`: messages are accepted again.
    case brokerBack(waiting: Int)
    /// Stays in the outbox, with what is behind it for the same list, and is tried again. Said once for each reason.
    /// No item: its bytes cannot be read, or the outbox cannot.
    case held(OutboxItem?, reason: String)
    case relayed(count: Int, duplicates: Int, waiting: Int)
    /// So many items are left that are not held; nil: the broker takes none.
    case walked(waiting: Int?)
    /// What `refusal` refused is accepted again.
    case unblocked
  }

  /// Items, and about how many bytes of them, that are on their way at once.
  private static let windowCount = 128
  private static let windowBytes = 1 << 20
  /// Lists of which something is said at a time.
  private static let mostComplaints = 1000
  private static let shortestHold: Int64 = 1_000_000
  private static let longestHold: Int64 = 60_000_000

  /// The part of a pass that is under way.
  private final class Window {
    let outbox: StoreScripts.Outbox
    private let askedAt: BootTime
    /// Items of which nothing is known yet.
    var open = 0
    private(set) var held = 0
    private(set) var newestHeld: [UInt8]?
    private var newestIndex = -1
    var relayed = 0
    var duplicates = 0

    init(_ outbox: StoreScripts.Outbox, askedAt: BootTime) { (self.outbox, self.askedAt) = (outbox, askedAt) }

    /// An item stays.
    func hold(_ index: Int) {
      held += 1
      guard index > newestIndex else { return }
      newestIndex = index
      newestHeld = outbox.items[index]
    }

    /// We slept meanwhile (a stopped process, a suspended machine): another relay may have been here, and the broker
    /// forgotten what it was given.
    var isStale: Bool { BootClock.now().microseconds(since: askedAt) > 60_000_000 }
  }

  private let url: RedisURL
  private let kombu: KombuKeys
  private let reserved: ReservedKeys
  private let loop: EventLoop
  private let handle: (Event) -> Void
  private lazy var retryTimer = LoopTimer(on: loop) { [unowned self] in connect() }
  private lazy var heldTimer = LoopTimer(on: loop) { [unowned self] in tryHeldAgain() }

  /// nil: stopped.
  private var store: StoreScripts?
  private var lookup: SentinelLookup?
  private var connection: RedisConnection?
  /// nil: not connected, or not yet logged in.
  private var broker: BrokerScripts?
  /// Grows with each connection and each stop: what an answer belongs to.
  private var session = 0
  private var backoff = Backoff()
  private var connectedAt = BootClock.now()
  private var readyAt: BootTime?
  private var walk = OutboxWalk()
  private var holdDelay = shortestHold
  private var isBusy = false
  private var isNudged = false
  private var declared = DeclaredQueues()
  /// What was said last about the broker.
  private var complaint: String?
  /// What was said last about a list.
  private var complaints: [[UInt8]: String] = [:]
  private var whenIdle: (() -> Void)?
  /// What is held is to be tried again, as soon as the part of the way that is under way is done.
  private var isRetryDue = false
  private var wasFull = false

  /// - Parameters:
  ///   - kombu: the workers' names for queues and bindings.
  ///   - reserved: names that are no queues.
  package init(
    to url: RedisURL, kombu: KombuKeys, reserved: ReservedKeys, on loop: EventLoop, handle: @escaping (Event) -> Void
  ) {
    self.reserved = reserved
    self.url = url
    self.kombu = kombu
    self.loop = loop
    self.handle = handle
  }

  // MARK: the interface

  /// Carries what waits, and from now on what comes, until `stop`. Where messages are delivered directly, only what an
  /// earlier run has left behind.
  ///
  /// - Parameter loss: why the broker was found to be lost before, where that was said: its return is said, too.
  package func start(_ scripts: StoreScripts, after loss: String?) {
    stop()
    complaint = loss
    store = scripts
    guard scripts.delivery == .direct else { return connect() }
    let session = session
    scripts.connection.send(RedisCommand("TYPE", scripts.keys.outbox)) { [weak self] reply in
      guard let self, session == self.session, let type = reply?.text, type != "none" else { return }
      connect()
    }
  }

  /// Ends it without waiting. What is on its way will be done again, and known as a repeat.
  package func stop() {
    store = nil
    disconnect()
    retryTimer.cancel()
  }

  /// There is a new item in the outbox.
  package func nudge() {
    guard store != nil else { return }
    isNudged = true
    if broker != nil {
      if !isBusy { readNext() }
    } else if connection == nil, lookup == nil, !retryTimer.isScheduled {
      connect()
    }
  }

  /// Why no more messages for a route are put into the outbox; nil: they are. So many are held there already that others
  /// would wait while those are looked at again.
  package func refusal(of route: Route, priority: Int64) -> String? {
    let lane = lane(of: route, priority)
    guard walk.refuses(lane) else { return nil }
    let held = Plural.of(Limit.heldMessages.most, "message")
    return "\(held) that cannot be delivered wait in the outbox, and no more are put there: "
      + (complaints[lane] ?? "those for \(route.name) wait behind others")
  }

  /// Runs `done` when nothing is on its way any more: at once, or when the outbox has been walked through.
  package func finish(then done: @escaping () -> Void) {
    if isBusy { whenIdle = done } else { done() }
  }

  // MARK: the broker

  private func connect() {
    disconnect()
    connectedAt = BootClock.now()
    switch url.location {
    case .server(let endpoint):
      connect(to: endpoint)
    case .sentinels(let group):
      let session = session
      lookup = SentinelLookup(of: group, on: loop) { [weak self] outcome in
        guard let self, session == self.session else { return }
        lookup = nil
        switch outcome {
        case .found(let endpoint): connect(to: endpoint)
        case .failed(let reason): lost(reason)
        }
      }
    }
  }

  private func connect(to endpoint: RedisEndpoint) {
    let session = session
    let connection = RedisConnection(to: endpoint, security: url.security, on: loop) { [weak self] error in
      guard let self, session == self.session else { return }
      // A server may hang up on clients that rest (`timeout`). If it is gone, the next attempt will tell.
      lost(error.message, isWorthALine: isBusy || broker == nil)
    }
    self.connection = connection
    connection.handshake(url, clientName: "beat-watch-relay") { [weak self] error in
      guard error == nil, let self, session == self.session else { return }
      broker = BrokerScripts(
        connection: connection, kombu: kombu, database: url.database, brokerDatabase: url.database)
      readyAt = BootClock.now()
      readNext()
    }
  }

  private func disconnect() {
    session += 1
    lookup?.cancel()
    lookup = nil
    connection?.close()
    connection = nil
    broker = nil
    walk = OutboxWalk()
    (isRetryDue, wasFull) = (false, false)
    heldTimer.cancel()
    declared.removeAll()
    handle(.walked(waiting: nil))
    becomeIdle()
  }

  private func lost(_ reason: String, isWorthALine: Bool = true) {
    let health = readyAt.map { BootClock.now().microseconds(since: $0) } ?? 0
    let making = readyAt?.microseconds(since: connectedAt) ?? 0
    readyAt = nil
    disconnect()
    retryTimer.schedule(after: backoff.next(afterHealth: health, making: making))
    guard isWorthALine, complaint != reason, let store else { return }
    complaint = reason
    store.outbox(skipping: 0, count: 0, bytes: 0) { [weak self] outbox, _ in
      self?.handle(.brokerLost(reason: reason, waiting: outbox?.count))
    }
  }

  private func becomeIdle() {
    isBusy = false
    let done = whenIdle
    whenIdle = nil
    done?()
  }

  // MARK: a pass

  private func readNext() {
    guard let store, broker != nil else { return }
    isBusy = true
    isNudged = false
    let session = session
    let askedAt = BootClock.now()
    store.outbox(
      skipping: walk.held, through: walk.newestHeld, count: Self.windowCount, bytes: Self.windowBytes
    ) { [weak self] outbox, error in
      guard let self, session == self.session else { return }
      if let outbox, outbox.count < 0 {
        // Where nothing was to be skipped it is no answer of the script, and the next would be no better.
        guard walk.held > 0 else {
          complain(about: [], nil, "the outbox cannot be read: what the store answers is no answer of its script")
          return endPass(isWhole: false)
        }
        walk.beginAgain()
        return readNext()
      }
      if let outbox { return resolve(Window(outbox, askedAt: askedAt)) }
      // Without an error the store's connection has died, and its owner knows.
      guard let error else { return }
      complain(about: [], nil, "the outbox cannot be read: \(error.text)")
      endPass(isWhole: false)
    }
  }

  /// Asks for the queues of named exchanges, before anything is sent: order depends on knowing the lists.
  private func resolve(_ window: Window) {
    let items = window.outbox.items.map { OutboxItem($0) }
    var exchanges: [[UInt8]: (name: String, key: String)] = [:]
    for item in items {
      if let item, case .exchange(let name, let key) = item.route { exchanges[lane(of: item)] = (name, key) }
    }
    var answers: [[UInt8]: Result<[[UInt8]], RedisServerError>] = [:]
    guard !exchanges.isEmpty else { return relay(items, answers, window) }
    let session = session
    for (lane, exchange) in exchanges {
      broker?.queues(boundTo: exchange.name, routingKey: exchange.key) { [weak self] queues, error in
        guard let self, session == self.session else { return }
        if let error, error.isOfWrongServer { return lost("\(url): \(error.text)") }
        if let queues {
          answers[lane] = .success(queues)
        } else if let error {
          answers[lane] = .failure(error)
        } else {
          return  // the connection has died, and `lost` follows
        }
        if answers.count == exchanges.count { relay(items, answers, window) }
      }
    }
  }

  private func relay(
    _ items: [OutboxItem?], _ bindings: [[UInt8]: Result<[[UInt8]], RedisServerError>], _ window: Window
  ) {
    guard !window.isStale else { return readNext() }
    /// The newest message for each list, after which the next one is to arrive.
    var newest: [[UInt8]: TaskID] = [:]
    window.open = 1
    for (index, item) in items.enumerated() {
      guard let item else {
        let start = Array(window.outbox.items[index].prefix(100))
        window.hold(index)
        complain(about: start, nil, "an item of the outbox is not ours; take it out (LREM): \(EntryName(start))")
        continue
      }
      let (lists, reason) = lists(of: item, bindings)
      let lanes = [lane(of: item)] + lists
      if let reason {
        complain(about: lane(of: item), item, reason)
        hold(index, lanes, window)
      } else if walk.blocks(lanes) {
        hold(index, lanes, window)
      } else {
        let predecessors = Set(lanes.compactMap { newest[$0] })
        for lane in lanes { newest[lane] = item.taskID }
        send(item, at: index, to: lists, after: Array(predecessors), window)
      }
    }
    closeOne(of: window)
  }

  private func lists(
    of item: OutboxItem, _ bindings: [[UInt8]: Result<[[UInt8]], RedisServerError>]
  ) -> (lists: [[UInt8]], problem: String?) {
    guard case .exchange(let exchange, let key) = item.route else { return list(of: item) }
    switch bindings[lane(of: item)] {
    case .success(let queues) where queues.isEmpty: return ([], Route.unbound(exchange, key))
    case .success(let queues):
      for queue in queues {
        if let problem = reserved.problem(queue) { return ([], Route.misled(exchange, key, to: queue, problem)) }
      }
      return (queues.map { kombu.list(of: $0, priority: item.priority) }, nil)
    case .failure(let error):
      return ([], "the bindings of exchange \(exchange) could not be read: \(error.text)")
    case nil: return ([], "the bindings of exchange \(exchange) are not known")
    }
  }

  private func list(of item: OutboxItem) -> (lists: [[UInt8]], problem: String?) {
    let lane = lane(of: item)
    guard case .queue(let name) = item.route, !declared.contains(name),
      let problem = reserved.problem(name)
    else { return ([lane], nil) }
    return ([], "queue \(EntryName(name)) \(problem)")
  }

  private func send(
    _ item: OutboxItem, at index: Int, to lists: [[UInt8]], after predecessors: [TaskID], _ window: Window
  ) {
    guard let broker else { return }
    if case .queue(let name) = item.route, declared.insert(name) { broker.declare(queue: name) }
    window.open += 1
    let session = session
    broker.relay(item, to: lists, after: predecessors) { [weak self] outcome in
      guard let self, session == self.session else { return }
      switch outcome {
      case .delivered, .duplicate:
        window.relayed += 1
        if outcome == .duplicate { window.duplicates += 1 }
        complaints[lane(of: item)] = nil
        walk.delivered(to: lane(of: item))
        return remove(item, at: index, window)
      case .tooSoon:
        hold(index, [lane(of: item)] + lists, window)
      case .refused(let reason):
        complain(about: lane(of: item), item, reason)
        hold(index, [lane(of: item)] + lists, window)
      case .unable(let reason):
        complain(about: lane(of: item), item, reason)
        hold(index, [lane(of: item)] + lists, window, isServerAtFault: true)
      case .wrongServer(let text):
        return lost("\(url): \(text)")
      case .unknown:
        return  // `lost` follows
      }
      closeOne(of: window)
    }
  }

  private func remove(_ item: OutboxItem, at index: Int, _ window: Window) {
    let session = session
    store?.removeFromOutbox(window.outbox.items[index]) { [weak self] result in
      guard let self, session == self.session, let result else { return }
      switch result {
      case .success:
        broker?.removed(item)
      case .failure(let error):
        window.hold(index)
        complain(about: [], item, "it was delivered and cannot be taken out of the outbox: \(error.text)")
      }
      closeOne(of: window)
    }
  }

  private func hold(_ index: Int, _ lanes: [[UInt8]], _ window: Window, isServerAtFault: Bool = false) {
    window.hold(index)
    walk.block(lanes, isServerAtFault: isServerAtFault)
  }

  private func closeOne(of window: Window) {
    window.open -= 1
    guard window.open == 0 else { return }
    let isLast = walk.held + window.outbox.items.count >= window.outbox.count
    walk.passed(window.outbox.items.count, held: window.held, newest: window.newestHeld)
    handle(.walked(waiting: walk.deliverable(of: window.outbox.count - window.relayed)))
    if wasFull, !walk.isFull { handle(.unblocked) }
    wasFull = walk.isFull
    if complaint != nil {
      complaint = nil
      handle(.brokerBack(waiting: window.outbox.count - window.relayed))
    }
    if window.relayed > 0 {
      handle(
        .relayed(
          count: window.relayed, duplicates: window.duplicates, waiting: window.outbox.count - window.relayed))
    }
    // While more comes all the time, the end is never reached.
    if window.held > 0 { scheduleRetry() }
    if isRetryDue {
      isRetryDue = false
      walk.beginAgain()
      readNext()
    } else if isLast, !isNudged {
      endPass(isWhole: true)
    } else {
      readNext()
    }
  }

  /// - Parameter isWhole: the outbox was read to its end.
  private func endPass(isWhole: Bool) {
    if !isWhole { handle(.walked(waiting: nil)) }
    if isWhole, walk.held == 0 {
      holdDelay = Self.shortestHold
      complaints.removeAll()
      heldTimer.cancel()
    } else {
      scheduleRetry()
    }
    becomeIdle()
  }

  private func scheduleRetry() {
    guard !heldTimer.isScheduled, !isRetryDue else { return }
    heldTimer.schedule(after: holdDelay)
    holdDelay = min(holdDelay * 2, Self.longestHold)
  }

  private func tryHeldAgain() {
    guard !isBusy else { return isRetryDue = true }
    walk.beginAgain()
    readNext()
  }

  /// What must arrive in order: a list, or what goes to an exchange with one routing key.
  private func lane(of item: OutboxItem) -> [UInt8] { lane(of: item.route, item.priority) }

  private func lane(of route: Route, _ priority: Int64) -> [UInt8] {
    switch route {
    case .queue(let name): kombu.list(of: Array(name.utf8), priority: priority)
    case .exchange(let name, let key): Array("exchange\0\(name)\0\(key)\0\(priority)".utf8)
    }
  }

  private func complain(about lane: [UInt8], _ item: OutboxItem?, _ reason: String) {
    guard complaints[lane] != reason else { return }
    // One more than so many: what stands in the outbox has said its part, and is not said again at each pass.
    guard complaints.count < Self.mostComplaints || complaints[lane] != nil else { return }
    complaints[lane] = reason
    handle(.held(item, reason: reason))
  }
}

extension Route {
  /// As log lines name it. Cut where it is longer than may be.
  package var name: String {
    func cut(_ name: String) -> String { name.beginning(Limit.queueLength.most) }
    return switch self {
    case .queue(let name): cut(name)
    case .exchange(let name, let key): "\(cut(name))/\(cut(key))"
    }
  }

  /// What is said of an exchange that leads to what is no queue.
  static func misled(_ exchange: String, _ key: String, to queue: [UInt8], _ problem: String) -> String {
    "exchange \(exchange), routing key \(key): \(EntryName(queue)) \(problem)"
  }

  /// What is said of a message to an exchange without a queue for it.
  static func unbound(_ exchange: String, _ key: String) -> String {
    "no queue is bound to exchange \(exchange) with routing key \(key), and Celery would lose the message: "
      + "start a worker that consumes from it, or name the \"queue\""
  }
}
