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

  let reporter: EventReporter
  private(set) lazy var election = LeaderElection(self)
  private(set) lazy var dispatcher = Dispatcher(self)
  private(set) lazy var relay = OutboxRelay(to: publisher, in: surroundings) { [unowned self] in relayed($0) }
  private(set) lazy var records = RecordKeeper(instance: configuration.instance, in: surroundings) { [unowned self] in
    report($0)
  }
  private(set) lazy var places = ForeignPlaces(in: surroundings) { [unowned self] in report($0) }
  private(set) lazy var standbyCheck = StandbyCheck(of: publisher, in: surroundings) { [unowned self] in probed($0) }
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
  var tally = Tally()

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

  func fireEnded() {
    if isStopping, dispatcher.inFlight == 0 { release() }
  }

  private func finishStopping() {
    report(.stopped(fired: tally.fired, unanswered: dispatcher.inFlight))
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
}
