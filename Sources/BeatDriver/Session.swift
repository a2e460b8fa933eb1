import BeatCore

/// One session with the store, from when edits are detected until the connection ends. Loads, reads, audits and runs by
/// hand end with it.
///
///     load all -> loaded -> announced (ready): a heartbeat was answered, and a rehearsal succeeded
///       ^            |          |
///       |            v          v
///       +--- all touched, changes missed, the store replaced: nothing fires until the next load has ended
///
///     any state -> over: the connection was lost, or a refusal makes the session useless
final class Session {
  unowned let daemon: Daemon
  let changeDetection: ChangeDetection
  let store: any StoreSession
  /// When the daemon began to connect.
  let begunAt: BootTime
  private var isOver = false
  /// When all documents were first loaded; nil: they are not yet.
  private(set) var loadedAt: BootTime?
  /// All documents have been loaded, and the session is not over.
  var isLoaded: Bool { loadedAt != nil && !isOver }
  /// Whether readiness was reported, after the last load and ever in this session.
  var (isAnnounced, wasAnnounced) = (false, false)

  private(set) var load: DocumentLoad?
  /// Changes were missed since the last load began, so another load must follow.
  private var isToLoadAgain = false
  /// Runs during the pause after a load. At its end the next load begins if one must follow.
  private lazy var loadTimer = daemon.surroundings.makeTimer { [unowned self] in loadAgain() }
  private var reads: DocumentReads?
  var audit: Audit?
  lazy var refreshTimer = daemon.surroundings.makeTimer { [unowned self] in refresh() }
  private(set) var manual: ManualRunner?
  private(set) lazy var application = ApplicationWatch(store.application) { [unowned self] in
    daemon.useApplication($0)
  }

  init(_ daemon: Daemon, _ store: any StoreSession, begunAt: BootTime) {
    self.daemon = daemon
    self.store = store
    self.begunAt = begunAt
    changeDetection = daemon.changeDetection
  }

  /// Ends the session. Commands that are on their way are still answered, but the answers have no effect.
  func end() {
    isOver = true
    store.cancelRehearsal()
    load?.cancel()
    load = nil
    isToLoadAgain = false
    loadTimer.cancel()
    reads?.cancel()
    reads = nil
    audit?.cancel()
    audit = nil
    refreshTimer.cancel()
    manual?.cancel()
    manual = nil
    application.cancel()
  }

  /// Takes an event of the store.
  func handle(_ event: StoreEvent) {
    let dispatcher = daemon.dispatcher
    switch event {
    case .touched(let name):
      daemon.election.heard()
      edited(name)
    case .writtenInPlace(let name):
      daemon.election.heard()
      guard !dispatcher.ownWrites.take(name) else { return }
      edited(name)
    case .ignored(let found):
      daemon.election.heard()
      daemon.places.heard(found)
    case .touchedAll: loadAll(isReload: true)
    case .missedChanges(let reason): missed(reason)
    case .heartbeat:
      dispatcher.ownWrites.heartbeat()
      audit?.echoed()
      daemon.election.echoed()
    case .leaseFreed: daemon.election.receive(.leaseFreed)
    case .requested: manual?.look()
    case .applicationTouched: application.look()
    case .lacked(let reason): daemon.election.lacked(reason)
    // The daemon handles these.
    case .watching, .notice, .ended: break
    }
  }

  /// Takes an event of an edit.
  private func edited(_ name: EntryName) {
    audit?.touched(name)
    daemon.dispatcher.edited(name)
  }

  /// Begins the session: edits are detected from now on.
  func start() {
    daemon.useRoutes(store.routes)
    reads = DocumentReads(store.schedules) { [unowned self] name, read in
      daemon.dispatcher.received(name, read)
    } fail: { [unowned self] refusal in
      refused(refusal, "a schedule could not be read", .documents)
    }
    manual = makeManualRunner()
    daemon.election.connected(hears: changeDetection != .polling)
    if !isOver { loadAll() }
  }

  func read(_ name: EntryName) { reads?.read(name) }

  private func makeManualRunner() -> ManualRunner {
    ManualRunner(store.requests, in: daemon.surroundings) { [unowned self] name, id in
      let now = daemon.election.now
      return Result { () throws(Scheduler.ManualProblem) in
        try daemon.dispatcher.scheduler.plan(of: name, for: id, now: now)
      }
    } refusal: { [unowned self] plan in
      store.delivery == .outbox ? daemon.relay.refusal(of: plan.route, priority: plan.priority) : nil
    } mayFire: { [unowned self] in
      daemon.election.isLeading && load == nil && !daemon.isStopping
    } explain: { [unowned self] refusal, done in
      store.explain(refusal, about: .request) { done($0.text) }
    } report: { [unowned daemon] event in
      daemon.firedByHand(event)
    }
  }

  // MARK: loads

  /// Reads all documents. Nothing fires until that has ended.
  func loadAll(isReload: Bool = false) {
    load?.cancel()
    isToLoadAgain = false
    loadTimer.cancel()
    let begunAt = daemon.surroundings.bootTime
    // The load is about to change what the audit compares with; the next audit compares with the result.
    audit?.cancel()
    audit = nil
    daemon.dispatcher.receive(.loadStarted(store.delivery))
    read(into: { [unowned self] in
      loaded(isReload: isReload)
      if !isOver { loadTimer.schedule(after: daemon.surroundings.bootTime.microseconds(since: begunAt)) }
    })
    // A load of many schedules takes seconds, in which an operator may look at `status` for why nothing fires.
    if loadedAt == nil { daemon.records.tell(record, to: store.daemons) }
  }

  /// Reads all documents while schedules go on firing. This is how edits are found where no event reports them.
  func poll() {
    daemon.dispatcher.receive(.refreshStarted)
    read(into: { [unowned self] in scheduleRefresh() })
  }

  private func read(into finish: @escaping () -> Void) {
    let load = DocumentLoad(store.schedules) { [unowned self] names, reads in
      daemon.dispatcher.receive(names, reads)
    } finish: { [weak self] refusal in
      // The steps that follow may end the session.
      guard let self else { return }
      // A load that was refused would prevent runs by hand for good, so the session ends.
      if let refusal { return refused(refusal, "the schedules could not be read", .documents) }
      if let ignored = self.load?.ignored { daemon.places.ignored(ignored) }
      self.load = nil
      daemon.dispatcher.receive(.loadFinished)
      if !isOver { finish() }
    }
    self.load = load
    // The manifest says what the documents leave out, so it comes before them.
    application.look { [weak load] in load?.start() }
  }

  private func loaded(isReload: Bool) {
    scheduleRefresh()
    loadedAt = loadedAt ?? daemon.surroundings.bootTime
    // The memory that replies, growing tables and the start itself have used is free now.
    daemon.surroundings.releaseMemory()
    if isReload { isAnnounced = false }
    daemon.election.loaded()
    // A daemon that may lead from now on has sent a heartbeat, which may have found that no events arrive.
    guard !isOver else { return }
    announce()
    tell()
    daemon.watchBroker()
    doubtPlace()
  }

  /// Takes note that changes were missed. The daemon goes on leading, but nothing fires until all documents are read,
  /// as after a lost connection.
  private func missed(_ reason: String) {
    guard !daemon.isStopping else { return }
    daemon.report(.missedChanges(reason: reason))
    // The events of own writes, of the last heartbeat and of the lease may be among the missed ones.
    daemon.dispatcher.ownWrites.removeAll()
    daemon.election.receive(.echoed)
    daemon.election.receive(.leaseFreed)
    // A name that is long enough makes its event close the connection, too.
    store.suspectLongNames()
    isToLoadAgain = true
    if !loadTimer.isScheduled { loadAgain() }
  }

  /// Begins another load if one must follow. The pause before it is as long as the load before took, so changes that
  /// are missed again and again can neither keep a load from ending nor take all the time from fires.
  private func loadAgain() {
    guard !isOver, load == nil, isToLoadAgain, !daemon.isStopping else { return }
    loadAll(isReload: true)
  }

  // MARK: refusals

  /// Ends the session after a refusal without which it is useless. A daemon that leads gives the lease back if it is
  /// its own rights that are missing.
  func refused(_ refusal: Refusal, _ what: String, _ question: StoreQuestion) {
    guard !isOver, refusal.kind != .lost else { return }
    guard refusal.kind == .forbidden || refusal.kind == .foreign else {
      return daemon.restart(.notReady("\(what): \(refusal.text)"))
    }
    if refusal.kind == .forbidden, daemon.election.hasLease { store.leases.release { _ in } }
    store.explain(refusal, about: question) { [weak self] explanation in
      // The session may have ended before the explanation came.
      guard let self, !isOver else { return }
      daemon.restart(.notReady(daemon.election.reason(what, explanation)))
    }
  }
}
