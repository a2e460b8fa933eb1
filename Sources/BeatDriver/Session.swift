import BeatCore

/// One stay with the store, and all that ends with it: loads, reads, audits, runs by hand, and what was said of it.
final class Session {
  unowned let daemon: Daemon
  let changeDetection: ChangeDetection
  let store: any StoreSession
  /// When the daemon began to connect.
  let begunAt: BootTime
  private var isOver = false
  /// When all documents were loaded.
  private(set) var loadedAt: BootTime?
  /// All documents are loaded, and the session goes on.
  var isLoaded: Bool { loadedAt != nil && !isOver }
  /// That all is well was said, of the last load and in this session.
  var (isAnnounced, wasAnnounced) = (false, false)

  private(set) var load: DocumentLoad?
  /// Changes were missed since the load began.
  private var isToLoadAgain = false
  /// The pause after a load; at its end the next one begins, if one is wanted.
  private lazy var loadTimer = daemon.surroundings.makeTimer { [unowned self] in loadAgain() }
  private var reads: DocumentReads?
  var audit: Audit?
  lazy var refreshTimer = daemon.surroundings.makeTimer { [unowned self] in refresh() }
  private(set) var manual: ManualRunner?

  init(_ daemon: Daemon, _ store: any StoreSession, begunAt: BootTime) {
    self.daemon = daemon
    self.store = store
    self.begunAt = begunAt
    changeDetection = daemon.changeDetection
  }

  /// Nothing of it happens any more; what is on its way is answered later, and nobody listens.
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
  }

  /// What comes while edits are heard.
  func handle(_ event: StoreEvent) {
    let dispatcher = daemon.dispatcher
    switch event {
    case .touched(let name):
      daemon.election.heard()
      audit?.touched(name)
      dispatcher.receive(.touched(name))
    case .writtenInPlace(let name):
      daemon.election.heard()
      guard !dispatcher.ownWrites.take(name) else { return }
      audit?.touched(name)
      dispatcher.receive(.touched(name))
    case .ignored(let found):
      daemon.election.heard()
      daemon.places.heard(found)
    case .touchedAll: loadAll(isReload: true)
    case .missedChanges(let reason): missed(reason)
    case .heartbeat:
      dispatcher.ownWrites.heartbeat()
      audit?.echoed()
      daemon.election.receive(.echoed)
    case .leaseFreed: daemon.election.receive(.leaseFreed)
    case .requested: manual?.look()
    case .lacked(let reason): daemon.election.lacked(reason)
    // The daemon sees to these.
    case .watching, .notice, .ended: break
    }
  }

  /// Edits are heard from here on.
  func start() {
    daemon.useRoutes(store.routes)
    reads = DocumentReads(store.schedules) { [unowned self] name, read in
      daemon.dispatcher.receive(.read(name, read))
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

  /// Reads everything. Until that is done, nothing fires.
  func loadAll(isReload: Bool = false) {
    load?.cancel()
    isToLoadAgain = false
    loadTimer.cancel()
    let begunAt = daemon.surroundings.bootTime
    // An audit would judge what the load is about to change: the next one compares with that.
    audit?.cancel()
    audit = nil
    daemon.dispatcher.receive(.loadStarted)
    read(into: { [unowned self] in
      loaded(isReload: isReload)
      if !isOver { loadTimer.schedule(after: daemon.surroundings.bootTime.microseconds(since: begunAt)) }
    })
    // A load of many schedules takes seconds, in which somebody may ask why nothing fires.
    if loadedAt == nil { daemon.records.tell(record, to: store.daemons) }
  }

  /// Reads everything while all goes on: where no edit is heard, that is how edits are found.
  func poll() {
    daemon.dispatcher.receive(.refreshStarted)
    read(into: { [unowned self] in scheduleRefresh() })
  }

  private func read(into finish: @escaping () -> Void) {
    let load = DocumentLoad(store.schedules) { [unowned self] names, reads in
      daemon.dispatcher.receive(names, reads)
    } finish: { [weak self] refusal in
      // What follows from it may end the session.
      guard let self else { return }
      // One that was refused stays in the way of runs by hand: the session ends.
      if let refusal { return refused(refusal, "the schedules could not be read", .documents) }
      if let ignored = self.load?.ignored { daemon.places.ignored(ignored) }
      self.load = nil
      daemon.dispatcher.receive(.loadFinished)
      if !isOver { finish() }
    }
    self.load = load
    load.start()
  }

  private func loaded(isReload: Bool) {
    scheduleRefresh()
    loadedAt = loadedAt ?? daemon.surroundings.bootTime
    // A load leaves behind what answers, growing tables and the start itself have taken.
    daemon.surroundings.releaseMemory()
    if isReload { isAnnounced = false }
    daemon.election.loaded()
    // Whoever may lead now sends a heartbeat, which may find that the session is deaf.
    guard !isOver else { return }
    announce()
    tell()
    daemon.watchBroker()
    doubtPlace()
  }

  /// The daemon goes on leading; until all is read, nothing fires, as after a lost connection.
  private func missed(_ reason: String) {
    guard !daemon.isStopping else { return }
    daemon.report(.missedChanges(reason: reason))
    // What our own writes, the last heartbeat and the lease have raised may be among that.
    daemon.dispatcher.ownWrites.removeAll()
    daemon.election.receive(.echoed)
    daemon.election.receive(.leaseFreed)
    // The event of a name that is long enough closes the connection, too.
    store.suspectLongNames()
    isToLoadAgain = true
    if !loadTimer.isScheduled { loadAgain() }
  }

  /// One load comes after the other, with a pause as long as the load before. So changes that are missed again and
  /// again can neither keep a load from its end nor take all the time from fires.
  private func loadAgain() {
    guard !isOver, load == nil, isToLoadAgain, !daemon.isStopping else { return }
    loadAll(isReload: true)
  }

  // MARK: refusals

  /// The session cannot go on. A daemon that leads leaves the lease to another one, where it is its own rights that are
  /// missing.
  func refused(_ refusal: Refusal, _ what: String, _ question: StoreQuestion) {
    guard !isOver, refusal.kind != .lost else { return }
    guard refusal.kind == .forbidden || refusal.kind == .foreign else {
      return daemon.restart(.notReady("\(what): \(refusal.text)"))
    }
    if refusal.kind == .forbidden, daemon.election.hasLease { store.leases.release { _ in } }
    store.explain(refusal, about: question) { [weak self] explanation in
      // Something else may have ended the session meanwhile.
      guard let self, !isOver else { return }
      daemon.restart(.notReady(daemon.election.reason(what, explanation)))
    }
  }
}
