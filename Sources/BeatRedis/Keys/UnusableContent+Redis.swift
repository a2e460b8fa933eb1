import BeatCore

extension UnusableContent {
  /// The contents of Redis' own types. Many keys of one type share one text.
  private static let known = Dictionary(
    uniqueKeysWithValues: ["hash", "list", "set", "stream", "zset"].map { ($0, made(ofType: $0)) })

  /// The contents of a key that holds another Redis type than a document's string.
  static func ofType(_ type: String) -> UnusableContent { known[type] ?? made(ofType: type) }

  /// The same where the server does not tell the type.
  static let ofAnotherType = UnusableContent(found: "another Redis type", problem: "holds another Redis type")

  private static func made(ofType type: String) -> UnusableContent {
    UnusableContent(
      found: "a Redis \(type)",
      problem: "holds a Redis \(type), and a schedule is a string; delete the key and SET it again")
  }
}
