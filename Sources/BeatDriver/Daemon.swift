import BeatCore

/// The daemon joins a scheduler, a store, a broker and a clock. It decides nothing about schedules, and knows no kind
/// of server.
///
/// The way of an edit: `Session.handle(.touched)` -> `Dispatcher` -> `Scheduler` -> `DocumentReads` ->
/// `ScheduleStore.read` -> `Scheduler` -> alarm.
///
/// The way of a fire: alarm -> `Scheduler` -> `Dispatcher` -> `ScheduleStore.commit` -> `Scheduler` -> alarm. From the
/// outbox on: `OutboxRelay` -> `Publisher`.
///
/// It belongs to one thread, that of its surroundings.
package final class Daemon {
  /// How a run ended.
  package enum End: Hashable, Sendable {
    case stopped
    /// The daemon cannot work before a setting is changed. The text says which.
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
  private(set) lazy var relay = OutboxRelay(to: publisher, in: surroundings) { [unowned self] in
    election.certainlyLeads
  } handle: { [unowned self] in
    relayed($0)
  }
  private(set) lazy var records = RecordKeeper(instance: configuration.instance, in: surroundings) { [unowned self] in
    report($0)
  }
  private(set) lazy var places = ForeignPlaces(in: surroundings) { [unowned self] in report($0) }
  private(set) lazy var standbyCheck = StandbyCheck(of: publisher, in: surroundings) { [unowned self] in probed($0) }
  let receipts: Receipts
  let sweeps = WatermarkSweeps()

  /// The connection to the store, from the start of connecting on; nil: there is none.
  private var connection: (any StoreConnection)?
  /// The session with the store, while edits are detected; nil: they are not.
  private(set) var session: Session?
  private(set) var changeDetection: ChangeDetection
  /// The store's rules for routes, as the last session found them; nil: it had none.
  private var routes: RouteRules?
  /// What the application has said, also while there is no connection.
  private(set) var application = ApplicationInForce()
  private lazy var reconnection = Reconnection(configuration.reconnectDelays, in: surroundings) { [unowned self] in
    connect()
  }
  private(set) lazy var handover = Handover(in: surroundings)
  private lazy var hurryTimer = surroundings.makeTimer { [unowned self] in relay.stop() }
  private lazy var stopTimer = surroundings.makeTimer { [unowned self] in finishStopping() }
  package private(set) var isStopping = false
  private(set) var hasBeenReady = false
  /// The last reported reason why there is no connection, so that the same reason is reported once.
  private(set) var complaint: String?
  var tally = Tally()

  /// - Parameters:
  ///   - readers: each gets all events of the daemon.
  ///   - onEnd: called once, from within a turn. The owner of the surroundings then stops them, and calls `close`.
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
    changeDetection = connector.changeDetections.first ?? .polling
    receipts = Receipts(sha1: configuration.scheduler.sha1)
    reporter = EventReporter(in: surroundings, readers: readers)
    dispatcher.alarm = try surroundings.makeAlarm { [unowned self] in dispatcher.receive(.timerFired) }
    reporter.kept = { [unowned self] in keep($0) }
    reporter.flushed = { [unowned self] in writeReceipts() }
    dispatcher.receive(.leadershipChanged(false))
  }

  // MARK: begin and end

  /// Connects, watches and fires, until `stop` or until a setting makes the work impossible.
  package func start() { reconnection.begin() }

  /// Begins no new fire, waits at most `stopPatience` for the answers that are open, and ends.
  package func stop() {
    guard !isStopping else { return }
    isStopping = true
    dispatcher.stop()
    reconnection.cancel()
    election.stop()
    stopTimer.schedule(after: configuration.stopPatience)
    // A long outbox, or a broker that does not answer, must not keep the lease from the next daemon.
    hurryTimer.schedule(after: configuration.stopPatience / 2)
    if dispatcher.inFlight == 0 { release() }
  }

  /// Gives the lease back, so that the next daemon takes over at once, and not only when the lease has run out.
  private func release() {
    relay.finish { [unowned self] in
      // This is also done if this daemon does not lead: a heartbeat on its way may have taken the lease.
      guard let store = session?.store else { return stopTimer.schedule(after: 0) }
      // A record that stays says that this daemon did not come to the end of what it had published (`EarlierLeader`).
      if !relay.isInDoubt { store.daemons.remove() }
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

  /// Closes all connections.
  package func close() {
    connection?.close()
    leave()
  }

  /// Ends the session: no event of it is handled any more.
  private func leave() {
    let ended = session
    (connection, session) = (nil, nil)
    handover.cancel()
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
      dispatcher.receive(.documentsChanged(try configuration.documents(routes, application.manifest)))
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

  /// Takes in what is stored of the application, which may be what is known already.
  func useApplication(_ stored: Result<[UInt8]?, Refusal>) {
    do {
      let change = application.take(try stored.get(), digest: configuration.scheduler.sha1) {
        bytes throws(DocumentProblem) in
        let context: DocumentContext
        do { context = try configuration.documents(nil, nil) } catch { throw DocumentProblem("", "\(error)") }
        return try ApplicationManifest(bytes, context: context)
      }
      switch change {
      case .none: break
      case .unreadable(let problem): applicationUnreadable(problem.description)
      case .replaced(let manifest, let isReadingToo):
        let context = try configuration.documents(routes, manifest)
        publisher.follow(manifest)
        dispatcher.receive(isReadingToo ? .documentsChanged(context) : .sendingChanged(context))
        _ = application.isNews(nil)
        report(.application(manifest))
      }
    } catch {
      applicationUnreadable((error as? Refusal)?.text ?? "\(error)")
    }
  }

  private func applicationUnreadable(_ reason: String) {
    if application.isNews(reason) { report(.applicationUnreadable(reason: reason)) }
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

  /// Connects again, since the server has refused a fire and would refuse another attempt.
  func wrongServer(_ reason: String) { restart(.notReady("\(connector.name) cannot fire: \(reason)")) }

  private func ended(_ failure: SessionFailure) {
    let loadedAt = session?.loadedAt
    if session != nil, !isStopping { tally.storeConnectionsLost += 1 }
    leave()
    dispatcher.disconnected()
    records.forget()
    places.disconnected()
    election.disconnected { dispatcher.receive(.disconnected) }
    // If the daemon was ready before, the settings are not at fault: another server answers, or one whose answers are
    // wrong.
    if case .misconfigured(let text) = failure, !hasBeenReady { return end(.misconfigured(text)) }
    guard !isStopping else { return }
    if case .deaf(let reason) = failure, let next = nextChangeDetection {
      report(.changeDetection(next, insteadOf: changeDetection, reason: reason))
      changeDetection = next
      return reconnection.isOverAtOnce()
    }
    if complaint != failure.text {
      complaint = failure.text
      report(.disconnected(reason: failure.text))
    }
    reconnection.isOver(stoodSince: loadedAt)
  }

  /// The next way to detect edits; nil: this is the last.
  private var nextChangeDetection: ChangeDetection? {
    let ways = connector.changeDetections
    guard let place = ways.firstIndex(of: changeDetection) else { return nil }
    return ways[(place + 1)...].first
  }

  func announced() {
    hasBeenReady = true
    complaint = nil
  }
}
