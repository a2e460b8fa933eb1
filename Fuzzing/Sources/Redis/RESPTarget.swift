import CHiredisAsync

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

extension FuzzTarget {
  /// What a server sends. It goes to hiredis' reader with the daemon's limits, in one piece and in two, and to both
  /// kinds of connection, where hiredis trusts what it is sent. hiredis itself is not instrumented, but its memory is
  /// checked.
  static let resp = FuzzTarget(
    "resp",
    words: [
      "+OK\r\n", "-ERR x\r\n", ":1\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", ",inf\r\n", "(12345\r\n",
      "=7\r\ntxt:abc\r\n",
      "%1\r\n", "~2\r\n", ">3\r\n", "|1\r\n", "*1\r\n", "*1048576\r\n", "*1048577\r\n", "$2147483647\r\n", "\r\n",
      "$0\r\n\r\n",
      "*3\r\n", "*4\r\n", "$10\r\npsubscribe\r\n", "$9\r\nsubscribe\r\n", "$8\r\npmessage\r\n", "$7\r\nmessage\r\n",
      "$12\r\npunsubscribe\r\n", "$11\r\nunsubscribe\r\n", "$2\r\na*\r\n", "$2\r\nb*\r\n", "$2\r\na1\r\n",
      "$9223372036854775807\r\n",
    ],
    seeds: {
      [
        "+OK\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\nset\r\n", "*2\r\n*-1\r\n*2\r\n:1\r\n-ERR x\r\n",
        "%1\r\n+k\r\n,1.5\r\n",
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "#t\r\n_\r\n(123\r\n~1\r\n:5\r\n",
        "*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$2\r\na1\r\n$1\r\nx\r\n",
        "*3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:0\r\n*3\r\n$9\r\nsubscribe\r\n$2\r\na*\r\n:1\r\n",
        ">1\r\n$7\r\nmessage\r\n", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n",
        "=15\r\ntxt:Some string\r\n", "*4\r\n$2\r\nOK\r\n:12\r\n$0\r\n\r\n$-1\r\n", "$-1\r\n:9223372036854775807\r\n",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let whole = try replies(to: [bytes[...]])
      let middle = bytes.count == 0 ? 0 : Int(FuzzInput.digest(bytes) % UInt64(bytes.count))
      let parts = try replies(to: [bytes[..<middle], bytes[middle...]])
      // The replies are compared as text, since NaN is not equal to itself.
      try hold("\(whole)" == "\(parts)", "\(whole) in one piece, \(parts) in two")
      let stage = try RESPStage()
      try stage.answerCommands(bytes)
      try stage.answerSubscriber(bytes)
    })

  /// The replies before the reader's first error, and whether there was an error.
  private static func replies(to parts: [ArraySlice<UInt8>]) throws -> (list: [RedisReply], failed: Bool) {
    guard let reader = redisReaderCreate() else { throw BrokenProperty("no reader") }
    defer { redisReaderFree(reader) }
    let ledger = ReplyLedger()
    ledger.watch(reader)
    defer { withExtendedLifetime(ledger) {} }
    var list: [RedisReply] = []
    for part in parts where !part.isEmpty {
      let fed = part.withUnsafeBytes { bytes in
        redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
      }
      guard fed == REDIS_OK else { return (list, true) }
      while true {
        var found: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &found) == REDIS_OK else { return (list, true) }
        guard let found else { break }
        let reply = RedisReply(draining: found.assumingMemoryBound(to: redisReply.self))
        freeReplyObject(found)
        try hold(depth(of: reply) <= Limit.replyDepth.most, "a reply of depth \(depth(of: reply))")
        list.append(reply)
      }
    }
    return (list, false)
  }

  private static func depth(of reply: RedisReply) -> Int {
    guard let elements = reply.array else { return 0 }
    return 1 + (elements.map { depth(of: $0) }.max() ?? 0)
  }
}
