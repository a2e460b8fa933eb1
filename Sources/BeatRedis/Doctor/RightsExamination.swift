import BeatCore

/// Checks which commands of the daemon its Redis user may run, and whether the server has them: they may have been
/// renamed. If no daemon is connected, it checks the user of this command, which should then have the daemon's URL.
struct RightsExamination {
  /// One use of a command by the daemon, as ACL DRYRUN can check it.
  struct Right {
    let use: CommandUse
    let key: [UInt8]?
    /// The channel to which it subscribes; nil: it does not subscribe.
    let channel: [UInt8]?
    let words: [[UInt8]]
    /// The command as it can be tried, on a scratch key if it writes; nil: it cannot be tried.
    let trial: [[UInt8]]?
  }

  let client: RedisStoreClient
  /// A key that no client uses and a daemon's user may write.
  let scratch: [UInt8]
  let kombu: KombuKeys
  let defaultQueue: String
  let findings: FindingList

  func rights(_ uses: [CommandUse]) -> [Right] {
    uses.filter { !$0.isOfChangeDetection }.flatMap { use in
      let keys = use.keys.map { Optional(client.keys.example(of: $0, queue: defaultQueue, kombu: kombu)) }
      return (keys.isEmpty ? [nil] : keys).map { key in
        Right(
          use: use, key: key, channel: nil, words: use.words(on: key),
          trial: ["SELECT", "CLIENT SETNAME"].contains(use.name) ? nil : use.words(on: use.writes ? scratch : key))
      }
    }
  }

  /// The uses of the lists of queues: the default queue's are among `rights`.
  func rights(to queues: Set<[UInt8]>) -> [Right] {
    let uses = CommandUse.all.filter { $0.client == .daemon && $0.place == .queues && $0.keys == [.queue] }
    let others = queues.subtracting([Array(defaultQueue.utf8)]).sorted { $0.lexicographicallyPrecedes($1) }
    return others.flatMap { queue in
      let list = kombu.list(of: queue, priority: 0)
      return uses.map { use in
        // What writes is not tried on a queue. The commands that read show whether its key is allowed.
        Right(
          use: use, key: list, channel: nil, words: use.words(on: list), trial: use.writes ? nil : use.words(on: list))
      }
    }
  }

  /// Checks each user of a connected daemon, or the user of this command if none is connected. Returns the users
  /// checked.
  func examine(_ rights: [Right]) throws -> Set<String> {
    let asker = try client.replies(to: [RedisCommand("ACL", "WHOAMI")])[0].text ?? client.url.username ?? "default"
    let users = try client.daemonUsers()
    let asked = users.isEmpty ? [asker] : users
    for user in asked.sorted() { try examine(rights, of: user, asking: asker) }
    return asked
  }

  private func examine(_ rights: [Right], of user: String, asking asker: String) throws {
    let asked = try client.replies(
      to: rights.map { right in
        var command = RedisCommand("ACL", "DRYRUN", user)
        command.append(contentsOf: right.words)
        return command
      })
    var refused: [(Right, String)] = []
    var unknown: [CommandUse] = []
    if asked.contains(where: { $0.error == nil }) {
      for (right, reply) in zip(rights, asked) {
        if let error = reply.error {
          if error.message.contains("not found") { unknown.append(right.use) }
        } else if !reply.isOK {
          refused.append((right, reply.text ?? ""))
        }
      }
    } else if user != asker {
      return findings.add(
        .warning, "rights",
        "what user \(user) of the daemon may do, user \(asker) may not ask on \(client.url) (ACL DRYRUN, Redis 7)",
        fix: "run `beat-watch doctor` once with the URL of user \(user)")
    } else {
      // ACL DRYRUN is not allowed, or the server does not have it: commands that do no harm are tried.
      defer { _ = try? client.replies(to: [RedisCommand("DEL", scratch)]) }
      let trials = rights.compactMap { right in right.trial.map { (right: right, words: $0) } }
      let tried = try client.replies(
        to: trials.map { trial in
          var command = RedisCommand(String(decoding: trial.words[0], as: UTF8.self))
          command.append(contentsOf: trial.words.dropFirst())
          return command
        })
      for (right, reply) in zip(trials.map(\.right), tried) {
        guard let error = reply.error else { continue }
        if error.code == "NOPERM" { refused.append((right, error.message)) }
        if error.message.lowercased().contains("unknown command") { unknown.append(right.use) }
      }
    }
    for isNeeded in [true, false] {
      let names = Set(unknown.filter { $0.isRequired == isNeeded }.map(\.name)).sorted()
      guard !names.isEmpty else { continue }
      findings.add(
        isNeeded ? .problem : .warning, "rights",
        "\(client.url) has no command \(names.joined(separator: ", ")), "
          + (isNeeded ? "and without it nothing fires" : "which the daemon would use, and can do without"),
        fix: "take `rename-command \(names[0])` out of redis.conf and restart Redis, or ask your provider")
    }
    /// Whether a refusal concerns something that fires need. A forbidden key is forbidden for the commands that could
    /// not be tried on it, too.
    func isNeeded(_ right: Right, _ reason: String) -> Bool {
      if right.use.isRequired { return true }
      guard Self.isOfKey(right, reason) else { return false }
      return rights.contains { $0.use.isRequired && $0.key == right.key }
    }
    var grants: [String] = []
    for needed in [true, false] {
      // A right that is both needed and good to have is named once.
      let some = refused.filter { isNeeded($0.0, $0.1) == needed && !grants.contains(Self.grant($0.0, $0.1)) }
      guard !some.isEmpty else { continue }
      grants = []
      for (right, reason) in some {
        let grant = Self.grant(right, reason)
        if !grants.contains(grant) { grants.append(grant) }
      }
      let names = some.map(\.0.use.name)
      findings.add(
        needed ? .problem : .warning, "rights",
        "user \(user) may not do what the daemon " + (needed ? "needs" : "would do, and can do without")
          + ": \(Array(Set(names)).sorted().joined(separator: ", ")) on \(client.url) (\(some[0].1))",
        fix: "\(RedisCLI.command(client.url)) ACL SETUSER \(RedisCLI.quoted(user)) "
          + grants.map(RedisCLI.quoted).joined(separator: " "))
    }
  }

  /// The ACL rule that would allow it: for the command, the key or the channel.
  private static func grant(_ right: Right, _ reason: String) -> String {
    if let channel = right.channel, reason.contains("channel") { return "&\(EntryName(channel))" }
    guard isOfKey(right, reason), let key = right.key else { return right.use.grant }
    // A queue has a list for each priority, whose keys begin with the queue's.
    return "~\(EntryName(RedisKeys.escaped(key)))" + (right.use.keys.contains(.queue) ? "*" : "")
  }

  private static func isOfKey(_ right: Right, _ reason: String) -> Bool { right.key != nil && reason.contains("key") }
}
