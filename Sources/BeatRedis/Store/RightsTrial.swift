import BeatCore

/// Finds the commands that a user may not run or that a server does not have, by trying each. It is needed after a
/// script was refused, since Redis does not always name the command, and for the commands that a fire can do without,
/// whose lack nothing else shows. It changes only a key of the rehearsal.
package struct RightsTrial {
  /// The commands that the user may not run, in the order of the table.
  private(set) var forbidden: [String] = []
  /// The commands that the server does not have.
  private(set) var unknown: [String] = []
  private var grants: [String] = []
  /// What the daemon loses without these commands.
  private var losses: [String] = []

  /// Which commands are tried.
  package enum Extent {
    /// The commands without which nothing fires.
    case required
    /// The commands that a daemon with all schedules loaded can fire without.
    case lesser

    func contains(_ use: CommandUse) -> Bool {
      switch self {
      case .required: use.isRequired
      case .lesser: !use.isRequired || use.isForConnections
      }
    }
  }

  /// Runs each command of the daemon at these places. `completion` is not called if the connection dies.
  ///
  /// - Parameters:
  ///   - scratch: a key for writing, which is deleted afterwards if the user may delete.
  ///   - database: the connection's database; nil: no script needs SELECT.
  ///   - spared: commands that are not needed here and not tried.
  static func run(
    on connection: RedisConnection, keys: RedisKeys, kombu: KombuKeys, queue: String, scratch: [UInt8],
    places: [CommandUse.Place], extent: Extent, database: Int? = nil, sparing spared: Set<String> = [],
    then completion: @escaping (RightsTrial) -> Void
  ) {
    let uses = CommandUse.all.filter {
      $0.client == .daemon && places.contains($0.place) && extent.contains($0)
        && (isHarmless($0) || $0.name == "SELECT" && database != nil) && !spared.contains($0.name)
    }
    var trial = RightsTrial()
    for (index, use) in uses.enumerated() {
      let key = use.keys.first.map { use.writes ? scratch : keys.example(of: $0, queue: queue, kombu: kombu) }
      var words = use.words(on: key)
      // SELECT names the connection's own database, so nothing changes.
      if use.name == "SELECT", let database { words = [words[0], Array("\(database)".utf8)] }
      var command = RedisCommand(String(decoding: words[0], as: UTF8.self))
      command.append(contentsOf: words.dropFirst())
      connection.send(command) { reply in
        guard let reply else { return }
        if let error = reply.error { trial.note(use, error) }
        guard index == uses.count - 1 else { return }
        connection.send(RedisCommand("DEL", scratch)) { reply in
          if reply != nil { completion(trial) }
        }
      }
    }
  }

  /// Whether the command can be tried. Those that begin a session are left out: if one of them were refused, there
  /// would be no session, or the refusal has been reported.
  private static func isHarmless(_ use: CommandUse) -> Bool { !use.isOfChangeDetection && !use.isOfConnecting }

  /// Whether a command is missing or not allowed.
  func lacks(_ command: String) -> Bool { forbidden.contains(command) || unknown.contains(command) }

  private mutating func note(_ use: CommandUse, _ error: RedisServerError) {
    guard error.isOfOurRights else { return }
    for loss in use.lossesWhileConnected where !losses.contains(loss) { losses.append(loss) }
    if error.isUnknownCommand {
      if !unknown.contains(use.name) { unknown.append(use.name) }
    } else if !forbidden.contains(use.name) {
      forbidden.append(use.name)
      grants.append(use.grant)
    }
  }

  /// The problem with its remedy. The server's text is left out if the missing right is known.
  ///
  /// - Parameters:
  ///   - what: what failed, such as "no watermark can be kept".
  ///   - text: the server's text.
  ///   - user: the Redis user; nil: the default user.
  func explanation(of what: String, _ text: String, user: String?) -> String {
    "\(what): \(advice(user: user) ?? text)"
  }

  /// What is missing that a fire can do without, with the remedy; nil: nothing is.
  func lack(user: String?) -> String? {
    advice(user: user).map { "it does without \(losses.joined(separator: ", ")): \($0)" }
  }

  /// What is missing, with the remedy; nil: nothing is.
  package func advice(user: String?) -> String? {
    if !unknown.isEmpty {
      return "the server has no command \(unknown.sorted().joined(separator: ", ")); "
        + "take it out of `rename-command` in its configuration, or ask your provider"
    }
    guard !forbidden.isEmpty else { return nil }
    return "user \(user ?? "default") may not run \(forbidden.sorted().joined(separator: ", ")); "
      + "allow it, ACL SETUSER \(user ?? "default") \(grants.sorted().joined(separator: " "))"
  }
}
