import BeatCore
import BeatLoop

/// One session with the store: from connecting until the connection dies. Start-up and reconnect are the same path, so
/// it is always tested.
///
///     find the server -> connect, log in -> INFO: version, role, cluster -> is the broker the same server?
///     -> notify-keyspace-events -> subscribe -> probe: a write, whose events must arrive within 2 s
///     -> `.watching`, after which the owner loads the documents
///
///     any step fails, or the connection dies -> commands on their way are answered -> `.ended` with the reason
final class RedisStoreConnection: StoreConnection {
  private let configuration: StoreSettings
  private let keys: RedisKeys
  private let loop: EventLoop
  private let clientName: String
  private let heartbeat: [UInt8]
  private let maximumDocumentLength: Int
  private let changeDetection: ChangeDetection
  private let nameScan: NameScan
  private let home: ClusterHome
  private let session: (StoreScripts) -> any StoreSession
  private let handle: (StoreEvent) -> Void

  private var dial: RedisDial?
  /// The connection for commands, once it has logged in. Its endpoint is the address of the store in this session.
  private var commands: RedisConnection?
  /// The check whether the broker is the store's server, while it goes on.
  private var brokerCheck: BrokerCheck?
  private var feed: (any KeyFeed)?
  private var delivery = Delivery.direct
  /// The channel on which this server reports what CLIENT TRACKING has noticed.
  private var invalidations = ServerInfo("").invalidationChannel
  private var cluster: ClusterFit?
  private var notifications = NotificationSwitch.Outcome()
  private lazy var deadline = LoopTimer(on: loop) { [unowned self] in probeTimedOut() }
  private var probeEvents = 0
  private var isWatching = false
  private var isOver = false
  /// Why the session has ended, until that is reported.
  private var ending: SessionFailure?

  /// - Parameter session: makes the session for the owner from the scripts on the connection for commands.
  init(
    _ configuration: StoreSettings, keys: RedisKeys, instance: String, maximumDocumentLength: Int,
    changeDetection: ChangeDetection,
    nameScan: NameScan, home: ClusterHome, on loop: EventLoop, session: @escaping (StoreScripts) -> any StoreSession,
    handle: @escaping (StoreEvent) -> Void
  ) {
    self.configuration = configuration
    self.keys = keys
    self.loop = loop
    self.maximumDocumentLength = maximumDocumentLength
    self.changeDetection = changeDetection
    self.nameScan = nameScan
    self.home = home
    self.session = session
    self.handle = handle
    clientName = "beat-watch"
    heartbeat = keys.heartbeat(instance)
  }

  func start() {
    let dial = RedisDial(configuration.store, at: home, as: clientName, on: loop)
    self.dial = dial
    dial.open { [weak self] endpoint in
      self?.found(endpoint, of: self?.configuration.store)
    } opened: { [weak self] connection in
      guard let self else { return }
      commands = connection
      if home.fit != nil, let slot = home.slot {
        handle(.notice(.primary(address: "\(connection.endpoint)", of: "\(slot)")))
      }
      identify()
    } closed: { [weak self] error in
      switch (error.kind, error.serverCode) {
      case (.unlocated, _): self?.end(.notReady(error.message))
      case (_, RedisServerError.cluster): self?.end(.misconfigured(error.message))
      default: self?.end(.lost(error.message))
      }
    }
  }

  private func found(_ endpoint: RedisEndpoint, of url: RedisURL?) {
    if case .sentinels(let group) = url?.location {
      handle(.notice(.primary(address: "\(endpoint)", of: group.masterName)))
    }
  }

  /// Ends the session without reporting it.
  func close() {
    ending = nil
    shut()
  }

  private func shut() {
    isOver = true
    deadline.cancel()
    dial?.cancel()
    feed?.close()
    brokerCheck?.cancel()
  }

  /// Ends the session and reports it. Commands that are on their way are answered first; the report then comes in the
  /// next turn, unless the connection for commands is the one that died.
  private func end(_ failure: SessionFailure) {
    guard !isOver else { return }
    let isOpen = commands.map { $0.inFlight > 0 } ?? false
    shut()
    guard isOpen else { return handle(.ended(failure)) }
    ending = failure
    loop.soon { [self] in if let ending { handle(.ended(ending)) } }
  }

  private func send(_ command: RedisCommand, then completion: @escaping (RedisReply) -> Void) {
    commands?.send(command) { [weak self] reply in
      // nil: the connection has died, and `onClose` says so.
      guard let self, !isOver, let reply else { return }
      completion(reply)
    }
  }

  // MARK: the servers

  private func identify() {
    send(RedisCommand("INFO")) { [self] reply in
      let info = ServerInfo(reply.text ?? "")
      invalidations = info.invalidationChannel
      if info.isTooOld {
        return end(
          .misconfigured("\(configuration.store) is Redis \(info.version ?? ""); Redis 6.0 or newer is needed"))
      }
      if info.isLoading { return end(.notReady("\(configuration.store) is still loading its data from disk")) }
      if info.isReplica { return end(.notReady(replicaText(info))) }
      if info.isCluster {
        if let problem = clusterProblem { return end(.misconfigured(problem)) }
        // This user may not have been allowed to ask when the connection was made, and is now.
        guard let fit = home.fit else {
          return end(.notReady("\(configuration.store) is in cluster mode, and its nodes are not known"))
        }
        cluster = fit
      }
      if let policy = info.evictionPolicy { handle(.notice(.evicting(policy: policy))) }
      checkBroker(info)
    }
  }

  private func replicaText(_ info: ServerInfo) -> String {
    guard case .sentinels(let group) = configuration.store.location, let commands else {
      let primary = info.primary.map { " (\($0))" } ?? ""
      return
        "\(configuration.store) is a replica, which takes no writes: name the primary\(primary) in the URL, or the "
        + "sentinels"
    }
    return "the sentinels name \(commands.endpoint) as \(group.masterName), and it is a replica: a failover is going on"
  }

  /// Why a store in cluster mode cannot be used with these settings; nil: it can.
  private var clusterProblem: String? {
    let store = configuration.store
    let broker = configuration.broker.url.flatMap { $0.location == store.location ? $0 : nil }
    return ClusterFit.problem(
      keys, database: store.database, brokerDatabase: broker?.database,
      queue: broker == nil ? nil : configuration.broker.defaultList
    ).map { "\(store) is in cluster mode, and \($0): \(ClusterFit.advice)" }
  }

  private func checkBroker(_ store: ServerInfo) {
    guard let endpoint = commands?.endpoint else { return }
    let check = BrokerCheck(
      configuration, keys: keys, at: cluster == nil ? nil : home, as: clientName, store: store, at: endpoint, on: loop)
    brokerCheck = check
    check.start { [weak self] in
      self?.found($0, of: self?.configuration.broker.url)
    } then: { [weak self] outcome in
      guard let self, !isOver else { return }
      brokerCheck = nil
      switch outcome {
      case .misconfigured(let problem): return end(.misconfigured(problem))
      case .delivery(let delivery): self.delivery = delivery
      case .doubtful(let delivery, let notice):
        self.delivery = delivery
        handle(.notice(notice))
      }
      listen()
    }
  }

  // MARK: events

  private func listen() {
    guard let commands else { return }
    switch changeDetection {
    case .keyspace:
      NotificationSwitch.turnOn(by: commands, keys: keys) { [weak self] outcome in
        guard let self, !isOver else { return }
        notifications = outcome
        if let (was, value) = outcome.change {
          handle(.notice(.notifications("notify-keyspace-events was \"\(was)\" and is now \"\(value)\"")))
        }
        subscribe()
      }
    case .tracking:
      open(
        TrackingFeed(source(commands), on: invalidations, beside: commands, on: loop) { [weak self] in self?.heard($0) }
      )
    // A stream is not among this store's ways.
    case .polling, .stream: begin()
    }
  }

  private func subscribe() {
    guard let commands else { return }
    open(KeyspaceFeed(source(commands), on: loop) { [weak self] in self?.heard($0) })
  }

  private func source(_ commands: RedisConnection) -> KeyFeedSource {
    KeyFeedSource(
      url: configuration.store, endpoint: commands.endpoint, clientName: clientName + "-events", keys: keys,
      heartbeat: heartbeat)
  }

  private func open(_ feed: any KeyFeed) {
    self.feed = feed
    feed.open()
  }

  private func heard(_ event: KeyFeedEvent) {
    guard !isOver else { return }
    switch event {
    case .open: return probe()
    case .failed(let failure): return end(failure)
    case .heartbeatEvent: if !isWatching { probeArrived() }
    default: if isWatching { tell(event) }
    }
  }

  private func tell(_ event: KeyFeedEvent) {
    switch event {
    case .document(let entry): handle(.touched(entry))
    case .documentInPlace(let entry): handle(.writtenInPlace(entry))
    case .ignored(let names): handle(.ignored(names))
    case .everything: handle(.touchedAll)
    case .heartbeat: handle(.heartbeat)
    case .leaseFreed: handle(.leaseFreed)
    case .requested: handle(.requested)
    case .applicationTouched: handle(.applicationTouched)
    case .missed(let reason): handle(.missedChanges(reason: reason))
    case .open, .failed, .heartbeatEvent: break
    }
  }

  /// Writes and waits for the events of the write: the only test of notifications that works everywhere.
  private func probe() {
    guard !isOver else { return }
    deadline.schedule(after: 2_000_000)
    for command in [RedisCommand("SET", heartbeat, "0", "PX", 60_000), RedisCommand("DEL", heartbeat)] {
      send(command) { [self] reply in
        if let error = reply.error { end(.notReady("\(configuration.store) refused a write: \(error.text)")) }
      }
    }
  }

  private func probeArrived() {
    probeEvents += 1
    if let feed, probeEvents >= feed.probeEvents { begin() }
  }

  private func begin() {
    guard let commands else { return }
    deadline.cancel()
    isWatching = true
    feed?.sessionStands()
    if let incompleteSetting = notifications.incomplete, let configRefusal = notifications.refusal {
      handle(
        .notice(
          .notifications(
            "notify-keyspace-events is \"\(incompleteSetting)\", so that some edits are not heard, and we may not change it "
              + "(\(configRefusal.message)); \(NotificationSetting.advice(for: configuration.store))")))
    }
    var scripts = StoreScripts(
      connection: commands, keys: keys, kombu: configuration.broker.transportOptions.keys,
      storeDatabase: configuration.store.database,
      brokerDatabase: configuration.broker.url?.database ?? configuration.store.database,
      maximumDocumentLength: maximumDocumentLength, maximumLead: configuration.maximumLead, delivery: delivery,
      outboxLimit: configuration.outboxLimit, historyLength: configuration.historyLength)
    scripts.cluster = cluster
    scripts.wholeSlot = cluster.map { WholeSlot($0.slot, on: commands) }
    scripts.nameScan = nameScan
    scripts.onRemoval = { [weak self] count, key in
      if let self, !isOver { handle(.notice(.foreignFields(count: count, place: key))) }
    }
    commands.onRefusal = { [weak self] error in
      if let self, !isOver { handle(.lacked(reason: error.message)) }
    }
    handle(.watching(session(scripts)))
  }

  /// A server that answers SELECT without doing it raises the events of another database.
  private var oneDatabaseHint: String {
    configuration.store.database == 0
      ? ""
      : "; a server that has one database only (Redis Cloud, Upstash) needs "
        + "database 0 in the URL"
  }

  private func probeTimedOut() {
    switch (changeDetection, notifications.refusal) {
    case (.keyspace, let refusal?):
      end(
        .deaf(
          "keyspace notifications are off and may not be switched on (\(refusal.message)); \(NotificationSetting.advice(for: configuration.store))"
        ))
    case (.keyspace, nil):
      end(.deaf("keyspace notifications do not come, though they are switched on" + oneDatabaseHint))
    default:
      end(.deaf("CLIENT TRACKING reports no keys"))
    }
  }
}
