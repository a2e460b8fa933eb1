import BeatCore

/// The broker's keys that a command or a script uses. When Redis refuses a key, it names neither the key nor the user.
/// A daemon has tried its own keys and the default queue's beforehand, so that the others are the probable ones.
struct BrokerKeys {
  /// What they are, for people: `queue fast`.
  private let words: String
  /// The rules of `ACL SETUSER` that allow them: `~fast*`.
  let grants: [String]

  /// All lists of the queues that have these lists, of each priority.
  init(lists: [[UInt8]], kombu: KombuKeys) {
    var queues: [[UInt8]] = []
    for list in lists {
      let queue = kombu.place(of: list)?.queue ?? list
      if !queues.contains(queue) { queues.append(queue) }
    }
    words = (queues.count == 1 ? "queue " : "queues ") + queues.map { "\(EntryName($0))" }.joined(separator: ", ")
    grants = queues.map { "~\(EntryName(RedisKeys.escaped(kombu.list(of: $0, priority: 0))))*" }
  }

  /// The bindings of an exchange.
  init(bindingsOf exchange: String, kombu: KombuKeys) {
    words = "the bindings of exchange \(exchange)"
    grants = ["~\(EntryName(RedisKeys.escaped(kombu.bindings(of: exchange))))"]
  }

  /// What to do about an error; nil: only the server's words are known.
  ///
  /// - Parameter user: of the connection; nil: the server's default user.
  func advice(for error: RedisServerError, user: String?) -> String? {
    guard error.isOfAKey else { return error.advice }
    let user = user ?? "default"
    return "user \(user) may not use a key of it, probably of \(words): allow it, ACL SETUSER \(user) "
      + grants.map { RedisCLI.quoted($0) }.joined(separator: " ")
  }

  /// The server's words, and the advice if there is one.
  func text(of error: RedisServerError, user: String?) -> String {
    advice(for: error, user: user).map { "\(error.words); \($0)" } ?? error.words
  }
}
