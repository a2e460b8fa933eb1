import BeatCore
import BeatLoop
import BeatRedis

extension PublisherAdapter {
  static let redis = PublisherAdapter("Redis") { try RedisPublisherStage() }
}

/// A private redis-server as the broker, behind a proxy.
final class RedisPublisherStage: PublisherStage {
  private let server: RedisServer
  private let proxy: ServerProxy
  private let loop: EventLoop
  private var queues: BlockingClient

  init() throws {
    loop = try EventLoop()
    server = try RedisServer(["--appendonly", "yes", "--appendfsync", "no"])
    try server.learnScripts()
    proxy = try ServerProxy(to: server)
    queues = try server.client()
  }

  deinit {
    loop.serveEnds()
  }

  func publisher() throws -> any Publisher {
    let url = try RedisURL("redis+socket://\(proxy.path)?virtual_host=0")
    let settings = BrokerSettings(
      url, transportOptions: TransportOptions(),
      reserved: ReservedKeys(TransportOptions()), defaultQueue: "celery")
    return RedisPublisher(to: url, settings, keys: RedisKeys(prefix: "tasks:meta:"), as: "a", on: loop)
  }

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    loop.serve(microseconds, until: isMet)
  }

  func messages(in queue: String) -> [[UInt8]] {
    (queues("LRANGE", queue, "0", "-1")?.array ?? []).reversed().compactMap(\.bytes)
  }

  func form(of item: OutboxItem) -> [UInt8] { KombuRedisEnvelope.bytes(of: item) ?? [] }

  func spoil(queue: String) { queues("SET", queue, "no list") }

  func bind(queue: String, to exchange: String, routingKey: String) {
    queues("SADD", "_kombu.binding.\(exchange)", "\(routingKey)\u{6}\u{16}\u{6}\u{16}\(queue)")
  }

  func cut() { proxy.cut() }
  func loseAnswers() { proxy.loseReplies() }

  var isRunning = true {
    didSet {
      guard isRunning else { return server.kill() }
      do {
        try server.start()
        queues = try server.client()
      } catch { preconditionFailure("\(error)") }
    }
  }
}
