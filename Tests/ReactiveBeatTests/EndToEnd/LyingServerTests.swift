import Glibc
import Synchronization
import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// A server answers falsely: the daemon lives on, connects less and less often, keeps its memory small, and works as
/// soon as the answers are true.
@Suite(.serialized) struct LyingServerTests {
  /// The answers that a daemon needs to take the server for a Redis. `answer` adds to them.
  private static func convincing(_ words: [[UInt8]]) -> String {
    switch words.first.map({ String(decoding: $0, as: UTF8.self) }) ?? "" {
    case "INFO": RESP.bulk("redis_version:7.0.15\r\nrun_id:abc\r\nrole:master\r\nloading:0\r\n")
    case "CONFIG": RESP.array(RESP.bulk("notify-keyspace-events"), RESP.bulk("AKE"))
    case "PSUBSCRIBE":
      words.dropFirst().enumerated().map {
        RESP.push("psubscribe", String(decoding: $0.element, as: UTF8.self), $0.offset + 1)
      }.joined()
    case "EVALSHA", "EVAL": "*0\r\n"
    case "SCAN": "*2\r\n" + RESP.bulk("0") + "*0\r\n"
    default: "+OK\r\n"
    }
  }

  @Test(
    "the server sends bytes before the first request, or behind a true reply",
    arguments: ["+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", ">1\r\n$7\r\nmessage\r\n"],
    [true, false])
  func unasked(_ bytes: String, isGreeting: Bool) throws {
    let server = try LyingServer(greeting: isGreeting ? bytes : "") { words in
      let isSubscription = words.first == Array("PSUBSCRIBE".utf8)
      return Array((Self.convincing(words) + (!isGreeting && isSubscription ? bytes : "")).utf8)
    }
    let daemon = try Daemon(server.environment)
    try daemon.wait(for: "disconnected")
    // The pauses are 50, 100, 200 ms and so on: the eighth attempt comes after some seconds. Each attempt makes up to
    // two connections.
    usleep(3_000_000)
    #expect(daemon.isRunning)
    #expect(server.connections < 24, "\(server.connections) connections")
    #expect(try daemon.stop() == .status(0))
  }

  @Test("a daemon whose scan does not end still handles signals")
  func scansWithoutEnd() throws {
    let stage = try Stage()
    let proxy = try FaultProxy(to: stage.server)
    proxy.lie { words, truth in
      words.first == Array("SCAN".utf8) ? Array(("*2\r\n" + RESP.bulk("17") + "*0\r\n").utf8) : truth
    }
    let daemon = try stage.launch(proxy.environment)
    #expect(eventually { proxy.requests > 200 })
    #expect(try daemon.peakMemory() < 200 << 20)
    #expect(try daemon.stop() == .status(0))
  }

  @Test(
    "the server's time is no valid time",
    arguments: ["9223372036854775807", "1000000000000000000", "-1", "253402300800"])
  func time(_ seconds: String) {
    #expect(UnixTime(told: seconds, "0") == nil)
    #expect(UnixTime(told: "1", "1000000") == nil)
    #expect(UnixTime(told: "253402300799", "999999")?.microseconds == 253_402_300_799_999_999)
  }

  @Test(
    "the daemon waits for a server that reports a version that is too old, or cluster mode, after it was in order",
    arguments: [
      "redis_version:5.0.0\r\n", "redis_version:7.0.15\r\ncluster_enabled:1\r\n",
    ])
  func misconfiguredLater(_ info: String) throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2"))
    let proxy = try FaultProxy(to: stage.server)
    let daemon = try stage.daemon(proxy.environment)
    #expect(stage.fires(["a"], 2))
    // Unusable answers end the session. The next session gets this one.
    proxy.lie { words, _ in Array((words.first == Array("INFO".utf8) ? RESP.bulk(info) : "+no\r\n").utf8) }
    try daemon.wait(for: "disconnected") { $0.reason.contains("is needed") || $0.reason.contains("cluster") }
    #expect(daemon.isRunning)
    proxy.lie(nil)
    let fired = stage.messages().count
    #expect(eventually(within: 20) { stage.messages().count > fired + 2 })
    #expect(try daemon.stop() == .status(0))
  }

  @Test(
    "replies out of step end the session: each later reply would be taken for another one's",
    arguments: ["$-1\r\n", ":7\r\n", "*0\r\n", "*1\r\n*1\r\n$-1\r\n"])
  func outOfStep(_ answer: String) throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2", #", "catchup": "all""#))
    let proxy = try FaultProxy(to: stage.server)
    let daemon = try stage.daemon(proxy.environment)
    #expect(stage.fires(["a"], 2))
    // One answer is left out, and one is replaced. All later ones are true, but belong to the command before.
    let step = Mutex(0)
    proxy.lie { words, truth in
      guard !words.isEmpty else { return truth }
      return step.withLock {
        $0 += 1
        return $0 == 1 ? [] : $0 == 2 ? Array(answer.utf8) : truth
      }
    }
    try daemon.wait(for: "disconnected") { $0.reason.contains("gave an answer that") }
    let fired = stage.messages().count
    #expect(eventually(within: 20) { stage.messages().count > fired + 5 })
    #expect(try daemon.stop() == .status(0))
    try stage.expectEachOnce(["a"], every: 200_000)
  }

  @Test("lies by a seed, and then the truth", arguments: [1, 2, 3] as [UInt64])
  func seeded(_ seed: UInt64) throws {
    let stage = try Stage()
    for name in ["a", "b"] { stage.set(name, schedule(name, every: "0.2", #", "catchup": "all""#)) }
    let proxy = try FaultProxy(to: stage.server)
    let daemon = try stage.daemon(proxy.environment)
    #expect(stage.fires(["a", "b"], 2))
    let liar = Liar(seed: seed, rate: 10)
    proxy.lie { liar.reply(to: $0, $1) }
    var most = 0
    for _ in 0..<6 {
      let before = proxy.requests
      usleep(1_000_000)
      most = max(most, proxy.requests - before)
      #expect(daemon.isRunning, "\(daemon.output.suffix(2_000))")
    }
    #expect(most < 3_000, "\(most) requests in a second")
    #expect(try daemon.peakMemory() < 200 << 20)
    proxy.lie(nil)
    let fired = stage.messages().count
    #expect(eventually(within: 30) { stage.messages().count > fired + 10 })
    #expect(try daemon.stop() == .status(0))
  }
}
