import BeatCore

/// Carries messages from the store's outbox to the queues of a broker that is another server.
///
/// A message is published first, and then removed from the outbox. If the process dies in between, the next one repeats
/// it, and a broker that drops repeats takes nothing twice. Messages of one lane arrive in the order of the outbox. One
/// that cannot be delivered stays, and so do those behind it in its lane. Other lanes go on.
///
/// The relay sends nothing while there is nothing to do: work begins with `start`, `nudge`, a new connection, or a
/// timer that runs only while a message waits.
final class OutboxRelay {
  /// The largest number of items that are in flight, and about the largest number of their bytes.
  private static let windowCount = 128
  private static let windowBytes = 1 << 20

  private let publisher: any Publisher
  private let surroundings: any Surroundings
  private let leads: () -> Bool
  private let handle: (RelayEvent) -> Void
  private lazy var reconnection = Reconnection(in: surroundings) { [unowned self] in connect() }
  private lazy var retryTimer = surroundings.makeTimer { [unowned self] in receive(.timerFired) }

  /// The outbox to carry from; nil: the relay is stopped.
  private var outbox: (any Outbox)?
  private var isConnecting = false
  /// The number of the connection, which grows with each connection and stop. Answers to an earlier one are ignored.
  private var session = 0
  private var readyAt: BootTime?
  private var walk = OutboxWalk()
  private var pace = RelayPace()
  /// The reason of the last reported loss of the broker; nil: it is not lost.
  private var complaint: String?
  /// The broker is connected and takes no messages.
  private var isBlocked = false
  private var complaints = RelayComplaints()
  private var whenIdle: (() -> Void)?
  private var wasFull = false

  /// - Parameter leads: whether this daemon certainly leads now.
  init(
    to publisher: any Publisher, in surroundings: any Surroundings, while leads: @escaping () -> Bool,
    handle: @escaping (RelayEvent) -> Void
  ) {
    self.publisher = publisher
    self.leads = leads
    self.surroundings = surroundings
    self.handle = handle
  }

  // MARK: the interface

  /// Carries the messages that wait and those that come, until `stop`. With direct delivery, it carries only those that
  /// an earlier run has left in the outbox.
  ///
  /// - Parameter loss: why the broker was reported lost before; its return is then reported, too. nil: it was not.
  func start(_ outbox: any Outbox, _ delivery: Delivery, after loss: String?) {
    stop()
    complaint = loss
    self.outbox = outbox
    guard delivery == .direct else { return reconnection.begin() }
    let session = session
    outbox.isEmpty { [weak self] result in
      guard let self, session == self.session, case .success(false) = result else { return }
      reconnection.begin()
    }
  }

  /// Stops at once. Messages in flight will be published again, and are then repeats.
  func stop() {
    outbox = nil
    disconnect()
    reconnection.cancel()
  }

  /// Takes in that the outbox has a new item.
  func nudge() {
    guard outbox != nil else { return }
    if pace.isConnected {
      receive(.nudged)
    } else if !isConnecting, !reconnection.isScheduled {
      reconnection.begin()
    }
  }

  /// Why the outbox takes no more messages for a route; nil: it takes them. So many messages are deferred in it that
  /// more of them would delay the others, while the relay tries them again.
  func refusal(of route: Route, priority: Int64) -> String? {
    let lane = publisher.lane(of: route, priority: priority)
    guard walk.refuses(lane) else { return nil }
    let deferred = Plural.of(Limit.deferredMessages.most, "message")
    return "\(deferred) that cannot be delivered wait in the outbox, and no more are put there: "
      + (complaints[lane] ?? "those for \(route.name) wait behind others")
  }

  /// Runs `done` when nothing is in flight any more: at once, or at the end of the present walk.
  func finish(then done: @escaping () -> Void) {
    if pace.isWalking { whenIdle = done } else { done() }
  }

  // MARK: the broker

  private func connect() {
    disconnect()
    isConnecting = true
    let session = session
    publisher.connect(while: leads) { [weak self] event in
      guard let self, session == self.session else { return }
      switch event {
      case .ready:
        isConnecting = false
        readyAt = surroundings.bootTime
        receive(.connected)
      case .blocked(let reason):
        isBlocked = true
        handle(.walked(waiting: nil))
        complainOfBroker(reason)
      case .unblocked:
        isBlocked = false
        receive(.retry)
      case .lost(let reason, let wasHungUp):
        // A server may close an idle connection. If it is gone, the next attempt reports it.
        lost(reason, isWorthALine: !wasHungUp || pace.isWalking || !pace.isConnected)
      }
    }
  }

  private func disconnect() {
    session += 1
    isConnecting = false
    isBlocked = false
    publisher.disconnect()
    walk = OutboxWalk()
    wasFull = false
    handle(.walked(waiting: nil))
    receive(.disconnected)
  }

  private func lost(_ reason: String, isWorthALine: Bool) {
    let stood = readyAt
    readyAt = nil
    disconnect()
    reconnection.isOver(stoodSince: stood)
    if isWorthALine { complainOfBroker(reason) }
  }

  private func complainOfBroker(_ reason: String) {
    guard complaint != reason, let outbox else { return }
    complaint = reason
    outbox.read(behind: 0, newest: nil, count: 0, bytes: 0) { [weak self] result in
      self?.handle(.brokerLost(reason: reason, waiting: try? result.get().count))
    }
  }

  // MARK: a walk

  private func receive(_ event: RelayPace.Event) {
    for action in pace.receive(event) { perform(action) }
  }

  private func perform(_ action: RelayPace.Action) {
    switch action {
    case .read: readNext()
    case .beginAgain:
      walk.beginAgain()
      readNext()
    case .armTimer(let delay): retryTimer.schedule(after: delay)
    case .cancelTimer: retryTimer.cancel()
    case .forgetComplaints: complaints.removeAll()
    case .rest:
      let done = whenIdle
      whenIdle = nil
      done?()
    case .illegal(let move): assertionFailure("\(move)")
    }
  }

  private func readNext() {
    guard let outbox else { return }
    let session = session
    let askedAt = surroundings.bootTime
    outbox.read(
      behind: walk.deferred, newest: walk.newestDeferred, count: Self.windowCount, bytes: Self.windowBytes
    ) { [weak self] result in
      guard let self, session == self.session else { return }
      switch result {
      case .success(let page) where page.isMoved:
        // If nothing was to be skipped, this answer makes no sense, and the next would be no better.
        guard walk.deferred > 0 else {
          complain(about: nil, nil, "the outbox cannot be read: what the store answers is no answer")
          return fail()
        }
        receive(.outdated(isMoved: true))
      case .success(let page): resolve(RelayWindow(page, askedAt: askedAt))
      case .failure(let refusal):
        // If the session has ended, its owner knows.
        guard refusal.kind != .lost else { return }
        complain(about: nil, nil, "the outbox cannot be read: \(refusal.text)")
        fail()
      }
    }
  }

  private func resolve(_ window: RelayWindow) {
    let session = session
    let items = window.page.items.compactMap(\.item)
    guard !items.isEmpty else { return relay(window, to: []) }
    publisher.resolve(items) { [weak self] destinations in
      guard let self, session == self.session else { return }
      relay(window, to: destinations)
    }
  }

  private func relay(_ window: RelayWindow, to destinations: [Destination]) {
    guard !window.isStale(at: surroundings.bootTime) else { return receive(.outdated(isMoved: false)) }
    var rest = destinations[...]
    window.open = 1
    for (index, entry) in window.page.items.enumerated() {
      guard let item = entry.item else {
        let start = Array(entry.handle.bytes.prefix(100))
        window.hold(index)
        complain(about: Lane(start), nil, "an item of the outbox is not ours; take it out (LREM): \(EntryName(start))")
        continue
      }
      guard let destination = rest.popFirst() else { break }
      if let problem = destination.problem {
        complain(about: destination.lanes.first, item, problem)
        hold(index, destination.lanes, window)
      } else if walk.blocks(destination.lanes) {
        hold(index, destination.lanes, window)
      } else {
        let predecessors = window.put(item.taskID, in: destination.lanes)
        publish(item, at: index, to: destination, after: predecessors, window)
      }
    }
    closeOne(of: window)
  }

  private func publish(
    _ item: OutboxItem, at index: Int, to destination: Destination, after predecessors: [TaskID], _ window: RelayWindow
  ) {
    window.open += 1
    let session = session
    publisher.publish(item, to: destination, after: predecessors) { [weak self] outcome in
      guard let self, session == self.session else { return }
      switch outcome {
      case .delivered, .duplicate:
        window.relayed += 1
        if outcome == .duplicate { window.duplicates += 1 }
        if let lane = destination.lanes.first {
          complaints.delivered(to: lane)
          walk.delivered(to: lane)
        }
        return remove(item, at: index, window)
      case .tooSoon:
        hold(index, destination.lanes, window)
      case .refused(let reason), .uncertain(let reason):
        complain(about: destination.lanes.first, item, reason)
        hold(index, destination.lanes, window)
      case .impossible(let reason):
        // It is held alone, for nothing of its lane need wait for it.
        complain(about: Lane(Array(item.taskID.description.utf8)), item, reason)
        window.hold(index)
      case .unable(let reason):
        complain(about: destination.lanes.first, item, reason)
        hold(index, destination.lanes, window, isServerAtFault: true)
      case .notSent:
        hold(index, destination.lanes, window, isServerAtFault: true)
      case .unknown:
        return  // `.lost` follows
      }
      closeOne(of: window)
    }
  }

  private func remove(_ item: OutboxItem, at index: Int, _ window: RelayWindow) {
    let session = session
    outbox?.remove(window.page.items[index].handle) { [weak self] result in
      guard let self, session == self.session else { return }
      switch result {
      case .success: publisher.forgotten(item)
      case .failure(let refusal):
        guard refusal.kind != .lost else { return }
        window.hold(index)
        complain(about: nil, item, "it was delivered and cannot be taken out of the outbox: \(refusal.text)")
      }
      closeOne(of: window)
    }
  }

  private func hold(_ index: Int, _ lanes: [Lane], _ window: RelayWindow, isServerAtFault: Bool = false) {
    window.hold(index)
    walk.block(lanes, isServerAtFault: isServerAtFault)
  }

  private func closeOne(of window: RelayWindow) {
    window.open -= 1
    guard window.open == 0 else { return }
    let (count, items) = (window.page.count, window.page.items.count)
    let isLast = walk.deferred + items >= count
    walk.passed(items, deferred: window.deferred, newest: window.newestDeferred)
    let part = RelayPace.Part(hasDeferred: window.deferred > 0, walkHasDeferred: walk.deferred > 0, isLast: isLast)
    handle(.walked(waiting: isBlocked ? nil : walk.deliverable(of: count - window.relayed)))
    if wasFull, !walk.isFull { handle(.unblocked) }
    wasFull = walk.isFull
    if complaint != nil, !isBlocked {
      complaint = nil
      handle(.brokerBack(waiting: count - window.relayed))
    }
    if window.relayed > 0 {
      handle(.relayed(count: window.relayed, duplicates: window.duplicates, waiting: count - window.relayed))
    }
    receive(.partDone(part))
  }

  /// Takes in that the outbox cannot be read.
  private func fail() {
    handle(.walked(waiting: nil))
    receive(.failed)
  }

  private func complain(about lane: Lane?, _ item: OutboxItem?, _ reason: String) {
    guard complaints.isNews(reason, about: lane) else { return }
    handle(.deferred(item, reason: reason))
  }
}
