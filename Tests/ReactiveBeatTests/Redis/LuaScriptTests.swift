import Testing

@testable import ReactiveBeat

@Suite struct LuaScriptTests {
  @Test(
    "SHA-1 is SHA-1",
    arguments: [
      ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
  func digest(_ text: String, _ hex: String) {
    #expect(LuaScript(text).sha1 == hex)
  }

  @Test("SHA-1 of every length up to several blocks")
  func lengths() {
    // The digest of all digests, made with Python's hashlib.
    var digests: [UInt8] = []
    for count in 0..<300 {
      digests += SHA1.digest((0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) })
    }
    #expect(SHA1.digest(digests).map { String($0, radix: 16) }.joined() == "dfc942b5ddc5fe6421ccada9be50fa42e873926c")
  }

  @Test("runs by digest, and in full when the server has forgotten it")
  func fallback() throws {
    let server = try RedisServer()
    let script = LuaScript("redis.call('INCR', KEYS[1]) return {KEYS[1], ARGV[1], ARGV[2]}")
    let client = try server.client()
    #expect(client("SCRIPT", "LOAD", script.source)?.text == script.sha1)
    client("SCRIPT", "FLUSH")
    var replies: [RedisReply?] = []
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      func run(then next: @escaping () -> Void) {
        script.evaluate(on: connection, keys: [[0, 10]], arguments: [[], [255]]) {
          replies.append($0)
          next()
        }
      }
      run {  // EVALSHA, NOSCRIPT, EVAL
        run {  // EVALSHA
          client("SCRIPT", "FLUSH")
          run { connection.close() }  // EVALSHA, NOSCRIPT, EVAL
        }
      }
    }
    let reply = RedisReply.array([.string([0, 10]), .string([]), .string([255])])
    #expect(replies == [reply, reply, reply])
    #expect(client.call([Array("GET".utf8), [0, 10]])?.text == "3")
    let statistics = client("INFO", "commandstats")?.text ?? ""
    #expect(statistics.contains("cmdstat_evalsha:calls=3"))
    #expect(statistics.contains("cmdstat_eval:calls=2"))
  }

  @Test("other errors, and the end of the connection, are passed on without a second try")
  func otherErrors() throws {
    let server = try RedisServer()
    var replies: [RedisReply?] = []
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      LuaScript("return redis.error_reply('MINE this is mine')").evaluate(on: connection, keys: [], arguments: []) {
        replies.append($0)
        server.suspend()
        LuaScript("return 1").evaluate(on: connection, keys: [], arguments: []) { replies.append($0) }
        loop.soon { server.kill() }
      }
    }
    #expect(replies.first??.error?.code == "MINE")
    #expect(replies.count == 2)
    #expect(replies.last == .some(nil))
  }
}
