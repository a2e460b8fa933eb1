import BeatCore

extension UnusableContent {
  /// Of the types that Redis has itself; many keys of one type share one text.
  private static let known = Dictionary(
    uniqueKeysWithValues: ["hash", "list", "set", "stream", "zset"].map { ($0, made(ofType: $0)) })

  /// A key that holds another Redis type than a document's.
  static func ofType(_ type: String) -> UnusableContent { known[type] ?? made(ofType: type) }

  private static func made(ofType type: String) -> UnusableContent {
    UnusableContent(
      found: "a Redis \(type)",
      problem: "holds a Redis \(type), and a schedule is a string; delete the key and SET it again")
  }
}
