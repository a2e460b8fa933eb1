import Glibc
import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// A server sends what the protocol forbids: the connection ends with a reason, and the process goes on.
@Suite struct HostileReplyTests {
  // MARK: replies to no request

  static let complete = [
    "+OK\r\n", ":1\r\n", "$1\r\nx\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "*1\r\n:1\r\n",
    "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n",
    "*2\r\n*0\r\n*1\r\n+x\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n", "=5\r\ntxt:a\r\n", "%1\r\n+k\r\n+v\r\n",
    "~1\r\n:1\r\n",
    ">0\r\n", ">1\r\n$7\r\nmessage\r\n", ">1\r\n:1\r\n", ">2\r\n$9\r\nsubscribe\r\n:1\r\n",
    ">3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n", RESP.push("pmessage", "a*", "a1", "x"),
    RESP.push("subscribe", "a", 1),
  ]

  @Test("a reply before the first request", arguments: complete)
  func greeting(_ bytes: String) throws {
    let server = try LyingServer(greeting: String(repeating: bytes, count: 5))
    var closed: RedisConnectionError?
    try onLoop { loop in
      _ = RedisConnection(to: server.endpoint, on: loop) {
        closed = $0
        loop.stop()
      }
    }
    #expect(closed?.kind == .protocolBreach, "\(closed?.message ?? "")")
    #expect(
      closed?.message.contains("no request") == true || closed?.message.contains("push") == true,
      "\(closed?.message ?? "")")
  }

  @Test("a reply behind the reply to a request", arguments: complete)
  func behind(_ bytes: String) throws {
    let server = try LyingServer { _ in Array(("+PONG\r\n" + bytes).utf8) }
    var replies: [RedisReply?] = []
    var closed: RedisConnectionError?
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) {
        closed = $0
        loop.stop()
      }
      connection.send(RedisCommand("PING")) { replies.append($0) }
    }
    #expect(replies == [.status("PONG")])
    #expect(closed?.kind == .protocolBreach, "\(closed?.message ?? "")")
  }

  @Test("a reply behind the one whose handler closed the connection")
  func behindTheClosing() throws {
    let server = try LyingServer { _ in Array(("+PONG\r\n" + String(repeating: "+PONG\r\n", count: 100)).utf8) }
    var replies: [RedisReply?] = []
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) {
        #expect($0.kind == .closedLocally)
        loop.stop()
      }
      for _ in 0..<2 {
        connection.send(RedisCommand("PING")) {
          replies.append($0)
          connection.close()
        }
      }
    }
    #expect(replies == [.status("PONG"), nil])
  }

  @Test("an error without a request is the server's reason to close")
  func unaskedError() throws {
    let server = try LyingServer(greeting: "-ERR max number of clients reached\r\n")
    var closed: RedisConnectionError?
    try onLoop { loop in
      _ = RedisConnection(to: server.endpoint, on: loop) {
        closed = $0
        loop.stop()
      }
    }
    #expect(closed?.kind == .serverRefused)
    #expect(closed?.serverCode == "MAXCLIENTS")
  }

  @Test("a push instead of a reply, and within one", arguments: [">1\r\n:1\r\n", "*1\r\n>1\r\n:1\r\n", ">-1\r\n"])
  func pushForAReply(_ bytes: String) throws {
    let server = try LyingServer { _ in Array(bytes.utf8) }
    #expect(try ending(of: server)?.kind == .protocolBreach)
  }

  // MARK: what subscribers hear

  private static let confirmation = RESP.push("psubscribe", "a*", 1)

  /// The reply to the subscription, of which a part may count before the connection ends.
  static let pushes: [String] = [
    "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "*3\r\n:1\r\n:2\r\n:3\r\n", "+OK\r\n", ":1\r\n", "$1\r\nx\r\n", "$-1\r\n",
    "*-1\r\n",
    "*0\r\n", "_\r\n", RESP.array(RESP.bulk("message")), RESP.push("message", "a*"),
    RESP.push("pmessage", "a*", "a1", "x", "y"),
    // Confirmations of patterns that were not subscribed.
    RESP.push("psubscribe", "b*", 1), RESP.push("psubscribe", 1, 1), RESP.push("subscribe", "a*", 1),
    RESP.push("PSUBSCRIBE", "a*", 1), RESP.push("psubscribe", "a*", "x"), RESP.push("psubscribe", "a*", 1, 1),
    confirmation + confirmation, confirmation + RESP.push("subscribe", "a", 2),
    // The end of a subscription.
    RESP.push("punsubscribe", "a*", 0), RESP.push("punsubscribe", "a*", "x"), RESP.push("punsubscribe", "b*", 0),
    RESP.push("unsubscribe", "a", 0), RESP.push("unsubscribe", 7, "x"),
    confirmation + RESP.push("punsubscribe", "a*", 0) + confirmation,
    confirmation + RESP.array(RESP.bulk("punsubscribe"), "$-1\r\n", ":0\r\n"),
    // Messages of another shape.
    confirmation + RESP.push("pmessage", "a*", "a1"), confirmation + RESP.push("pmessage", "a*", 1, 2),
    confirmation + RESP.push("pmessage", "b*", "b1", "x"), confirmation + RESP.push("message", "a", "x"),
    confirmation + RESP.array(RESP.bulk("pmessage"), "*1\r\n:1\r\n", RESP.bulk("a"), RESP.bulk("x")),
    confirmation + RESP.array("*1\r\n:1\r\n", RESP.bulk("a*"), RESP.bulk("a"), RESP.bulk("x")),
    confirmation + RESP.push("", "a*", "a", "x"), confirmation + RESP.push("smessage", "a*", "x"),
    // RESP3, which the client has not chosen.
    ">3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n", ">1\r\n$7\r\nmessage\r\n",
    ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n",
    confirmation + ">1\r\n$7\r\nmessage\r\n", "%2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n",
    "~3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n",
  ]

  @Test("a malformed push, or one about another subscription", arguments: pushes)
  func push(_ bytes: String) throws {
    let server = try LyingServer { words in
      Array((words.first == Array("PSUBSCRIBE".utf8) ? bytes : "+OK\r\n").utf8)
    }
    var confirmed = 0
    var messages = 0
    var closed: RedisConnectionError?
    try onLoop { loop in
      let stream = NotificationStream(to: server.endpoint, on: loop) { _, _ in
        messages += 1
      } onClose: {
        closed = $0
        loop.stop()
      }
      stream.handshake(try RedisURL("redis+socket://\(server.path)"), clientName: nil) { error in
        #expect(error == nil)
        stream.psubscribe([Array("a*".utf8)]) { confirmed += 1 }
      }
    }
    #expect(closed?.kind == .protocolBreach, "\(closed?.message ?? "")")
    #expect(messages == 0)
    #expect(confirmed == (bytes.hasPrefix(Self.confirmation) ? 1 : 0))
  }

  @Test("messages of the subscription still arrive, whatever their bytes")
  func wellFormed() throws {
    let server = try LyingServer { words in
      let text =
        Self.confirmation + RESP.push("pmessage", "a*", "pmessage", "psubscribe") + RESP.push("pmessage", "a*", "", "")
      return Array((words.first == Array("PSUBSCRIBE".utf8) ? text : "+OK\r\n").utf8)
    }
    var heard: [String] = []
    try onLoop { loop in
      let holder = Holder<NotificationStream>()
      let stream = NotificationStream(to: server.endpoint, on: loop) { channel, payload in
        heard += [String(copying: channel), String(copying: payload)]
        if heard.count == 4 { holder.value?.close() }
      } onClose: {
        #expect($0.kind == .closedLocally)
        loop.stop()
      }
      holder.value = stream
      stream.handshake(try RedisURL("redis+socket://\(server.path)"), clientName: nil) { _ in
        stream.psubscribe([Array("a*".utf8)]) {}
      }
    }
    #expect(heard == ["pmessage", "psubscribe", "", ""])
  }

  // MARK: sizes

  @Test(
    "lengths and lines beyond the limits end the connection at once",
    arguments: [
      "$9223372036854775807\r\n", "$268435457\r\n", "$99999999999999999999\r\n",
      "$" + String(repeating: "1", count: 100_000),
      "*1\r\n$9223372036854775806\r\nx", "+" + String(repeating: "a", count: 200_000),
      ":" + String(repeating: "1", count: 200_000),
      "*" + String(repeating: "1", count: 200_000), "-" + String(repeating: "a\r", count: 100_000), "%1000000\r\n",
      "*1048577\r\n",
      "*2\r\n*1048576\r\n" + String(repeating: ":1\r\n", count: 1000) + "*1048577\r\n",
    ])
  func tooLong(_ bytes: String) throws {
    let server = try LyingServer { _ in Array(bytes.utf8) }
    let start = MonotonicTime.now()
    #expect(try ending(of: server)?.kind == .protocolBreach)
    #expect(MonotonicTime.now().microseconds(since: start) < 4_000_000)
  }

  @Test("many small objects count by the memory that they take")
  func smallObjects() throws {
    // 12 million integers are 48 MB on the wire, and more than a gigabyte as objects.
    let million = "*1048576\r\n" + String(repeating: ":1\r\n", count: 1_048_576)
    let bytes = Array(("*12\r\n" + String(repeating: million, count: 12)).utf8)
    let server = try LyingServer { _ in bytes }
    let closed = try ending(of: server)
    #expect(closed?.kind == .protocolBreach)
    #expect(closed?.message.contains("at most 268435456 are allowed") == true, "\(closed?.message ?? "")")
  }

  @Test("a reply that comes byte by byte is not awaited without end")
  func drip() throws {
    let server = try RedisServer()
    let proxy = try FaultProxy(to: server)
    var closed: RedisConnectionError?
    let start = MonotonicTime.now()
    try onLoop { loop in
      var timeouts = RedisTimeouts(reply: 200_000)
      timeouts.whole = 1_500_000
      let connection = RedisConnection(to: .unix(path: proxy.path), on: loop, timeouts: timeouts) {
        closed = $0
        loop.stop()
      }
      connection.send(RedisCommand("SET", "k", String(repeating: "x", count: 10_000))) { _ in
        proxy.drip(50)
        connection.send(RedisCommand("GET", "k")) { #expect($0 == nil) }
      }
    }
    #expect(closed?.kind == .timedOut)
    #expect(MonotonicTime.now().microseconds(since: start) >= 1_500_000)
  }

  @Test("a page of documents of the greatest length is read")
  func largePage() throws {
    let document = RESP.bulk(String(repeating: "d", count: Limit.documentLength.most))
    let bytes = Array(("*200\r\n" + String(repeating: document, count: 200)).utf8)
    let server = try LyingServer { _ in bytes }
    var reply: RedisReply?
    try onLoop(seconds: 60) { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      connection.send(RedisCommand("PING")) {
        reply = $0
        connection.close()
      }
    }
    #expect(reply?.array?.count == 200)
    #expect(reply?.array?.last?.bytes?.count == Limit.documentLength.most)
  }

  /// Sends PING and returns the reason for which the connection ended without a reply.
  private func ending(of server: LyingServer) throws -> RedisConnectionError? {
    var closed: RedisConnectionError?
    try onLoop(seconds: 60) { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) {
        closed = $0
        loop.stop()
      }
      connection.send(RedisCommand("PING")) { #expect($0 == nil) }
    }
    return closed
  }
}
