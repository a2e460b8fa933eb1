import BeatCore
import BeatLoop

/// One stay with the store: from connecting to watching, until the connection dies. Start-up and reconnect are this
/// same path, so that it is always tested.
///
/// find the server -> connect both connections -> log in -> check the servers -> `notify-keyspace-events` -> subscribe -> probe ->
/// `.watching`, after which the owner loads the documents.
final class RedisStoreConnection: StoreConnection {
  /// The event of a fire, which writes a document in place.
  static let inPlace = Array("setrange".utf8)
  /// Microseconds.
  private static let resubscriptionPeriod: Int64 = 1_000_000

  private let configuration: StoreSettings
  private let keys: RedisKeys
  private let loop: EventLoop
  private let clientName: String
  private let heartbeat: [UInt8]
  private let maximumDocumentLength: Int
  private let hearing: Hearing
  private let nameScan: NameScan
  private let session: (StoreScripts) -> any StoreSession
  private let handle: (StoreEvent) -> Void

  private var dial: RedisDial?
  /// Its endpoint is where the store is, for this session.
  private var commands: RedisConnection?
  private var stream: NotificationStream?
  /// The stream's patterns are confirmed.
  private var hears = false
  /// When and why the stream before closed, while the session went on.
  private var silenced: (at: BootTime, by: RedisConnectionError)?
  private lazy var resubscription = LoopTimer(on: loop) { [unowned self] in subscribe() }
  /// While it is found out whether the broker is the store's server.
  private var brokerDial: RedisDial?
  private var delivery = Delivery.direct
  private var cluster: ClusterFit?
  private lazy var deadline = LoopTimer(on: loop) { [unowned self] in probeTimedOut() }
  private var probeEvents = 0
  private var hasHeardSet = false
  /// CONFIG is not allowed here, so nobody but the probe can tell whether events come.
  private var configRefusal: RedisServerError?
  /// The word of the store's contents, as the session found it.
  private var storeIncarnation: String?
  /// The setting, where it lacks something and cannot be changed.
  private var incompleteSetting: String?
  private var isWatching = false
  private var isOver = false

  /// - Parameter session: makes what can be done on the connection of commands.
  init(
    _ configuration: StoreSettings, keys: RedisKeys, instance: String, maximumDocumentLength: Int, hearing: Hearing,
    nameScan: NameScan, on loop: EventLoop, session: @escaping (StoreScripts) -> any StoreSession,
    handle: @escaping (StoreEvent) -> Void
  ) {
    self.configuration = configuration
    self.keys = keys
    self.loop = loop
    self.maximumDocumentLength = maximumDocumentLength
    self.hearing = hearing
    self.nameScan = nameScan
    self.session = session
    self.handle = handle
    clientName = "beat-watch"
    heartbeat = keys.heartbeat(instance)
  }

  func start() {
    let dial = RedisDial(configuration.store, as: clientName, on: loop)
    self.dial = dial
    dial.open { [weak self] endpoint in
      self?.found(endpoint, of: self?.configuration.store)
    } opened: { [weak self] connection in
      self?.commands = connection
      self?.identify()
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

  /// Ends the session without a word.
  func close() {
    isOver = true
    deadline.cancel()
    resubscription.cancel()
    dial?.cancel()
    stream?.close()
    brokerDial?.cancel()
  }

  private func end(_ failure: SessionFailure) {
    guard !isOver else { return }
    close()
    handle(.ended(failure))
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
      if info.isTooOld {
        return end(
          .misconfigured("\(configuration.store) is Redis \(info.version ?? ""); Redis 6.0 or newer is needed"))
      }
      if info.isLoading { return end(.notReady("\(configuration.store) is still loading its data from disk")) }
      if info.isReplica { return end(.notReady(replicaText(info))) }
      if info.isCluster {
        if let problem = clusterProblem { return end(.misconfigured(problem)) }
        cluster = ClusterFit(keys)
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
    let (store, broker) = (configuration.store, configuration.broker)
    let isOne = store.location == broker.location
    return ClusterFit.problem(
      keys, database: store.database, brokerDatabase: isOne ? broker.database : nil,
      queue: isOne ? configuration.defaultList : nil
    ).map { "\(store) is in cluster mode, and \($0): \(ClusterFit.advice)" }
  }

  /// A fire is one step of one server. Where the broker is another one, or nobody can tell, messages take the way
  /// through the outbox, which is right in both cases.
  private func checkBroker(_ store: ServerInfo) {
    guard configuration.broker.location != configuration.store.location else { return listen() }
    // Short: while the broker does not answer, nothing fires.
    let timeouts = RedisTimeouts(connect: 1_000_000, reply: 1_000_000)
    let dial = RedisDial(configuration.broker, as: clientName, on: loop, timeouts: timeouts)
    brokerDial = dial
    dial.open { [weak self] endpoint in
      guard let self else { return }
      found(endpoint, of: configuration.broker)
      guard endpoint == commands?.endpoint else { return }
      brokerDial?.cancel()
      brokerDial = nil
      listen()
    } opened: { [weak self] connection in
      connection.send(RedisCommand("INFO", "server")) { reply in
        if let reply { self?.compare(store, with: ServerInfo(reply.text ?? "")) }
      }
    } closed: { [weak self] error in
      if error.serverCode == RedisServerError.cluster { self?.end(.misconfigured(error.message)) }
      // Why, the relay will find and tell.
      self?.compare(store, with: nil)
    }
  }

  private func compare(_ store: ServerInfo, with broker: ServerInfo?) {
    guard !isOver, let brokerDial else { return }
    self.brokerDial = nil
    brokerDial.cancel()
    delivery = store.runID != nil && store.runID == broker?.runID ? .direct : .outbox
    if let broker, broker.isCluster {
      // By way of the outbox a script puts a message and a note of its task's id on the broker, in different slots.
      let problem =
        delivery == .outbox
        ? "messages of another server cannot be carried there"
        : ClusterFit.problem(
          keys, database: configuration.store.database, brokerDatabase: configuration.broker.database,
          queue: configuration.defaultList)
      if let problem {
        return end(
          .misconfigured("\(configuration.broker) is in cluster mode, and \(problem): \(ClusterFit.advice)"))
      }
    }
    if let broker, broker.runID == nil || store.runID == nil {
      handle(
        .notice(
          .brokerUnknown(
            "INFO is not allowed, so that it is not known whether the store \(configuration.store) and the broker "
              + "\(configuration.broker) are one Redis server; they are taken for two. Where they are one, allow it "
              + "(+info), or give both URLs the same address")))
    }
    listen()
  }

  // MARK: events

  private func listen() {
    switch hearing {
    case .keyspace: checkNotifications()
    case .tracking: track()
    case .polling: begin()
    }
  }

  private func checkNotifications() {
    send(RedisCommand("GET", keys.incarnation)) { [self] in storeIncarnation = $0.text }
    send(RedisCommand("CONFIG", "GET", "notify-keyspace-events")) { [self] reply in
      if let error = reply.error {
        configRefusal = error
        return subscribe()
      }
      guard let value = reply.pairs?.first?.1.text else { return subscribe() }
      let setting = NotificationSetting(value)
      if setting.missing.isEmpty { subscribe() } else { set(setting.candidates[...], was: value) }
    }
  }

  private func set(_ candidates: ArraySlice<String>, was: String) {
    guard let value = candidates.first else {
      incompleteSetting = was
      return subscribe()
    }
    send(RedisCommand("CONFIG", "SET", "notify-keyspace-events", value)) { [self] reply in
      if let error = reply.error {
        configRefusal = error
        return set(candidates.dropFirst(), was: was)
      }
      configRefusal = nil
      handle(.notice(.notifications("notify-keyspace-events was \"\(was)\" and is now \"\(value)\"")))
      subscribe()
    }
    // In the same write: should the connection die before the answer, the next one would find nothing to switch on.
    tellOthers()
  }

  /// Daemons that stayed connected have missed what happened while notifications were off, perhaps for less than a
  /// heartbeat. Another word for the store's contents makes them load it again; their identity stays, for a store that
  /// forgot what was fired is another matter.
  private func tellOthers() {
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    send(RedisCommand("SET", keys.incarnation, StoreIncarnation.renewed(storeIncarnation, random: random))) { _ in }
  }

  private func subscribe() {
    let database = configuration.store.database
    guard let endpoint = commands?.endpoint else { return }
    let patterns = keys.subscriptions(database: database)
    let channelPrefix = KeyspaceNotification.channelPrefix(database: database)
    // Of all that we listen for, the documents' keys may be the longest.
    let longestKey = keys.longestDocumentKey + keys.ownPrefix.count
    let documents = KeyspaceNotification.channel(of: keys.prefix, database: database).count
    let security = configuration.store.security
    let stream = NotificationStream(to: endpoint, security: security, on: loop) { [weak self] channel, event in
      guard let self, !isOver else { return }
      guard let key = KeyspaceNotification(channel: channel, behind: channelPrefix, longest: longestKey)?.key else {
        return isWatching ? handle(.ignored(IgnoredNames(channel, behind: documents))) : ()
      }
      if let entry = keys.entry(of: key) {
        if isWatching { handle(event.elementsEqual(Self.inPlace) ? .writtenInPlace(entry) : .touched(entry)) }
      } else if key == heartbeat {
        if isWatching { beat(String(copying: event)) } else { probeArrived() }
      } else if key == keys.lease, isWatching, ["del", "expired"].contains(String(copying: event)) {
        handle(.leaseFreed)
      } else if key == keys.manual, isWatching {
        handle(.requested)
      } else if keys.isTooLong(key), isWatching {
        handle(.ignored(IgnoredNames(key.dropFirst(keys.prefix.count))))
      }
    } onClose: { [weak self] error in
      guard let self else { return }
      guard error.serverCode == "NOPERM" else { return streamClosed(error) }
      let channels = patterns.map { "&\(EntryName($0))" }.joined(separator: " ")
      end(.notReady("\(error.message): it needs +psubscribe \(channels)"))
    }
    self.stream = stream
    stream.handshake(configuration.store, clientName: clientName + "-events") { [weak self] error in
      guard error == nil, let self, !isOver else { return }
      stream.psubscribe(patterns) { [weak self] in self?.subscribed() }
    }
  }

  private func subscribed() {
    guard !isOver else { return }
    hears = true
    guard isWatching, let silenced else { return probe() }
    hasHeardSet = false
    handle(.missedChanges(reason: "\(silenced.by)"))
  }

  /// Redis closes the stream alone where events come faster than they are read (`client-output-buffer-limit pubsub`). A
  /// daemon that goes on leading meanwhile fires on time: a fire compares what it knows with what stands in the store.
  /// Whatever else becomes of the stream ends the session, and so does one that cannot be had again.
  private func streamClosed(_ error: RedisConnectionError) {
    guard !isOver else { return }
    guard isWatching, hears, error.kind == .closedByServer else { return end(.lost(error.message)) }
    hears = false
    let now = BootClock.now()
    // Each time every document is read again.
    let delay = silenced.map { Self.resubscriptionPeriod - now.microseconds(since: $0.at) } ?? 0
    silenced = (now, error)
    resubscription.schedule(after: max(0, delay))
  }

  /// The only test that works everywhere: write, and see whether its events arrive.
  private func probe() {
    guard !isOver else { return }
    deadline.schedule(after: 2_000_000)
    for command in [RedisCommand("SET", heartbeat, "0", "PX", 60_000), RedisCommand("DEL", heartbeat)] {
      send(command) { [self] reply in
        if let error = reply.error { end(.notReady("\(configuration.store) refused a write: \(error.text)")) }
      }
    }
  }

  /// A heartbeat's SET raises `set`, of class $, and `expire`, of class g. Only both say that edits are heard.
  private func beat(_ event: String) {
    if event == "set" {
      hasHeardSet = true
    } else if event == "expire", hasHeardSet {
      hasHeardSet = false
      handle(.heartbeat)
    }
  }

  private func probeArrived() {
    probeEvents += 1
    // `set`, `expire` and `del`: classes $ and g.
    guard probeEvents >= (hearing == .keyspace ? 3 : 1), !isWatching else { return }
    begin()
  }

  private func begin() {
    guard let commands else { return }
    deadline.cancel()
    isWatching = true
    if let incompleteSetting, let configRefusal {
      handle(
        .notice(
          .notifications(
            "notify-keyspace-events is \"\(incompleteSetting)\", so that some edits are not heard, and we may not change it "
              + "(\(configRefusal.message)); \(NotificationSetting.advice)")))
    }
    var scripts = StoreScripts(
      connection: commands, keys: keys, kombu: configuration.transportOptions.keys,
      storeDatabase: configuration.store.database, brokerDatabase: configuration.broker.database,
      maximumDocumentLength: maximumDocumentLength, maximumLead: configuration.maximumLead, delivery: delivery,
      outboxLimit: configuration.outboxLimit, historyLength: configuration.historyLength)
    scripts.cluster = cluster
    scripts.nameScan = nameScan
    scripts.onRemoval = { [weak self] count, key in
      if let self, !isOver { handle(.notice(.foreignFields(count: count, place: key))) }
    }
    commands.onRefusal = { [weak self] error in
      if let self, !isOver { handle(.lacked(reason: error.message)) }
    }
    handle(.watching(session(scripts)))
  }

  private func probeTimedOut() {
    switch (hearing, configRefusal) {
    case (.keyspace, let refusal?):
      end(
        .deaf(
          "keyspace notifications are off and may not be switched on (\(refusal.message)); \(NotificationSetting.advice)"
        ))
    case (.keyspace, nil):
      end(.deaf("keyspace notifications do not come, though they are switched on"))
    default:
      end(.deaf("CLIENT TRACKING reports no keys"))
    }
  }

  // MARK: tracking

  private func track() {
    guard let endpoint = commands?.endpoint else { return }
    let security = configuration.store.security
    let stream = NotificationStream(to: endpoint, security: security, on: loop) { _, _ in
    } onClose: { [weak self] error in
      self?.end(error.serverCode == "NOPERM" ? .deaf(error.message) : .lost(error.message))
    }
    self.stream = stream
    stream.handshake(configuration.store, clientName: clientName + "-events") { [weak self] error in
      guard error == nil, let self, !isOver else { return }
      stream.clientID { [weak self] id in
        guard let self, !isOver else { return }
        guard let id else { return end(.deaf("CLIENT ID is refused")) }
        stream.hearInvalidations { [weak self] in
          self?.invalidated($0)
        } then: { [weak self] in
          self?.track(for: id)
        }
      }
    }
  }

  private func track(for id: Int64) {
    var command = RedisCommand("CLIENT", "TRACKING", "ON", "REDIRECT", id, "BCAST")
    for prefix in [keys.prefix, keys.heartbeat(""), keys.lease, keys.manual] {
      command.append("PREFIX")
      command.append(prefix)
    }
    send(command) { [self] reply in
      if let error = reply.error { return end(.deaf("CLIENT TRACKING is refused: \(error.text)")) }
      probe()
    }
  }

  private func invalidated(_ changed: [[UInt8]]?) {
    guard !isOver else { return }
    guard let changed else { return isWatching ? handle(.touchedAll) : () }
    for key in changed {
      if let entry = keys.entry(of: key) {
        if isWatching { handle(.touched(entry)) }
      } else if key == heartbeat {
        if isWatching { handle(.heartbeat) } else { probeArrived() }
      } else if key == keys.lease, isWatching {
        handle(.leaseFreed)
      } else if key == keys.manual, isWatching {
        handle(.requested)
      } else if keys.isTooLong(key), isWatching {
        handle(.ignored(IgnoredNames(key.dropFirst(keys.prefix.count))))
      }
    }
  }
}
