import BeatCore

/// Which single commands a user may not run, or a server does not have: asked after a script was refused, since Redis
/// does not always tell which of its commands that was; and of those that a fire can do without, which nobody would
/// tell. Nothing is changed but a key of the rehearsal.
package struct RightsTrial {
  /// In the order of the table.
  private(set) var forbidden: [String] = []
  /// The server has none of these.
  private(set) var unknown: [String] = []
  private var grants: [String] = []
  /// What is missing without them.
  private var losses: [String] = []

  /// Which commands are tried.
  package enum Extent {
    /// Those without which nothing fires.
    case required
    /// Those that a daemon can fire without which has loaded everything.
    case lesser

    func contains(_ use: CommandUse) -> Bool {
      switch self {
      case .required: use.isRequired
      case .lesser: !use.isRequired || use.isForConnections
      }
    }
  }

  /// Runs each command of the daemon at these places. Not called if the connection dies.
  ///
  /// - Parameters:
  ///   - scratch: a key of nobody, which is gone afterwards if the user may delete.
  ///   - database: the connection's; nil: nothing needs SELECT.
  ///   - spared: commands that are not needed here.
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
      // To where the connection is, and stays.
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

  /// What is for a session's begin is left out: had it been refused, there would be none, or it has been said.
  private static func isHarmless(_ use: CommandUse) -> Bool { !use.isOfChangeDetection && !use.isOfConnecting }

  /// Whether it is one of those that are missing.
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

  /// What is wrong and what to do. The server's words are left out where they are understood.
  ///
  /// - Parameters:
  ///   - what: was refused, such as "no watermark can be kept".
  ///   - text: the server's words.
  ///   - user: nil: the default one.
  func explanation(of what: String, _ text: String, user: String?) -> String {
    "\(what): \(advice(user: user) ?? text)"
  }

  /// What a fire can do without and is missing; nil: nothing is.
  func lack(user: String?) -> String? {
    advice(user: user).map { "it does without \(losses.joined(separator: ", ")): \($0)" }
  }

  /// What is missing, and what to do; nil: nothing is.
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
