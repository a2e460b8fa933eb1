import BeatCore

/// The messages that the broker will never take, a stream in the store.
extension RedisStoreClient {
  private static let asideScript = LuaScript(embedded: PackageResources.aside_lua)
  /// The longest part of a field that is shown; bytes.
  private static let longest = 2_000

  package func messagesSetAside(atMost limit: Int) throws(StoreError) -> MessagesSetAside {
    let count = min(max(0, limit), Limit.messagesSetAside.most)
    let reply = try evaluate(
      Self.asideScript, keys: [keys.setAside], arguments: [count, Self.longest].map { Array("\($0)".utf8) })
    guard let parts = reply.array, let number = parts.first?.integer else {
      throw misfit("a read of what is set aside")
    }
    return MessagesSetAside(count: Int(clamping: number), newest: parts.dropFirst().compactMap { Self.message($0) })
  }

  private static func message(_ reply: RedisReply) -> MessagesSetAside.Message? {
    guard let parts = reply.array?.map({ $0.text ?? "" }), parts.count == 4 else { return nil }
    return MessagesSetAside.Message(
      place: parts[0], taskID: parts[1], destination: parts[2], reason: parts[3],
      at: parts[0].split(separator: "-").first.flatMap { Int64($0) }.flatMap {
        let (microseconds, isTooFar) = $0.multipliedReportingOverflow(by: 1000)
        return isTooFar ? nil : UnixTime(microseconds: microseconds)
      })
  }
}

/// What a person does about a message that is set aside.
enum SetAsideCommand {
  private static let putBackScript =
    "local e = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1] if not e then return 0 end "
    + "for i = 1, #e[2], 2 do if e[2][i] == 'item' then redis.call('LPUSH', KEYS[2], e[2][i + 1]) end end "
    + "return redis.call('XDEL', KEYS[1], ARGV[1])"

  /// Puts it into the outbox as its newest message. It goes out with the next one.
  static func putBack(_ message: MessagesSetAside.Message, _ keys: RedisKeys, cli: String) -> String {
    "\(cli) EVAL \(RedisCLI.quoted(putBackScript)) 2 \(RedisCLI.word(keys.setAside)) \(RedisCLI.word(keys.outbox)) "
      + RedisCLI.quoted(message.place)
  }

  static func drop(_ message: MessagesSetAside.Message, _ keys: RedisKeys, cli: String) -> String {
    "\(cli) XDEL \(RedisCLI.word(keys.setAside)) \(RedisCLI.quoted(message.place))"
  }
}
