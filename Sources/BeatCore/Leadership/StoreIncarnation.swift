/// The word that is given once to a store's contents: `<identity>`, or `<identity>/<word>` since a daemon has told all
/// others that they may have missed events. By another word the contents are read again; by another identity they are
/// others.
package enum StoreIncarnation {
  package static func identity(of word: some StringProtocol) -> String { String(word.prefix { $0 != "/" }) }

  /// The same contents, under another word.
  ///
  /// - Parameters:
  ///   - word: what stands there; nil: nothing, or nothing that can be read. The contents get an identity, then.
  ///   - random: never the same twice.
  package static func renewed(_ word: String?, random: String) -> String {
    // What somebody else has put there may be as long as they like.
    guard let word, case let identity = identity(of: word), (1...64).contains(identity.utf8.count) else {
      return "\(random)/\(random)"
    }
    return "\(identity)/\(random)"
  }
}
