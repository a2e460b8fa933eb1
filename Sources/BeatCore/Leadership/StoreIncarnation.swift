/// The name of a store's contents: `<identity>`, or `<identity>/<random>` since a daemon has announced to all others
/// that they may have missed events. If the name changes, a daemon reads the contents again; if the identity changes,
/// they are the contents of another store.
package enum StoreIncarnation {
  package static func identity(of word: some StringProtocol) -> String { String(word.prefix { $0 != "/" }) }

  /// Another name for the same contents.
  ///
  /// - Parameters:
  ///   - word: the stored name; nil: there is none, or it cannot be read, so the contents get a new identity.
  ///   - random: a word that is never the same twice.
  package static func renewed(_ word: String?, random: String) -> String {
    // Another client may have stored a name of any length.
    guard let word, case let identity = identity(of: word), (1...64).contains(identity.utf8.count) else {
      return "\(random)/\(random)"
    }
    return "\(identity)/\(random)"
  }
}
