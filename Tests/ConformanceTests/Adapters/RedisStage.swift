import BeatCore
import BeatLoop

@testable import BeatRedis

extension StoreAdapter {
  static let redis = StoreAdapter("Redis, also the broker", [.direct, .durable]) { try RedisStage() }
  static let redisWithOutbox = StoreAdapter("Redis, and another one as the broker", [.outbox, .durable]) {
    try RedisStage(.outbox)
  }
  static let redisCluster = StoreAdapter("Redis Cluster", [.outbox, .durable]) {
    try RedisStage(.outbox, inCluster: true)
  }
  static let redisTracking = StoreAdapter("Redis without notifications", [.direct, .durable]) {
    try RedisStage(changeDetection: .tracking)
  }
}

/// A private redis-server, with a proxy for each daemon.
final class RedisStage: StoreStage {
  private let server: RedisServer
  private let loop: EventLoop
  private let keys: RedisKeys
  /// The documents' database.
  private let database: Int
  private let delivery: Delivery
  let changeDetection: ChangeDetection
  private var proxies: [String: ServerProxy] = [:]
  /// The users' connections: to the documents' database, and to that of the queues.
  private var store: BlockingClient
  private var queues: BlockingClient

  /// - Parameter isCluster: the server is in cluster mode and has all hash slots.
  init(_ delivery: Delivery = .direct, changeDetection: ChangeDetection = .keyspace, inCluster isCluster: Bool = false)
    throws
  {
    keys = RedisKeys(prefix: isCluster ? "{beat}:tasks:" : "tasks:meta:")
    database = isCluster ? 0 : 1
    self.delivery = delivery
    self.changeDetection = changeDetection
    loop = try EventLoop()
    let mode = isCluster ? ["--cluster-enabled", "yes", "--cluster-port", "\(try RedisServer.freePort())"] : []
    server = try RedisServer(["--appendonly", "yes", "--appendfsync", "no"] + mode)
    try server.learnScripts()
    (store, queues) = (try server.client(), try server.client())
    store("SELECT", "\(database)")
    if isCluster {
      store("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
      guard loop.serve(10_000_000, until: isAtWork) else { throw Failure("the cluster does not begin", 0) }
    }
  }

  /// A server in cluster mode takes no commands before it has looked at its cluster.
  private func isAtWork() -> Bool { store("CLUSTER", "INFO")?.text?.contains("cluster_state:ok") == true }

  deinit {
    loop.serveEnds()
  }

  func connector(as instance: String) throws -> any StoreConnector {
    let proxy = try proxies[instance] ?? ServerProxy(to: server, name: "proxy-\(instance)")
    proxies[instance] = proxy
    // No server listens at this address. An adapter cannot tell that it is the store's own server, and so uses the
    // outbox.
    let broker = delivery == .direct ? proxy.path : "\(server.folder)/broker.sock"
    let settings = StoreSettings(
      store: try RedisURL("redis+socket://\(proxy.path)?virtual_host=\(database)"),
      broker: BrokerSettings(
        try RedisURL("redis+socket://\(broker)?virtual_host=0"), transportOptions: TransportOptions(),
        reserved: ReservedKeys(TransportOptions()), defaultQueue: "celery"),
      maximumLead: 50_000,
      outboxLimit: StoreSize.outboxLimit, historyLength: StoreSize.historyLength)
    return RedisStoreConnector(
      settings, keys: keys, as: instance, incarnation: "word-\(instance)",
      maximumDocumentLength: StoreSize.maximumDocumentLength, on: loop)
  }

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    loop.serve(microseconds, until: isMet)
  }

  var now: UnixTime {
    let time = store("TIME")?.array ?? []
    return UnixTime(told: time.first?.text, time.last?.text) ?? UnixTime(microseconds: 0)
  }

  // MARK: what users do

  private func call(_ client: BlockingClient? = nil, _ words: [UInt8]...) -> RedisReply? {
    (client ?? store).call(words)
  }

  private func command(_ name: String) -> [UInt8] { Array(name.utf8) }

  func write(_ document: [UInt8]?, of name: EntryName) {
    if let document {
      _ = call(nil, command("SET"), keys.document(name), document)
    } else {
      _ = call(nil, command("DEL"), keys.document(name))
    }
  }

  func document(of name: EntryName) -> [UInt8]? { call(nil, command("GET"), keys.document(name))?.bytes }
  func watermark(of name: EntryName) -> [UInt8]? { call(nil, command("HGET"), keys.watermark, name.bytes)?.bytes }

  func damage(watermarkOf name: EntryName, with bytes: [UInt8]) {
    _ = call(nil, command("HSET"), keys.watermark, name.bytes, bytes)
  }

  func messages(in queue: String) -> [[UInt8]] {
    let isOutbox = delivery == .outbox
    let list = isOutbox ? keys.outbox : command(queue)
    let all = call(isOutbox ? store : queues, command("LRANGE"), list, command("0"), command("-1"))?.array ?? []
    let found = all.reversed().compactMap(\.bytes)
    return isOutbox
      ? found.compactMap { OutboxItem($0) }.filter { $0.route == .queue(queue) }.map(\.message) : Array(found)
  }

  func putIntoOutbox(_ item: OutboxItem?) {
    _ = call(nil, command("LPUSH"), keys.outbox, item?.bytes ?? command("not an item"))
  }
  var setAside: [MessageSetAside] {
    let entries = call(nil, command("XRANGE"), keys.setAside, command("-"), command("+"))?.array ?? []
    return entries.map { entry in
      let fields = entry.array?.last?.array ?? []
      let values = Dictionary(
        zip(fields.enumerated(), fields.dropFirst()).compactMap { name, value in
          name.offset % 2 == 0 ? (name.element.text ?? "", value.bytes ?? []) : nil
        }, uniquingKeysWith: { first, _ in first })
      return MessageSetAside(
        id: values["item"].flatMap { OutboxItem($0) }?.taskID.description ?? "",
        reason: String(decoding: values["reason"] ?? [], as: UTF8.self))
    }
  }
  func fillSetAside() {
    for _ in 1..<Limit.messagesSetAside.most {
      _ = call(nil, command("XADD"), keys.setAside, command("*"), command("reason"), command("full"))
    }
  }
  func spoil(queue: String) { queues("SET", queue, "no list") }

  func bind(queue: String, to exchange: String, routingKey: String) {
    queues("SADD", "_kombu.binding.\(exchange)", "\(routingKey)\u{6}\u{16}\u{6}\u{16}\(queue)")
  }

  func publish(_ manifest: [UInt8]?) {
    if let manifest {
      _ = call(nil, command("SET"), keys.application, manifest)
    } else {
      _ = call(nil, command("DEL"), keys.application)
    }
  }

  func ask(_ request: [UInt8], id: String) { _ = call(nil, command("HSET"), keys.manual, command(id), request) }

  func answer(to id: String) -> String? {
    call(nil, command("LINDEX"), keys.answer(to: id), command("0"))?.text
  }

  var history: [FireRecord] {
    let entries = call(nil, command("XRANGE"), keys.history, command("-"), command("+"))?.array ?? []
    return entries.flatMap { RedisStoreClient.runs(of: $0) }
  }

  func loseContents() { store("FLUSHDB") }

  // MARK: faults

  func cut(_ instance: String) { proxies[instance]?.cut() }
  func loseAnswers(of instance: String) { proxies[instance]?.loseReplies() }
  func silence() { store("CLIENT", "KILL", "TYPE", "pubsub") }

  var isRunning = true {
    didSet {
      guard isRunning else { return server.kill() }
      do {
        try server.start()
        (store, queues) = (try server.client(), try server.client())
        store("SELECT", "\(database)")
        if database == 0 { _ = loop.serve(10_000_000, until: isAtWork) }
      } catch { preconditionFailure("\(error)") }
    }
  }
}

extension RedisServer {
  /// Loads all scripts into the server, as a daemon's rehearsal does. Otherwise the first call of each would be sent
  /// twice.
  func learnScripts() throws {
    let client = try client()
    for script in [
      PackageResources.anchor_lua, PackageResources.bindings_lua, PackageResources.declare_lua,
      PackageResources.fire_lua,
      PackageResources.manual_lua, PackageResources.names_lua, PackageResources.outbox_lua,
      PackageResources.heartbeat_lua,
      PackageResources.read_lua, PackageResources.rebase_lua, PackageResources.relay_lua, PackageResources.release_lua,
      PackageResources.scan_lua, PackageResources.setaside_lua, PackageResources.sweep_lua,
    ] {
      client.call([Array("SCRIPT".utf8), Array("LOAD".utf8), script])
    }
  }
}
