import BeatCore
import BeatLoop
import BeatRedis
import Glibc
import Logging

/// The daemon: a `Scheduler`, a Redis server and a clock, on one event loop. The only place that knows both the
/// scheduler's world and Redis'; it decides nothing about schedules.
///
/// Belongs to the thread that made it. `run()` returns when it is over.
public final class BeatService {
  /// Of the project: `major.minor.patch` (semver.org).
  public static let version = "0.1.0"

  /// How a run ended.
  public enum End: Equatable, Sendable {
    case stopped
    /// Going on would not help before something has been changed: the text says what.
    case misconfigured(String)
  }

  private let configuration: BeatConfiguration
  private let keys: RedisKeys
  private let loop: EventLoop
  private let plainLogger: Logger
  private let log: BeatLog
  private let instance: String
  private var scheduler: Scheduler
  private var pulse: Pulse
  private let zones: ZoneDirectory
  private var wakeTimer: WakeTimer?
  private lazy var pulseTimer = LoopTimer(on: loop) { [unowned self] in receive(.timerFired as Pulse.Event) }
  private lazy var refreshTimer = LoopTimer(on: loop) { [unowned self] in refresh() }
  private lazy var retryTimer = LoopTimer(on: loop) { [unowned self] in connect() }
  private lazy var hurryTimer = LoopTimer(on: loop) { [unowned self] in relay.stop() }
  private lazy var stopTimer = LoopTimer(on: loop) { [unowned self] in finishStopping() }

  private lazy var relay: OutboxRelay = {
    let log = RelayLog(plainLogger, broker: configuration.broker)
    let kombu = configuration.transportOptions.keys
    return OutboxRelay(to: configuration.broker, kombu: kombu, reserved: configuration.reserved, on: loop) {
      [unowned self] event in
      log.report(event)
      reporter.ledger.take(event, at: now)
      switch event {
      case .relayed:
        guard isShortOfRoom else { return }
        isShortOfRoom = false
        receive(.obstacleGone)
      case .brokerLost, .brokerBack, .held: candidate.doubted()
      // Where messages are delivered directly, the relay carries what an earlier run has left behind, and no fire waits for it.
      case .walked(let waiting): receive(.relayed(waiting: scripts?.delivery == .outbox ? waiting : nil))
      case .unblocked: receive(.obstacleGone)
      }
    }
  }()

  private lazy var candidate = LeaseCandidate(configuration, as: instance, on: loop) { [unowned self] in
    logger
  } stand: { [unowned self] standing in
    receive(.standing(standing))
    announce()
  } tell: { [unowned self] proof in
    reporter.ledger.take(proof)
    describe()
    // Requests, receipts and records that could not be read before.
    if proof == .able { tell() }
  }

  private var session: StoreSession?
  private var cluster: ClusterFit?
  private var scripts: StoreScripts?
  private var load: DocumentLoad?
  /// Events were missed since the load began.
  private var isToLoadAgain = false
  /// The pause after a load; at its end the next one begins, if one is wanted.
  private lazy var loadTimer = LoopTimer(on: loop) { [unowned self] in loadAgain() }
  private var reads: DocumentReads?
  private var batches: FireBatches?
  /// Marks to keep that have not been sent yet.
  private var anchors: [(name: EntryName, mark: Mark)] = []
  private static let anchorsTogether = 200
  private var hearing = Hearing.keyspace
  private var audit: Audit?
  /// Why the last audit came to nothing: it is said once.
  private var auditFailure: String?
  private var queues: QueueLookup?
  private var manualFires: ManualFires?
  private let receipts = Receipts()
  private let startedAt = SystemClock.now()
  private lazy var reporter = DaemonReporter(instance: instance) { [unowned self] in logger }
  private lazy var brokerProbe = BrokerProbe(configuration.broker, on: loop) { [unowned self] in probedBroker($0) }
  private let sweeps = MarkSweeps()
  private let nameScan = NameScan()
  private lazy var ownKeys = OwnKeys(keys) { [unowned self] in logger }
  /// What audits have found; it must stay 0.
  private var repairs = 0
  /// Something was refused on its way into the outbox since messages were last taken out of it.
  private var isShortOfRoom = false
  private var backoff = Backoff()
  private var connectedAt = BootClock.now()
  /// When this session's documents were loaded.
  private var readyAt: BootTime?
  /// Of the lease; empty without one.
  private var token = ""
  /// The word for a store that has none.
  private let incarnation: String
  private var inFlight = 0
  private var fires = 0
  /// That all is well was said, of the last load and in this session.
  private var isAnnounced = false
  private var wasAnnounced = false
  private var hasBeenReady = false
  private var hasWarnedOfEviction = false
  /// What was said last about not being connected, so that it is said once.
  private var complaint: String?
  /// Reports that wait for the commands of their moment to be written first.
  /// With each that tells of an edit, the document that it is about.
  private var reports: [(report: Scheduler.Report, document: DocumentIdentity?)] = []
  private var echoes = Echoes()
  private var isStopping = false
  private var end = End.stopped

  /// Throws: the default zone is unknown, or the system refuses an event loop.
  public init(_ configuration: BeatConfiguration, logger: Logger) throws {
    self.configuration = configuration
    plainLogger = logger
    keys = RedisKeys(prefix: configuration.keyPrefix)
    loop = try EventLoop()
    log = BeatLog(logger, keys: keys, on: loop)
    zones = ZoneDirectory()
    let documents = try DocumentContext(configuration, zones, cluster: nil)
    var random = SystemRandomNumberGenerator()
    instance = String(random.next() as UInt64, radix: 16)
    incarnation = String(random.next() as UInt64, radix: 16)
    pulse = Pulse(
      Pulse.Configuration(instance: instance, leaseTTL: configuration.leaseTTL),
      clock: StoreClock(SystemClock.now(), at: BootClock.now()))
    var rules = SchedulerConfiguration(
      keys: keys, documents: documents, defaultQueue: configuration.defaultQueue,
      origin: "gen\(getpid())@\(HostName.current)",
      replyTo: TaskID(key: Array(instance.utf8), due: UnixTime(microseconds: 0), sha1: SHA1.digest).description,
      sha1: SHA1.digest)
    rules.maximumRate = configuration.maximumRate
    scheduler = Scheduler(rules)
    receive(.leadershipChanged(false))
    wakeTimer = try WakeTimer(on: loop) { [unowned self] in receive(.timerFired as Scheduler.Event) }
  }

  /// Connects, watches and fires, until `stop()` or until the set-up is found to be impossible.
  public func run() -> End {
    log.report(configuration.transportOptions, defaultQueue: configuration.defaultQueue)
    connect()
    loop.run()
    session?.close()
    relay.stop()
    return end
  }

  /// Stops at these signals; the second one ends the process at once.
  public func stop(on signals: [Int32]) throws -> [SignalSource] {
    try signals.map { number in
      try SignalSource(on: loop, signal: number) { [unowned self] in
        if isStopping { _exit(1) }
        stop()
      }
    }
  }

  /// Reads the zone files again at this signal, for a machine whose zone data was updated.
  public func reload(on signal: Int32) throws -> SignalSource {
    try SignalSource(on: loop, signal: signal) { [unowned self] in reload() }
  }

  private func reload(saying isSaid: Bool = true) {
    if isSaid { zones.forget() }
    do {
      receive(.documentsChanged(try DocumentContext(configuration, zones, cluster: cluster)))
      guard isSaid else { return }
      logger.notice("reloaded", metadata: ["schedules": .stringConvertible(scheduler.scheduleCount)])
    } catch {
      logger.error("reload failed", metadata: ["reason": .string("\(error); the rules read before stay in force")])
    }
  }

  /// By Redis' clock.
  private var now: UnixTime { pulse.clock.time(at: BootClock.now()) }

  /// Begins nothing new, waits for what is on its way, at most `stopPatience`, and lets `run` return.
  public func stop() {
    guard !isStopping else { return }
    isStopping = true
    wakeTimer?.arm(at: nil)
    retryTimer.cancel()
    pulseTimer.cancel()
    stopTimer.schedule(after: configuration.stopPatience)
    // A long outbox, or a broker that hangs, must not keep the lease from the next daemon.
    hurryTimer.schedule(after: configuration.stopPatience / 2)
    if inFlight == 0 { release() }
  }

  /// The next daemon takes over at once, and not when the lease has run out.
  private func release() {
    relay.finish { [unowned self] in
      // Also when we do not lead: a pulse on its way may have taken it.
      if let scripts { DaemonRecord.remove(instance, from: scripts) }
      guard let scripts, configuration.leaseTTL != nil else { return stopTimer.schedule(after: 0) }
      scripts.release(instance) { [unowned self] _ in stopTimer.schedule(after: 0) }
    }
  }

  private func finishStopping() {
    writeReports()
    log.flush()
    logger.info(
      "stopped", metadata: ["fired": .stringConvertible(fires), "unanswered": .stringConvertible(inFlight)])
    loop.stop()
  }

  // MARK: the store

  private func connect() {
    connectedAt = BootClock.now()
    let session = StoreSession(
      configuration.settings, keys: keys, instance: instance,
      maximumDocumentLength: scheduler.configuration.maximumDocumentLength, hearing: hearing, on: loop
    ) { [unowned self] event in handle(event) }
    self.session = session
    session.start()
  }

  private func handle(_ event: StoreSession.Event) {
    switch event {
    case .watching(var scripts):
      scripts.nameScan = nameScan
      scripts.onRemoval = { [ownKeys] in ownKeys.removed($0, from: $1) }
      self.scripts = scripts
      if scripts.cluster != cluster {
        cluster = scripts.cluster
        reload(saying: false)
      }
      reads = DocumentReads(scripts) { [unowned self] name, read in
        receive(.read(name, read))
      } fail: { [unowned self] error in
        refused(error, "a schedule could not be read", [keys.mark])
      }
      watch(scripts)
      batches = FireBatches(scripts) { [unowned self] plan, outcome in
        if outcome == .fired, scripts.delivery == .outbox { relay.nudge() }
        ended(plan, outcome)
      }
      receive(.connected(hears: hearing != .polling))
      candidate.connected(scripts)
      loadAll(scripts)
    case .touched(let name):
      pulse.heard()
      audit?.touched(name)
      receive(.touched(name))
    case .rewritten(let name):
      pulse.heard()
      guard !echoes.take(name) else { return }
      audit?.touched(name)
      receive(.touched(name))
    case .ignored(let found):
      pulse.heard()
      ownKeys.heard(found)
    case .touchedAll:
      if let scripts { loadAll(scripts, isReload: true) }
    case .missedEvents(let error):
      missed(error)
    case .echoed:
      echoes.heartbeat()
      audit?.echoed()
      receive(.echoed as Pulse.Event)
    case .leaseFreed:
      receive(.leaseFreed as Pulse.Event)
    case .requested:
      manualFires?.look()
    case .found(let endpoint, let master):
      logger.notice("primary", metadata: ["address": .string("\(endpoint)"), "master": .string(master)])
    case .notice(let text):
      logger.notice("notifications", metadata: ["reason": .string(text)])
    case .brokerUnknown(let text):
      logger.notice("broker", metadata: ["reason": .string(text)])
    case .evicting(let policy):
      guard !hasWarnedOfEviction else { return }
      hasWarnedOfEviction = true
      logger.warning(
        "eviction",
        metadata: [
          "policy": .string(policy),
          "reason": .string(
            "when its memory is full, the store \(configuration.store) throws away any key, schedules and the mark too: "
              + "set maxmemory-policy to noeviction, or to one that begins with volatile-"),
        ])
    case .ended(let failure):
      ended(failure)
    }
  }

  /// The daemon goes on leading; until all is read, nothing fires, as after a lost connection.
  private func missed(_ error: RedisConnectionError) {
    guard !isStopping else { return }
    logger.warning(
      "notifications",
      metadata: ["reason": .string("\(error). Events are heard again; every schedule is read for what was missed")])
    // What our own writes, the last heartbeat and the lease have raised may be among that.
    echoes.removeAll()
    receive(.echoed as Pulse.Event)
    receive(.leaseFreed as Pulse.Event)
    // The event of a name that is long enough closes the connection, too.
    nameScan.suspectLongNames()
    isToLoadAgain = true
    if !loadTimer.isScheduled { loadAgain() }
  }

  /// One load after the other, with a pause as long as the load before: events that are missed again and again neither let
  /// none come to its end nor leave no time for fires.
  private func loadAgain() {
    guard let scripts, load == nil, isToLoadAgain, !isStopping else { return }
    loadAll(scripts, isReload: true)
  }

  /// What people ask for, and what they are told, on this connection.
  private func watch(_ scripts: StoreScripts) {
    let queues = QueueLookup(scripts, reserved: configuration.reserved)
    self.queues = queues
    manualFires = ManualFires(scripts, queues, on: loop) { [unowned self] name, request in
      let now = now
      return Result { () throws(Scheduler.ManualProblem) in try scheduler.plan(of: name, for: request, now: now) }
    } refusal: { [unowned self] in
      relay.refusal(of: $0.route, priority: $0.priority)
    } token: { [unowned self] in
      pulse.isLeading && load == nil && !isStopping ? token : nil
    } explain: { [unowned self] error, done in
      scripts.explain(error, queue: configuration.defaultQueue, user: configuration.store.username, as: instance, done)
    } report: { [unowned self] event in
      reporter.ledger.take(event, at: now)
      if case .fired = event {
        fires += 1
        relay.nudge()
      }
      writeReports()
      log.report(event)
    }
  }

  /// The store tells of us, and of each edit, what we know: from the moment at which we lead, or know all there is.
  private func tell() {
    guard let scripts, readyAt != nil else { return }
    describe()
    reporter.compare(ownRecord(scripts), on: scripts, isNow: true)
    guard pulse.isLeading else { return }
    ownKeys.look(scripts)
    DaemonRecord.sweep(scripts)
    receipts.reconcile(scripts, at: now, rejected: scheduler.rejectedNames) { [weak self] in
      self?.scheduler.account(of: $0)
    } then: {
    }
    manualFires?.look()
  }

  /// Says what we are, if that is news.
  private func describe() {
    guard let scripts, readyAt != nil else { return }
    reporter.tell(ownRecord(scripts), to: scripts)
  }

  private func ownRecord(_ scripts: StoreScripts) -> DaemonRecord {
    var record = DaemonRecord(
      version: Self.version, host: HostName.current, processID: getpid(), since: startedAt, isLeading: pulse.isLeading,
      events: hearing.rawValue, delivery: scripts.delivery.rawValue, schedules: scheduler.scheduleCount,
      rejected: scheduler.rejectedCount, repaired: repairs, timezone: configuration.timezone,
      broker: "\(configuration.broker)")
    record.options = configuration.compared
    record.isLoading = readyAt == nil
    record.firing = reporter.ledger.report
    record.firing?.congestion = scheduler.congestion(now: now)
    return record
  }

  /// Once a second.
  private func keepTelling() {
    guard let scripts, readyAt != nil else { return }
    let record = ownRecord(scripts)
    reporter.keepTelling(record, to: scripts)
    if pulse.isLeading {
      reporter.compare(record, on: scripts, isNow: false)
      ownKeys.keepLooking(scripts)
    }
    if sweeps.areManyGone { sweep(scripts) }
  }

  /// While it stands by, a daemon looks by itself whether it could deliver.
  private func watchBroker() {
    if !pulse.isLeading, readyAt != nil, scripts?.delivery == .outbox {
      brokerProbe.start()
    } else {
      brokerProbe.stop()
    }
  }

  private func probedBroker(_ reason: String?) {
    guard reporter.ledger.undeliverable != reason else { return }
    reporter.ledger.undeliverable = reason
    if let reason {
      logger.error(
        "broker lost",
        metadata: [
          "broker": .string("\(configuration.broker)"),
          "reason": .string("\(reason); this daemon stands by, and could not deliver if it had to lead"),
        ])
    } else {
      logger.notice("broker back", metadata: ["broker": .string("\(configuration.broker)")])
    }
    describe()
  }

  /// A prefix may be mistyped: one with nothing under it, and one from which names come that nobody gives.
  private func lookForNeighbours() {
    if PrefixDoubt.isDubious(keys.prefix), let doubt = PrefixDoubt(keys.prefix, names: scheduler.names),
      scheduler.scheduleCount + scheduler.rejectedCount > 0
    {
      logger.warning(
        "prefix",
        metadata: [
          "prefix": .string(configuration.keyPrefix), "others": .string("\(doubt.probable)"),
          "reason": .string(doubt.words),
        ])
    }
    guard scheduler.scheduleCount == 0, scheduler.rejectedCount == 0, let scripts else { return }
    NeighbourSearch.start(on: scripts.connection, keys: keys) { [weak self] prefixes in
      guard let self, let prefixes, !prefixes.isEmpty else { return }
      let names = prefixes.map(\.description)
      logger.warning(
        "prefix",
        metadata: [
          "prefix": .string(configuration.keyPrefix), "others": .string(names.joined(separator: " ")),
          "reason": .string(
            "no schedule stands under \(configuration.keyPrefix), and some under \(names.joined(separator: ", ")): is "
              + "--key-prefix (CELERY_REDIS_SCHEDULER_KEY_PREFIX) right?"),
        ])
    }
  }

  private func loadAll(_ scripts: StoreScripts, isReload: Bool = false) {
    load?.cancel()
    isToLoadAgain = false
    loadTimer.cancel()
    let loadBegan = BootClock.now()
    // What is read now is judged by nobody: the next audit compares with that.
    audit?.cancel()
    audit = nil
    receive(.loadStarted)
    let load = DocumentLoad(scripts) { [unowned self] names, reads in
      receive(names, reads)
    } finish: { [unowned self] error in
      if let error { return refused(error, "the schedules could not be read", [keys.mark]) }
      if let ignored = self.load?.ignored { ownKeys.ignored(ignored) }
      self.load = nil
      receive(.loadFinished)
      loaded(isReload: isReload)
      loadTimer.schedule(after: BootClock.now().microseconds(since: loadBegan))
    }
    self.load = load
    load.start()
    // A load of many schedules takes seconds, in which somebody may ask why nothing fires.
    if readyAt == nil { reporter.tell(ownRecord(scripts), to: scripts) }
  }

  private func loaded(isReload: Bool) {
    scheduleRefresh()
    readyAt = readyAt ?? BootClock.now()
    // A load leaves behind what replies, growing tables and the start itself have taken.
    ResidentMemory.trim()
    if isReload, isAnnounced { isAnnounced = false }
    candidate.loaded()
    announce()
    tell()
    watchBroker()
    lookForNeighbours()
  }

  /// Says that all is well, once it has been shown: everything is loaded, a pulse was answered, and a fire rehearsed.
  private func announce() {
    guard readyAt != nil, !isAnnounced, pulse.isAnswered, candidate.isAble, load == nil else { return }
    let schedules = scheduler.scheduleCount
    var fields: Logger.Metadata = [
      "schedules": .stringConvertible(schedules), "rejected": .stringConvertible(scheduler.rejectedCount),
      "store": .string("\(configuration.store)"), "broker": .string("\(configuration.broker)"),
      "prefix": .string(configuration.keyPrefix), "events": .string(hearing.rawValue),
      "delivery": .string((scripts?.delivery ?? .direct).rawValue),
    ]
    if configuration.transportOptions.keys != .standard {
      fields["transport_options"] = .string("\(configuration.transportOptions)")
    }
    if hearing == .polling {
      logger.error(
        "polling",
        metadata: [
          "interval_s": .stringConvertible(configuration.pollInterval / 1_000_000),
          "reason": .string("edits cannot be heard; \(NotificationSetting.advice)"),
        ])
    }
    isAnnounced = true
    if hasBeenReady {
      logger.notice(wasAnnounced ? "reloaded" : "reconnected", metadata: fields)
    } else {
      logger.info("loaded", metadata: ["schedules": .stringConvertible(schedules)])
      logger.notice("ready", metadata: fields)
    }
    hasBeenReady = true
    wasAnnounced = true
    complaint = nil
  }

  /// Where nothing can be heard, a look at everything is how edits are found; elsewhere it is an audit.
  private func scheduleRefresh() {
    if hearing == .polling {
      refreshTimer.schedule(after: configuration.pollInterval)
    } else if let interval = configuration.auditInterval {
      // Several daemons do not look at the same time.
      refreshTimer.schedule(after: Int64.random(in: interval - interval / 10...interval + interval / 10))
    }
  }

  private func refresh() {
    guard let scripts, load == nil else { return scheduleRefresh() }
    guard hearing != .polling else { return poll(scripts) }
    audit = Audit(scripts, on: loop) { [unowned self] in
      scheduler.isKnown($0, $1)
    } isQuiet: { [unowned self] in
      scheduler.isQuiet($0) && !echoes.isExpected($0)
    } names: { [unowned self] in
      scheduler.names
    } repair: { [unowned self] names in
      if let audit { ownKeys.ignored(audit.ignored) }
      audit = nil
      auditFailure = nil
      repairs += names.count
      for name in names { receive(.touched(name)) }
      if let first = names.first {
        logger.error(
          "repaired",
          metadata: [
            "count": .stringConvertible(names.count), "total": .stringConvertible(repairs),
            "reason": .string("no event has told of these edits; the first is of \(first)"),
          ])
      }
      sweep(scripts)
      // What is used so seldom that nobody would be refused for long.
      candidate.doubted()
      scheduleRefresh()
    } fail: { [unowned self] reason in
      audit = nil
      if auditFailure != reason {
        auditFailure = reason
        logger.warning(
          "audit failed", metadata: ["reason": .string("edits of which no event tells are not found: \(reason)")])
      }
      candidate.doubted()
      scheduleRefresh()
    }
  }

  private func sweep(_ scripts: StoreScripts) {
    guard pulse.isLeading else { return }
    sweeps.sweep(scripts, now: now) { [weak self] forgotten in
      self?.logger.info("swept", metadata: ["marks": .stringConvertible(forgotten)])
    }
  }

  private func poll(_ scripts: StoreScripts) {
    receive(.refreshStarted)
    let load = DocumentLoad(scripts) { [unowned self] names, reads in
      receive(names, reads)
    } finish: { [unowned self] error in
      let ignored = self.load?.ignored
      self.load = nil
      if let error { return refused(error, "the schedules could not be read", [keys.mark]) }
      if let ignored { ownKeys.ignored(ignored) }
      receive(.loadFinished)
      scheduleRefresh()
    }
    self.load = load
    load.start()
  }

  /// A script was refused. What this user may not do is found among all commands, for Redis does not always name it; and a
  /// daemon that leads leaves the lease to another one. Of a key of the wrong type Redis does not say which one it is:
  /// among `suspects` it is found.
  private func refused(_ error: RedisServerError, _ what: String, _ suspects: [[UInt8]]) {
    let asking = session
    if error.isOfOurRights, let scripts {
      if configuration.leaseTTL != nil { scripts.release(instance) { _ in } }
      return scripts.tryRights(queue: configuration.defaultQueue, as: instance) { [unowned self] trial in
        guard session === asking else { return }
        restart(.notReady(candidate.reason(what, error, trial)))
      }
    }
    guard error.message.contains("WRONGTYPE"), let scripts else {
      return restart(.notReady("\(what): \(error.text)"))
    }
    scripts.misfits(among: suspects) { [unowned self] misfits in
      // Something else may have ended the session meanwhile.
      guard session === asking else { return }
      let text = misfits.isEmpty ? error.text : misfits.joined(separator: "; ")
      restart(.notReady("\(what): \(text)"))
    }
  }

  private func restart(_ failure: StoreFailure) {
    guard let session else { return }
    session.close()
    ended(failure)
  }

  private func ended(_ failure: StoreFailure) {
    session = nil
    scripts = nil
    isAnnounced = false
    wasAnnounced = false
    relay.stop()
    load?.cancel()
    load = nil
    isToLoadAgain = false
    loadTimer.cancel()
    reads?.cancel()
    reads = nil
    batches = nil
    anchors.removeAll()
    audit?.cancel()
    audit = nil
    refreshTimer.cancel()
    queues = nil
    manualFires?.cancel()
    manualFires = nil
    reporter.forget()
    brokerProbe.stop()
    echoes.removeAll()
    pulseTimer.cancel()
    receive(.disconnected as Pulse.Event)
    receive(.disconnected as Scheduler.Event)
    candidate.disconnected()
    // What was in order once is not the settings' fault: another server answers, or one that says what is not so.
    if case .misconfigured(let text) = failure, !hasBeenReady {
      end = .misconfigured(text)
      return loop.stop()
    }
    guard !isStopping else { return }
    if case .deaf(let reason) = failure, let fallback = hearing.fallback {
      logger.warning(
        "notifications",
        metadata: ["reason": .string("\(reason). Trying \(fallback.rawValue) instead of \(hearing.rawValue)")])
      hearing = fallback
      return retryTimer.schedule(after: 0)
    }
    if complaint != failure.text {
      complaint = failure.text
      logger.error(
        "disconnected", metadata: ["store": .string("\(configuration.store)"), "reason": .string(failure.text)])
    }
    let health = readyAt.map { BootClock.now().microseconds(since: $0) } ?? 0
    let making = readyAt?.microseconds(since: connectedAt) ?? 0
    readyAt = nil
    retryTimer.schedule(after: backoff.next(afterHealth: health, making: making))
  }

  // MARK: the scheduler

  private func receive(_ event: Scheduler.Event) {
    take(event)
    sendTogether()
  }

  /// A page of documents, whose commands go out together.
  private func receive(_ names: [EntryName], _ reads: [Scheduler.DocumentRead]) {
    for (name, read) in zip(names, reads) { take(.read(name, read)) }
    sendTogether()
  }

  private func take(_ event: Scheduler.Event) {
    for action in scheduler.receive(event, now: now) { perform(action) }
  }

  /// Sends what has been waiting for more of its kind.
  private func sendTogether() {
    sendAnchors()
    batches?.flush(token: token)
  }

  private func sendAnchors() {
    guard !anchors.isEmpty else { return }
    scripts?.anchor(anchors) { [unowned self] names, error in
      for name in names { receive(.touched(name)) }
      if let error { candidate.refused(error) }
    }
    anchors.removeAll(keepingCapacity: true)
  }

  private func perform(_ action: Scheduler.Action) {
    switch action {
    case .read(let name):
      reads?.read(name)
    case .anchor(let name, let mark):
      anchors.append((name, mark))
      if anchors.count == Self.anchorsTogether { sendAnchors() }
    case .rebase(let name, let time, let mark):
      sendAnchors()
      scripts?.rebase(name, from: time, to: mark, token: token) { [unowned self] isDone, error in
        if !isDone { receive(.touched(name)) }
        if let error { candidate.refused(error) }
      }
    case .mend(let name, let bytes, let mark):
      scripts?.mend(name, from: bytes, to: mark, token: token) { [unowned self] isDone, error in
        if !isDone { receive(.touched(name)) }
        if let error { candidate.refused(error) }
      }
    case .fire(let plan):
      // In this order: the mark of a fire is newer than when the schedule was first seen.
      sendAnchors()
      fire(plan)
    case .armTimer(let time):
      if !isStopping { wakeTimer?.arm(at: time.map(pulse.clock.boot(at:))) }
    case .report(let report):
      if case .fired = report { fires += 1 }
      if case .removed = report { sweeps.gone += 1 }
      if reports.isEmpty { loop.afterWriting { [unowned self] in writeReports() } }
      reports.append((report, pulse.isLeading ? report.edited.flatMap { scheduler.document(of: $0) } : nil))
    }
  }

  /// What was reported before stands before.
  private var logger: Logger {
    writeReports()
    return plainLogger
  }

  private func writeReports() {
    guard !reports.isEmpty else { return }
    let now = now
    for (report, document) in reports {
      log.report(report)
      receipts.take(report, of: document, at: now)
      if let name = report.edited { reporter.ledger.forget(name) }
    }
    if let scripts, pulse.isLeading { receipts.write(to: scripts) } else { receipts.drop() }
    reports.removeAll(keepingCapacity: reports.count <= 1024)
  }

  // MARK: the pulse

  private func receive(_ event: Pulse.Event) {
    for action in pulse.receive(event, now: BootClock.now()) { perform(action) }
  }

  private func perform(_ action: Pulse.Action) {
    switch action {
    case .send(let request):
      guard !isStopping else { return }
      scripts?.pulse(request, instance: instance, incarnation: incarnation, clock: SystemClock.now) {
        [unowned self] reply, error in
        if let reply {
          receive(.replied(reply) as Pulse.Event)
          receive(.clockTold)
          ownKeys.found(reply.damaged)
          announce()
          keepTelling()
        }
        if let error { refused(error, "the heartbeat was refused", keys.ofPulse(instance)) }
      }
    case .armTimer(let delay):
      if !isStopping { pulseTimer.schedule(after: delay) }
    case .lead(let token):
      self.token = token
      brokerProbe.stop()
      logger.notice("leading", metadata: configuration.leaseTTL == nil ? [:] : ["token": .string(token)])
      if let scripts { relay.start(scripts, after: reporter.ledger.undeliverable) }
      reporter.ledger.undeliverable = nil
      receive(.leadershipChanged(true))
      tell()
    case .standBy(let reason):
      relay.stop()
      logger.notice("standing by", metadata: ["reason": .string(reason)])
      receive(.leadershipChanged(false))
      reporter.ledger.standBy()
      describe()
      watchBroker()
    case .storeReplaced:
      receive(.storeReplaced)
    case .reload(let reason):
      logger.error("reloading", metadata: ["reason": .string(reason)])
      if let scripts { loadAll(scripts, isReload: true) }
    case .reconnect(let reason):
      nameScan.suspectLongNames()
      restart(.notReady(reason))
    case .release:
      scripts?.release(instance) { _ in }
    case .offered:
      candidate.offered()
    case .clockStepped(let step):
      logger.notice("clock", metadata: ["step_s": .stringConvertible(Double(step) / 1_000_000)])
      receive(.clockStepped(by: step))
    case .clockDiffers(let difference):
      logger.warning(
        "clock", metadata: ["server_ahead_s": .stringConvertible(Double(difference) / 1_000_000)])
    }
  }

  // MARK: firing

  private func fire(_ plan: FirePlan) {
    inFlight += 1
    if hearing == .keyspace { echoes.expect(plan.entry) }
    guard let scripts, let batches, !isStopping else {
      // Not from within the scheduler's own actions.
      return loop.soon { [unowned self] in ended(plan, .unknown) }
    }
    guard scripts.delivery == .direct else {
      guard let reason = relay.refusal(of: plan.route, priority: plan.priority) else {
        return batches.add(plan, to: [keys.outbox], token: token)
      }
      // Not from within the scheduler's own actions.
      return loop.soon { [unowned self] in ended(plan, .refused(reason)) }
    }
    queues?.lists(of: plan) { [unowned self] answer in
      switch answer {
      case .lists(let lists):
        batches.add(plan, to: lists, token: token)
        // An exchange's queues come later, when nothing else may be to follow.
        if case .exchange = plan.route { batches.flush(token: token) }
      case .refused(let reason): ended(plan, .refused(reason))
      case .lost: ended(plan, .unknown)
      }
    }
  }

  private func ended(_ plan: FirePlan, _ outcome: FireOutcome) {
    inFlight -= 1
    reporter.ledger.ended(plan.entry, outcome, at: now)
    let wasMistaken = outcome != .fired && hearing == .keyspace && !echoes.cancel(plan.entry)
    receive(.fireEnded(plan, outcome))
    if wasMistaken, outcome != .unknown { receive(.touched(plan.entry)) }
    if case .refused = outcome, scripts?.delivery == .outbox,
      relay.refusal(of: plan.route, priority: plan.priority) == nil
    {
      isShortOfRoom = true
    }
    if case .wrongServer(let reason) = outcome { restart(.notReady("\(configuration.store) cannot fire: \(reason)")) }
    candidate.ended(outcome)
    if outcome == .fenced { receive(.fenced as Pulse.Event) }
    // Redis' clock was set back since it told us its time.
    if case .early = outcome { receive(.timerFired as Pulse.Event) }
    if isStopping, inFlight == 0 { release() }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension BeatService: Sendable {}
