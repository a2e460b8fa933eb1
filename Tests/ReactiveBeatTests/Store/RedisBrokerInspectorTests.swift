import BeatCore
import Testing

@testable import BeatRedis
@testable import ReactiveBeat

/// What a broker reports of its queues.
@Suite struct RedisBrokerInspectorTests {
  private let keys = RedisKeys(prefix: "tasks:meta:")
  private let queue = Array("q".utf8)

  private func inspector(_ server: RedisServer, user: String = "") throws -> RedisBrokerInspector {
    let url = try RedisURL("redis+socket://\(user)\(server.socketPath)")
    return RedisBrokerInspector(url, keys: keys, kombu: .standard)
  }

  @Test func contents() throws {
    let server = try RedisServer()
    let (client, broker) = try (server.client(), inspector(server))
    #expect(try broker.contents(of: queue) == .messages(0))
    guard case .told(nil) = try broker.standstill(of: queue) else { throw Failure("a message", 0) }
    client("LPUSH", "q", "first", "second")
    // A message of another priority.
    client("LPUSH", String(decoding: broker.place(of: queue, priority: 9), as: UTF8.self), "late")
    #expect(try broker.contents(of: queue) == .messages(3))
    #expect(try broker.length(of: queue) == 2)
    guard case .told(let next?) = try broker.standstill(of: queue) else { throw Failure("no message", 0) }
    #expect(next == Array("first".utf8))
    client("DEL", "q")
    client("SET", "q", "x")
    guard case .unusable(let problem, let fix) = try broker.contents(of: queue) else { throw Failure("usable", 0) }
    #expect(problem == "q holds a Redis string, not a list: no message fits in")
    #expect(fix.hasSuffix(" RENAME q q.foreign"))
    #expect(throws: StoreError.self) { try broker.length(of: queue) }
  }

  @Test func bindings() throws {
    let server = try RedisServer()
    let (client, broker) = try (server.client(), inspector(server))
    // For a plain queue the broker need not be asked.
    #expect(try broker.target(of: .queue("q")) == .queues([queue]))
    let route = Route.exchange("x", routingKey: "key")
    #expect(try broker.target(of: route) == .queues([]))
    for name in ["b", "a"] {
      let binding = QueueBinding(routingKey: Array("key".utf8), pattern: [], queue: Array(name.utf8))
      client.call([Array("SADD".utf8), KombuKeys.standard.bindings(of: "x"), KombuKeys.standard.member(binding)])
    }
    #expect(try broker.target(of: route) == .queues([Array("a".utf8), Array("b".utf8)]))
  }

  @Test("a user who may not look is told which right is missing")
  func hidden() throws {
    let server = try RedisServer()
    try server.client()("ACL", "SETUSER", "blind", "on", ">x", "~*", "+type", "+client|setname")
    let broker = try inspector(server, user: "blind:x@")
    #expect(try broker.contents(of: queue) == .hidden(right: "+llen"))
    guard case .hidden("+lindex") = try broker.standstill(of: queue) else { throw Failure("seen", 0) }
    guard case .hidden("+client|list") = try broker.waitingWorkers(on: []) else { throw Failure("seen", 0) }
    try server.client()("ACL", "SETUSER", "blind", "resetkeys", "+llen", "+lindex", "+smembers")
    #expect(try broker.contents(of: queue) == .hidden(right: "~q*"))
    guard case .hidden("~q*") = try broker.standstill(of: queue) else { throw Failure("seen", 0) }
    for (place, grant) in [("queue q", "'~q*'"), ("the bindings of exchange x", "'~_kombu.binding.x'")] {
      let error = #expect(throws: StoreError.self) {
        _ =
          try place == "queue q"
          ? broker.length(of: queue) ?? 0 : Int64(broker.target(of: .exchange("x", routingKey: "")).queues.count)
      }
      #expect(
        error?.message.contains("probably of \(place): allow it, ACL SETUSER blind \(grant)") == true, "\(error as Any)"
      )
    }
  }

  @Test func workers() throws {
    let server = try RedisServer()
    let broker = try inspector(server)
    let worker = try RedisStoreClient(broker.url, keys: keys)
    defer { worker.close() }
    guard case .told(0) = try broker.waitingWorkers(on: []) else { throw Failure("a worker", 0) }
    worker.connection.send(RedisCommand("BRPOP", "q", 0)) { _ in }
    worker.loop.serveReady()
    let hasCome = try eventually(within: 10) {
      if case .told(1) = try broker.waitingWorkers(on: []) { true } else { false }
    }
    #expect(hasCome)
  }

  @Test("the first of two equal fields of a connection's line counts, and a value may have an equals sign")
  func line() {
    let line = ClientLine("id=3 addr=127.0.0.1:99 name=a=b cmd=brpop db=1 db=2 user=")
    #expect(line["name"] == "a=b" && line["db"] == "1" && line["user"] == nil && line["addr"] == "127.0.0.1:99")
  }
}
