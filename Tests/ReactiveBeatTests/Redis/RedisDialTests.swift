import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct RedisDialTests {
  /// A callback of a dial.
  private enum Step: Equatable {
    case found(RedisEndpoint)
    case opened(String?)
    case closed(RedisConnectionError.Kind)
  }

  /// Dials, and closes the connection when the server has returned its name.
  private func dial(_ url: RedisURL, timeouts: RedisTimeouts = RedisTimeouts()) throws -> [Step] {
    var steps: [Step] = []
    try onLoop { loop in
      RedisDial(url, as: "dial-test", on: loop, timeouts: timeouts).open {
        steps.append(.found($0))
      } opened: { connection in
        connection.send(RedisCommand("CLIENT", "GETNAME")) {
          steps.append(.opened($0?.text))
          connection.close()
        }
      } closed: {
        steps.append(.closed($0.kind))
        loop.soon { loop.soon { loop.stop() } }
      }
    }
    return steps
  }

  @Test("reports the server's address, the ready connection, and its end, each once")
  func whole() throws {
    let server = try RedisServer()
    let url = try RedisURL("redis+socket://\(server.socketPath)")
    #expect(try dial(url) == [.found(server.endpoint), .opened("dial-test"), .closed(.closedLocally)])
  }

  @Test func bySentinels() throws {
    let stage = try SentinelStage()
    let primary = RedisEndpoint.tcp(host: "127.0.0.1", port: stage.primary.port)
    let url = try RedisURL(stage.url(0))
    #expect(try dial(url) == [.found(primary), .opened("dial-test"), .closed(.closedLocally)])
    let unknown = try RedisURL(stage.url(0, "?master_name=other"))
    #expect(try dial(unknown) == [.closed(.unlocated)])
  }

  @Test func refusal() throws {
    let server = try RedisServer()
    let wrong = try RedisURL("redis+socket://nobody:no@\(server.socketPath)")
    #expect(try dial(wrong) == [.found(server.endpoint), .closed(.serverRefused)])
    let absent = RedisEndpoint.unix(path: "/tmp/reactivebeat-no-such.sock")
    let nowhere = try RedisURL("redis+socket:///tmp/reactivebeat-no-such.sock")
    #expect(try dial(nowhere) == [.found(absent), .closed(.refused)])
  }

  @Test("a server that does not answer has the allowed time, and no more")
  func deadline() throws {
    let server = try RedisServer()
    server.suspend()
    defer { server.resume() }
    let url = try RedisURL("redis+socket://\(server.socketPath)")
    let steps = try dial(url, timeouts: RedisTimeouts(connect: 200_000, reply: 200_000))
    #expect(steps == [.found(server.endpoint), .closed(.timedOut)])
  }

  @Test("after a cancel no callback is called, whichever step the dial had reached")
  func cancelled() throws {
    let server = try RedisServer()
    let stage = try SentinelStage()
    let direct = try RedisURL("redis+socket://\(server.socketPath)")
    for (url, cancelsWhenFound) in [(direct, true), (direct, false), (try RedisURL(stage.url(0)), false)] {
      var steps: [Step] = []
      try onLoop { loop in
        let dial = RedisDial(url, as: "dial-test", on: loop)
        dial.open {
          steps.append(.found($0))
          if cancelsWhenFound { dial.cancel() }
        } opened: { _ in
          steps.append(.opened(nil))
        } closed: {
          steps.append(.closed($0.kind))
        }
        dial.cancel()
        #expect(cancelsWhenFound == (url == direct && dial.connection == nil))
        let rest = LoopTimer(on: loop) { loop.stop() }
        rest.schedule(after: 100_000)
        return rest
      }
      #expect(steps == (url == direct ? [.found(server.endpoint)] : []))
    }
  }
}
