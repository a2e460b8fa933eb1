import BeatCore

/// The daemon: a scheduler, a store, a broker and a clock. It decides nothing about schedules, and knows of no server.
///
/// The way of an edit: `Session.handle(.touched)` -> `Dispatcher` -> `Scheduler` -> `DocumentReads` ->
/// `ScheduleStore.read` -> `Scheduler` -> alarm. The way of a fire: alarm -> `Scheduler` -> `Dispatcher` ->
/// `ScheduleStore.commit` -> `Scheduler` -> alarm; and from the outbox on: `OutboxRelay` -> `Publisher`.
///
/// Belongs to one thread, that of its surroundings.
package final class Daemon {
  /// How a run ended.
  package enum End: Hashable, Sendable {
    case stopped
    /// Going on would not help before something has been changed: the text says what.
    case misconfigured(String)
  }

  let configuration: DaemonConfiguration
  let surroundings: any Surroundings
  let publisher: any Publisher
  private let connector: any StoreConnector
  private let onEnd: (End) -> Void

  private let reporter: EventReporter
  private(set) lazy var election = LeaderElection(self)
  private(set) lazy var dispatcher = Dispatcher(self)
  private(set) lazy var relay = OutboxRelay(to: publisher, in: surroundings) { [unowned self] in relayed($0) }
  private(set) lazy var records = RecordKeeper(instance: configuration.instance, in: surroundings) { [unowned self] in
    report($0)
  }
  private(set) lazy var places = ForeignPlaces(in: surroundings) { [unowned self] in report($0) }
  private lazy var standbyCheck = StandbyCheck(of: publisher, in: surroundings) { [unowned self] in probed($0) }
  let receipts: Receipts
  let sweeps = WatermarkSweeps()

  /// From connecting on.
  private var connection: (any StoreConnection)?
  /// While edits are heard.
  private(set) var session: Session?
  private(set) var changeDetection = ChangeDetection.keyspace
  /// Rules that the store laid upon routes when it was last seen.
  private var routes: RouteRules?
  private lazy var reconnection = Reconnection(configuration.reconnectDelays, in: surroundings) { [unowned self] in
    connect()
  }
  private lazy var hurryTimer = surroundings.makeTimer { [unowned self] in relay.stop() }
  private lazy var stopTimer = surroundings.makeTimer { [unowned self] in finishStopping() }
  package private(set) var isStopping = false
  private(set) var hasBeenReady = false
  /// What was said last about not being connected, so that it is said once.
  private var complaint: String?
  /// Why the last audit came to nothing: it is said once.
  private var auditFailure: String?
  /// What audits have found; it must stay 0.
  private(set) var repairs = 0
  private var fired = 0

  /// - Parameters:
  ///   - readers: of all that the daemon tells.
  ///   - onEnd: called once, from within a turn. The surroundings' owner then stops them, and calls `close`.
  ///
  /// Throws: the surroundings have no alarm.
  package init(
    _ configuration: DaemonConfiguration, in surroundings: any Surroundings, store connector: any StoreConnector,
    broker publisher: any Publisher, readers: [(DaemonEvent) -> Void], onEnd: @escaping (End) -> Void
  ) throws {
    self.configuration = configuration
    self.surroundings = surroundings
    self.connector = connector
    self.publisher = publisher
    self.onEnd = onEnd
    receipts = Receipts(sha1: configuration.scheduler.sha1)
    reporter = EventReporter(in: surroundings, readers: readers)
    dispatcher.alarm = try surroundings.makeAlarm { [unowned self] in dispatcher.receive(.timerFired) }
    reporter.kept = { [unowned self] in keep($0) }
    reporter.flushed = { [unowned self] in writeReceipts() }
    dispatcher.receive(.leadershipChanged(false))
  }

  // MARK: begin and end

  /// Connects, watches and fires, until `stop` or until the set-up is found to be impossible.
  package func start() { reconnection.begin() }

  /// Begins nothing new, waits for what is on its way, at most the configuration's patience, and ends.
  package func stop() {
    guard !isStopping else { return }
    isStopping = true
    dispatcher.stop()
    reconnection.cancel()
    election.stop()
    stopTimer.schedule(after: configuration.stopPatience)
    // A long outbox, or a broker that hangs, must not keep the lease from the next daemon.
    hurryTimer.schedule(after: configuration.stopPatience / 2)
    if dispatcher.inFlight == 0 { release() }
  }

  /// The next daemon takes over at once, and not when the lease has run out.
  private func release() {
    relay.finish { [unowned self] in
      // Also when we do not lead: a heartbeat on its way may have taken it.
      guard let store = session?.store else { return stopTimer.schedule(after: 0) }
      store.daemons.remove()
      guard election.hasLease else { return stopTimer.schedule(after: 0) }
      store.leases.release { [unowned self] _ in stopTimer.schedule(after: 0) }
    }
  }

  private func finishStopping() {
    report(.stopped(fired: fired, unanswered: dispatcher.inFlight))
    end(.stopped)
  }

  private func end(_ end: End) {
    reporter.flush()
    onEnd(end)
  }

  /// Lets go of all connections.
  package func close() {
    connection?.close()
    leave()
  }

  /// Nothing of the session happens any more.
  private func leave() {
    let ended = session
    (connection, session) = (nil, nil)
    relay.stop()
    ended?.end()
    standbyCheck.stop()
    publisher.cancelRehearsal()
  }

  /// Reads the zone files again, for a machine whose zone data was updated.
  package func reload() {
    configuration.forgetZones()
    readRules(saying: true)
  }

  private func readRules(saying isSaid: Bool) {
    do {
      dispatcher.receive(.documentsChanged(try configuration.documents(routes)))
      if isSaid { report(.reloaded(schedules: dispatcher.scheduler.scheduleCount)) }
    } catch {
      report(.reloadFailed(reason: "\(error)"))
    }
  }

  func useRoutes(_ rules: RouteRules?) {
    guard rules != routes else { return }
    routes = rules
    readRules(saying: false)
  }

  // MARK: sessions

  private func connect() {
    connection = connector.open(changeDetection: changeDetection) { [unowned self] in
      election.token
    } event: { [unowned self] event in
      handle(event)
    }
  }

  private func handle(_ event: StoreEvent) {
    switch event {
    case .watching(let store):
      let session = Session(self, store, begunAt: reconnection.begunAt)
      self.session = session
      session.start()
    case .notice(.foreignFields(let count, let place)): places.removed(count, from: place)
    case .notice(let notice): report(.notice(notice))
    case .ended(let failure): ended(failure)
    default: session?.handle(event)
    }
  }

  func restart(_ failure: SessionFailure) {
    guard let connection else { return }
    connection.close()
    ended(failure)
  }

  /// A fire was refused by a server on which another attempt is of no use.
  func wrongServer(_ reason: String) { restart(.notReady("\(connector.name) cannot fire: \(reason)")) }

  private func ended(_ failure: SessionFailure) {
    let loadedAt = session?.loadedAt
    leave()
    dispatcher.disconnected()
    records.forget()
    places.disconnected()
    election.disconnected { dispatcher.receive(.disconnected) }
    // What was in order once is not the settings' fault: another server answers, or one that says what is not so.
    if case .misconfigured(let text) = failure, !hasBeenReady { return end(.misconfigured(text)) }
    guard !isStopping else { return }
    if case .deaf(let reason) = failure, let fallback = changeDetection.fallback {
      report(.changeDetection(fallback, insteadOf: changeDetection, reason: reason))
      changeDetection = fallback
      return reconnection.isOverAtOnce()
    }
    if complaint != failure.text {
      complaint = failure.text
      report(.disconnected(reason: failure.text))
    }
    reconnection.isOver(stoodSince: loadedAt)
  }

  func announced() {
    hasBeenReady = true
    complaint = nil
  }

  // MARK: leading

  func lead(_ token: String) {
    standbyCheck.stop()
    report(.leading(token: token))
    if let store = session?.store { relay.start(store.outbox, store.delivery, after: records.ledger.undeliverable) }
    records.ledger.undeliverable = nil
    dispatcher.receive(.leadershipChanged(true))
    session?.tell()
  }

  func standBy(_ reason: String) {
    relay.stop()
    report(.standingBy(reason: reason))
    dispatcher.receive(.leadershipChanged(false))
    records.ledger.standBy()
    session?.describe()
    watchBroker()
  }

  func proved(_ proof: Candidacy.Proof) {
    records.ledger.take(proof)
    session?.describe()
    // Requests, receipts and records that could not be read before.
    if proof == .able { session?.tell() }
  }

  // MARK: the broker

  /// While it stands by, a daemon looks by itself whether it could deliver.
  func watchBroker() {
    if !election.isLeading, let session, session.isLoaded, session.store.delivery == .outbox {
      standbyCheck.start()
    } else {
      standbyCheck.stop()
    }
  }

  private func probed(_ reason: String?) {
    guard records.ledger.undeliverable != reason else { return }
    records.ledger.undeliverable = reason
    report(.undeliverable(reason: reason))
    session?.describe()
  }

  private func relayed(_ event: RelayEvent) {
    report(.relay(event))
    records.ledger.take(event, at: election.now)
    switch event {
    case .relayed: dispatcher.roomMade()
    case .brokerLost, .brokerBack, .deferred: election.doubted()
    case .walked(let waiting):
      // Where messages are delivered directly, the relay carries what an earlier run has left behind, and no fire
      // waits.
      dispatcher.receive(.relayed(waiting: session?.store.delivery == .outbox ? waiting : nil))
    case .unblocked: dispatcher.receive(.obstacleGone)
    }
  }

  // MARK: what is told

  func report(_ event: DaemonEvent) {
    if case .schedule(let report, _) = event {
      if case .fired = report { fired += 1 }
      if case .removed = report { sweeps.gone += 1 }
    }
    reporter.report(event)
  }

  /// What the daemon itself keeps of what it tells.
  private func keep(_ event: DaemonEvent) {
    guard case .schedule(let report, let document) = event else { return }
    receipts.take(report, of: document, at: election.now)
    if let name = report.edited { records.ledger.forget(name) }
  }

  private func writeReceipts() {
    if let store = session?.store, election.isLeading { receipts.write(to: store.receipts) } else { receipts.drop() }
  }

  func firedByHand(_ event: ManualEvent) {
    records.ledger.take(event, at: election.now)
    if case .fired = event {
      fired += 1
      relay.nudge()
    }
    report(.manual(event))
  }

  func fireEnded() {
    if isStopping, dispatcher.inFlight == 0 { release() }
  }

  func audited(_ repaired: [EntryName]) {
    auditFailure = nil
    repairs += repaired.count
    if let first = repaired.first { report(.repaired(count: repaired.count, total: repairs, first: first)) }
  }

  func auditFailed(_ reason: String) {
    guard auditFailure != reason else { return }
    auditFailure = reason
    report(.auditFailed(reason: reason))
  }
}
