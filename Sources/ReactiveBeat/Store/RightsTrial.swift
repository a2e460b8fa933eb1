import BeatCore

/// Which single commands a user may not run, or a server does not have: asked after a script was refused, since Redis does
/// not always tell which of its commands that was. Nothing is changed but a key of the rehearsal.
struct RightsTrial {
  /// Without them nothing fires; in alphabetical order.
  private(set) var forbidden: [String] = []
  /// The server has none of these.
  private(set) var unknown: [String] = []
  private var grants: [String] = []

  /// Runs each required command of these places. Not called if the connection dies.
  ///
  /// - Parameter scratch: a key of nobody, which is gone afterwards if the user may delete.
  static func run(
    on connection: RedisConnection, keys: RedisKeys, kombu: KombuKeys, queue: String, scratch: [UInt8],
    places: [CommandUse.Place], then completion: @escaping (RightsTrial) -> Void
  ) {
    let uses = CommandUse.all.filter {
      $0.client == .daemon && places.contains($0.place) && $0.isRequired && isHarmless($0)
    }
    var trial = RightsTrial()
    for (index, use) in uses.enumerated() {
      let key = use.keys.first.map { use.writes ? scratch : keys.example(of: $0, queue: queue, kombu: kombu) }
      let words = use.words(on: key)
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

  /// What changes the connection itself is left out: had it been refused, there would be no connection.
  private static func isHarmless(_ use: CommandUse) -> Bool { !["SELECT", "PSUBSCRIBE"].contains(use.name) }

  private mutating func note(_ use: CommandUse, _ error: RedisServerError) {
    if error.isUnknownCommand {
      if !unknown.contains(use.name) { unknown.append(use.name) }
    } else if error.isOfOurRights, !forbidden.contains(use.name) {
      forbidden.append(use.name)
      grants.append(use.grant)
    }
  }

  /// What is wrong and what to do, for a refusal of this text.
  ///
  /// - Parameter user: nil: the default one.
  func explanation(of refusal: String, user: String?) -> String {
    if !unknown.isEmpty {
      return "\(refusal): the server has no command \(unknown.sorted().joined(separator: ", ")); "
        + "take it out of `rename-command` in its configuration, or ask your provider"
    }
    guard !forbidden.isEmpty else { return refusal }
    return "\(refusal): user \(user ?? "default") may not run \(forbidden.sorted().joined(separator: ", ")); "
      + "allow it, ACL SETUSER \(user ?? "default") \(grants.sorted().joined(separator: " "))"
  }
}
