import BeatCore
import ReactiveBeat

/// What the Redis user may do, asked with the user of this command: give it the daemon's URL.
extension Doctor {
  /// One command of the daemon, as it could be.
  private struct Right {
    let words: [[UInt8]]
    /// Without it nothing works; else something smaller is missing.
    let isNeeded: Bool
    /// The same on a key of nobody, where the command itself would change something; nil: it is harmless.
    var trial: [[UInt8]]?
  }

  func examineRights() throws {
    let before = findings.count
    try examine(storeRights(), of: client)
    if let broker { try examine(brokerRights(), of: broker) }
    if findings.count == before { add(.ok, "rights", "the user may do all that the daemon does") }
  }

  private func right(_ words: [Any], isNeeded: Bool = true, trial: [Any]? = nil) -> Right {
    func bytes(_ words: [Any]) -> [[UInt8]] { words.map { $0 as? [UInt8] ?? Array("\($0)".utf8) } }
    return Right(words: bytes(words), isNeeded: isNeeded, trial: trial.map(bytes))
  }

  /// A key of nobody that a daemon's user may write.
  private var scratch: [UInt8] { client.keys.heartbeat("probe-rights") }
  /// The same on a broker of its own.
  private var brokerScratch: [UInt8] { areTwoServers ? RedisKeys.delivered("probe-rights") : scratch }

  private func storeRights() -> [Right] {
    let keys = client.keys
    let document = keys.document(EntryName("a"))
    return [
      right(["GET", document]), right(["SET", document, "x"], trial: ["SET", scratch, "x", "PX", "5000"]),
      right(["SCAN", "0"]), right(["TYPE", document]), right(["STRLEN", document]), right(["TIME"]),
      right(["SETRANGE", document, "0", "x"], isNeeded: false, trial: ["SETRANGE", scratch, "0", "x"]),
      right(["EVAL", "return 1", "0"]), right(["EVALSHA", String(repeating: "0", count: 40), "0"]),
      right(["HGET", keys.mark, "a"]), right(["HSET", keys.mark, "a", "b"], trial: ["HSET", scratch, "a", "b"]),
      right(["GET", keys.lease]), right(["SET", keys.lease, "x"], trial: ["SET", scratch, "x", "PX", "5000"]),
      right(["PTTL", keys.lease]), right(["INCR", keys.epoch], trial: ["INCR", scratch]),
      right(["DEL", keys.lease], trial: ["DEL", scratch]),
      right(["HSCAN", keys.manual, "0"], isNeeded: false), right(["HEXISTS", keys.manual, "a"], isNeeded: false),
      right(["HDEL", keys.manual, "a"], isNeeded: false),
      right(["LPUSH", keys.answer(to: "a"), "x"], isNeeded: false, trial: ["LPUSH", scratch, "x"]),
      right(["EXPIRE", keys.answer(to: "a"), "60"], isNeeded: false),
      right(
        ["XADD", keys.history, "*", "a", "b"], isNeeded: false, trial: ["XADD", scratch, "*", "a", "b"]),
      right(["EXISTS", document], isNeeded: false), right(["INFO"], isNeeded: false),
      right(["CLIENT", "SETNAME", "beat-watch-command"], isNeeded: false),
    ]
      + (areTwoServers
        ? [
          right(["LPUSH", keys.outbox, "x"], trial: ["LPUSH", scratch, "x"]), right(["LLEN", keys.outbox]),
          right(["LINDEX", keys.outbox, "0"]), right(["LREM", keys.outbox, "1", "never"]),
        ] : [])
  }

  private func brokerRights() -> [Right] {
    let queue = kombu.list(of: Array(defaultQueue.utf8), priority: 0)
    let bindings = kombu.bindings(of: defaultQueue)
    return [
      right(["LPUSH", queue, "x"], trial: ["LPUSH", brokerScratch, "x"]), right(["TYPE", queue]),
      right(["LPOP", queue], isNeeded: false, trial: ["LPOP", brokerScratch]),
      right(["SADD", bindings, "x"], isNeeded: false, trial: ["SADD", brokerScratch, "x"]),
      right(["SMEMBERS", bindings], isNeeded: false),
    ]
  }

  private func examine(_ rights: [Right], of client: StoreClient) throws {
    let user = try client.replies(to: [RedisCommand("ACL", "WHOAMI")])[0].text ?? client.url.username ?? "default"
    let asked = try client.replies(
      to: rights.map { right in
        var command = RedisCommand("ACL", "DRYRUN", user)
        command.append(contentsOf: right.words)
        return command
      })
    var refused: [(Right, String)] = []
    if asked.contains(where: { $0.error == nil }) {
      for (right, reply) in zip(rights, asked) where reply.error == nil && !reply.isOK {
        refused.append((right, reply.text ?? ""))
      }
    } else {
      // Not allowed, or a server that does not know it: what is harmless is tried.
      defer { _ = try? client.replies(to: [RedisCommand("DEL", client === self.client ? scratch : brokerScratch)]) }
      let tried = try client.replies(
        to: rights.map { right in
          let words = right.trial ?? right.words
          var command = RedisCommand(String(decoding: words[0], as: UTF8.self))
          command.append(contentsOf: words.dropFirst())
          return command
        })
      for (right, reply) in zip(rights, tried) {
        if let error = reply.error, error.code == "NOPERM" { refused.append((right, error.message)) }
      }
    }
    for isNeeded in [true, false] {
      let some = refused.filter { $0.0.isNeeded == isNeeded }
      guard !some.isEmpty else { continue }
      var grants: [String] = []
      for (right, reason) in some {
        let grant = Self.grant(right.words, reason)
        if !grants.contains(grant) { grants.append(grant) }
      }
      let names = some.map { String(decoding: $0.0.words[0], as: UTF8.self) }
      add(
        isNeeded ? .problem : .warning, "rights",
        "user \(user) may not do what the daemon " + (isNeeded ? "needs" : "would do, and can do without")
          + ": \(Array(Set(names)).sorted().joined(separator: ", ")) on \(client.url) (\(some[0].1))",
        fix: "\(Self.cli(client.url)) ACL SETUSER \(Self.quoted(user)) "
          + grants.map(Self.quoted).joined(separator: " "))
    }
  }

  /// What would allow it: the command, or the key.
  private static func grant(_ words: [[UInt8]], _ reason: String) -> String {
    let name = String(decoding: words[0], as: UTF8.self).lowercased()
    guard reason.contains("key"), words.count > 1 else {
      return name == "client" ? "+client|setname" : "+\(name)"
    }
    return "~\(EntryName(RedisKeys.escaped(words[1])))"
  }
}
