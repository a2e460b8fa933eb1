import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct SentinelLookupTests {
  /// The answer of a URL's sentinels.
  private func look(_ text: String) throws -> SentinelLookup.Outcome? {
    guard case .sentinels(let group) = try RedisURL(text).location else { throw Failure("no Sentinel URL", 0) }
    var outcome: SentinelLookup.Outcome?
    try onLoop { loop in
      SentinelLookup(of: group, on: loop) {
        #expect(outcome == nil)
        outcome = $0
        // The lookup's connections end before the loop does.
        loop.soon { loop.soon { loop.stop() } }
      }
    }
    return outcome
  }

  private func found(_ outcome: SentinelLookup.Outcome?) -> RedisEndpoint? {
    if case .found(let endpoint) = outcome { endpoint } else { nil }
  }

  private func reason(_ outcome: SentinelLookup.Outcome?) -> String {
    if case .failed(let reason) = outcome { reason } else { "" }
  }

  @Test func primary() throws {
    let stage = try SentinelStage()
    #expect(try found(look(stage.url(0))) == .tcp(host: "127.0.0.1", port: stage.primary.port))

    let unknown = try reason(look(stage.url(0, "?master_name=other")))
    #expect(unknown.contains("\"other\"") && unknown.contains("SENTINEL MASTERS"))
    for port in stage.ports { #expect(unknown.contains("127.0.0.1:\(port) knows no primary of this name")) }

    // The first sentinel is dead and the second does not answer: the third one answers, a second later.
    stage.killSentinel(0)
    #expect(try found(look(stage.url(0))) == .tcp(host: "127.0.0.1", port: stage.primary.port))
    let mute = try RedisServer(tcp: true)
    mute.suspend()
    defer { mute.resume() }
    let start = MonotonicTime.now()
    let url = "sentinel://127.0.0.1:\(mute.port);127.0.0.1:\(stage.ports[1])?master_name=mymaster"
    #expect(try found(look(url)) == .tcp(host: "127.0.0.1", port: stage.primary.port))
    #expect(MonotonicTime.now().microseconds(since: start) < 10_000_000)
  }

  @Test func password() throws {
    let stage = try SentinelStage(password: "hunter2")
    let good = try look(stage.url(0, "?master_name=mymaster&sentinel_password=hunter2"))
    #expect(found(good) == .tcp(host: "127.0.0.1", port: stage.primary.port))
    let without = try reason(look(stage.url(0)))
    #expect(without.contains("NOAUTH"))
    let wrong = try reason(look(stage.url(0, "?master_name=mymaster&sentinel_password=hunter3")))
    #expect(wrong.contains("password is wrong"))
    #expect(!wrong.contains("hunter3"))
  }

  /// An answer that is no host and port is no primary, and does nothing but end the question.
  @Test(
    arguments: [
      "*-1\r\n", ":1\r\n", "*0\r\n", "*2\r\n:1\r\n:2\r\n", "*2\r\n$-1\r\n$-1\r\n", "*2\r\n*0\r\n*0\r\n",
      "*3\r\n+a\r\n+1\r\n+2\r\n",
      RESP.array(RESP.bulk(""), RESP.bulk("1")), RESP.array(RESP.bulk("a"), RESP.bulk("0")),
      RESP.array(RESP.bulk("a"), RESP.bulk("65536")), RESP.array(RESP.bulk("a"), RESP.bulk("-1")),
      RESP.array(RESP.bulk("a\u{0}b"), RESP.bulk("1")), RESP.array(RESP.bulk("a\nb"), RESP.bulk("1")),
      RESP.array(RESP.bulk("\u{202E}a"), RESP.bulk("1")),
      RESP.array(RESP.bulk(String(repeating: "a", count: 256)), RESP.bulk("1")),
      "+OK\r\n+OK\r\n+OK\r\n+OK\r\n", ">1\r\n$7\r\nmessage\r\n", "$9223372036854775807\r\n",
    ])
  func nonsense(_ answer: String) throws {
    let server = try LyingServer { words in
      Array((words.first == Array("SENTINEL".utf8) ? answer : "+OK\r\n").utf8)
    }
    let group = SentinelGroup(
      sentinels: [server.endpoint], masterName: "m", username: nil, password: nil, security: nil)
    var outcome: SentinelLookup.Outcome?
    try onLoop { loop in
      SentinelLookup(of: group, on: loop) {
        outcome = $0
        loop.soon { loop.soon { loop.stop() } }
      }
    }
    #expect(reason(outcome).contains("no sentinel names the primary"))
  }

  @Test func nobodyThere() throws {
    let ports = try [RedisServer.freePort(), RedisServer.freePort()]
    let reason = try reason(look("sentinel://127.0.0.1:\(ports[0]);127.0.0.1:\(ports[1])?master_name=mymaster"))
    for port in ports { #expect(reason.contains("127.0.0.1:\(port) refused")) }
    #expect(reason.contains("are the sentinels reachable"))
  }

  @Test("a server that is no sentinel says so")
  func noSentinel() throws {
    let server = try RedisServer(tcp: true)
    #expect(try reason(look("sentinel://127.0.0.1:\(server.port)?master_name=m")).contains("unknown command"))
  }
}
