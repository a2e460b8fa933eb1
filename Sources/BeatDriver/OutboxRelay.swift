import BeatCore

/// Carries messages from the store's outbox to the queues of a broker that is another server.
///
/// A message is published first, and then removed from the outbox. If the process dies in between, the next one repeats
/// it, and a broker that drops repeats takes nothing twice; for any other, `RepeatWatch` tells which messages may arrive
/// twice. Messages of one lane arrive in the order of the outbox. One that cannot be delivered stays, and so do those
/// behind it in its lane. Other lanes go on. One that the broker will never take is set aside, and its lane goes on.
///
/// The relay sends nothing while there is nothing to do: work begins with `start`, `nudge`, a new connection, or a
/// timer that runs only while a message waits.
final class OutboxRelay {
  /// The largest number of items that are in flight, and about the largest number of their bytes.
  private static let windowCount = 128
  private static let windowBytes = 1 << 20

  let publisher: any Publisher
  let surroundings: any Surroundings
  private let leads: () -> Bool
  let handle: (RelayEvent) -> Void
  private lazy var reconnection = Reconnection(in: surroundings) { [unowned self] in connect() }
  private lazy var retryTimer = surroundings.makeTimer { [unowned self] in receive(.timerFired) }

  /// The outbox to carry from; nil: the relay is stopped.
  private(set) var outbox: (any Outbox)?
  private var isConnecting = false
  /// The number of the connection, which grows with each connection and stop. Answers to an earlier one are ignored.
  private(set) var session = 0
  private var readyAt: BootTime?
  var walk = OutboxWalk()
  private var pace = RelayPace()
  /// The reason of the last reported loss of the broker; nil: it is not lost.
  var complaint: String?
  /// The broker is connected and takes no messages.
  private(set) var isBlocked = false
  var complaints = RelayComplaints()
  var impossible = ImpossibleMessages()
  /// nil: the publisher drops repeats.
  var repeats: RepeatWatch?
  /// Those that have not been reported yet.
  var possibleRepeats = PossibleRepeats()
  /// An earlier leader may have published messages that wait, and the outbox has not been read yet.
  private var isHeir = false
  private var whenIdle: (() -> Void)?
  var wasFull = false
  /// What waits in the outbox. It knows nothing while messages are delivered directly.
  var gauge = OutboxGauge()
  private var delivery = Delivery.direct
  /// How many connections that took messages were lost, from the daemon's start on.
  private(set) var connectionsLost = 0

  /// - Parameter leads: whether this daemon certainly leads now.
  init(
    to publisher: any Publisher, in surroundings: any Surroundings, while leads: @escaping () -> Bool,
    handle: @escaping (RelayEvent) -> Void
  ) {
    self.publisher = publisher
    self.leads = leads
    self.surroundings = surroundings
    self.handle = handle
    repeats = publisher.dropsRepeats ? nil : RepeatWatch()
  }

  // MARK: the interface

  /// Carries the messages that wait and those that come, until `stop`. With direct delivery, it carries only those that
  /// an earlier run has left in the outbox.
  ///
  /// - Parameters:
  ///   - loss: why the broker was reported lost before; its return is then reported, too. nil: it was not.
  ///   - isHeir: an earlier leader may have published messages that wait.
  func start(_ outbox: any Outbox, _ delivery: Delivery, after loss: String?, isHeir: Bool = false) {
    stop()
    complaint = loss
    self.isHeir = isHeir
    self.outbox = outbox
    self.delivery = delivery
    guard delivery == .direct else { return reconnection.begin() }
    let session = session
    outbox.isEmpty { [weak self] result in
      guard let self, session == self.session, case .success(false) = result else { return }
      reconnection.begin()
    }
  }

  /// Whether it is not known of some message whether the broker has it, and the broker would take it twice.
  var isInDoubt: Bool { repeats?.isInDoubt ?? false }

  /// Stops at once. Messages in flight will be published again, and are then repeats.
  func stop() {
    outbox = nil
    gauge = OutboxGauge()
    impossible = ImpossibleMessages()
    disconnect()
    reconnection.cancel()
  }

  /// Takes in that the outbox has a new item.
  func nudge() {
    guard outbox != nil else { return }
    if delivery == .outbox { gauge.put(at: surroundings.bootTime) }
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

  /// Runs `done` when nothing is in flight any more: at once, or at the end of the present walk; of the
  /// present window, where the publisher does not drop repeats.
  func finish(then done: @escaping () -> Void) {
    if pace.isWalking { whenIdle = done } else { done() }
  }

  /// The broker is connected and takes messages.
  var takesMessages: Bool { pace.isConnected && !isBlocked }

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
      case .settled: receive(.retry)
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
    repeats?.disconnected()
    reportRepeats()
    impossible.isPlaceFull = false
    walk = OutboxWalk()
    wasFull = false
    handle(.walked(waiting: nil))
    receive(.disconnected)
  }

  private func lost(_ reason: String, isWorthALine: Bool) {
    let stood = readyAt
    readyAt = nil
    if stood != nil { connectionsLost += 1 }
    let wasFull = wasFull
    disconnect()
    // While the broker is away no schedule waits for others' messages.
    if wasFull { handle(.unblocked) }
    reconnection.isOver(stoodSince: stood)
    if isWorthALine { complainOfBroker(reason) }
  }

  private func complainOfBroker(_ reason: String) {
    guard complaint != reason, let outbox else { return }
    complaint = reason
    outbox.read(behind: 0, newest: nil, count: 0, bytes: 0) { [weak self] result in
      guard let self else { return }
      let waiting = try? result.get().count
      if let waiting, self.outbox === outbox { measured(waiting, first: nil) }
      handle(.brokerLost(reason: reason, waiting: waiting))
    }
  }

  // MARK: a walk

  func receive(_ event: RelayPace.Event) {
    for action in pace.receive(event) { perform(action) }
  }

  private func perform(_ action: RelayPace.Action) {
    switch action {
    // What would be on its way at the end would be repeated by the next daemon.
    case .read where isFinishing, .beginAgain where isFinishing: rest()
    case .read: readNext()
    case .beginAgain:
      impossible.isPlaceFull = false
      walk.beginAgain()
      readNext()
    case .armTimer(let delay): retryTimer.schedule(after: delay)
    case .cancelTimer: retryTimer.cancel()
    case .forgetComplaints: complaints.removeAll()
    case .rest: rest()
    case .illegal(let move): assertionFailure("\(move)")
    }
  }

  /// The broker does not drop repeats, and the relay ends when nothing is on its way.
  private var isFinishing: Bool { whenIdle != nil && repeats != nil }

  private func rest() {
    let done = whenIdle
    whenIdle = nil
    done?()
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
      case .success(let page):
        measured(page.count, first: walk.deferred == 0 ? page.items.first?.handle : nil)
        if isHeir {
          isHeir = false
          repeats?.inherit(min(page.count, Self.windowCount))
        }
        resolve(RelayWindow(page, askedAt: askedAt))
      case .failure(let refusal):
        // If the session has ended, its owner knows.
        guard refusal.kind != .lost else { return }
        complain(about: nil, nil, "the outbox cannot be read: \(refusal.text)")
        fail()
      }
    }
  }

  private func measured(_ count: Int, first: OutboxHandle?) {
    if delivery == .outbox { gauge.read(count: count, first: first, at: surroundings.bootTime) }
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

  /// Takes in that the outbox cannot be read.
  private func fail() {
    handle(.walked(waiting: nil))
    receive(.failed)
  }

  func reportRepeats() {
    guard possibleRepeats.count > 0 else { return }
    handle(.repeated(possibleRepeats))
    possibleRepeats = PossibleRepeats()
  }

  func complain(about lane: Lane?, _ item: OutboxItem?, _ reason: String) {
    guard complaints.isNews(reason, about: lane) else { return }
    handle(.deferred(item, reason: reason))
  }
}
