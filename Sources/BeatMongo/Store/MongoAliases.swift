import BeatCore

/// The names of documents that cannot run under a name of their own: those without one, and those whose name another
/// document has. They are set aside under a name that tells their `_id`, so that a person finds them.
///
/// Everything belongs to the loop's thread.
final class MongoAliases {
  /// Where a name's document is found.
  enum Place: Sendable {
    /// The documents of this name.
    case name(EntryName)
    /// The document with this `{_id}`, which has no name.
    case nameless(BSONDocument)
    /// The document with this `{_id}`, whose name the first one has.
    case second(BSONDocument, of: EntryName)
  }

  private var places: [EntryName: Place] = [:]
  /// The aliases of the second documents of a name.
  private var seconds: [EntryName: Set<EntryName>] = [:]
  /// Called when an alias begins or ends.
  private let touched: (EntryName) -> Void
  /// Called with the name of each document that was found.
  private let named: (EntryName, BSONValue) -> Void

  init(touched: @escaping (EntryName) -> Void, named: @escaping (EntryName, BSONValue) -> Void) {
    self.touched = touched
    self.named = named
  }

  func place(of name: EntryName) -> Place { places[name] ?? .name(name) }

  /// The name under which a document that a walk has found is known.
  func name(of found: NameWalk.Found) -> EntryName {
    let name: EntryName
    if let own = found.name {
      name = own
    } else {
      name = Self.alias(of: found.id, "without a name")
      places[name] = .nameless(found.id)
    }
    if let id = found.id["_id"] { named(name, id) }
    return name
  }

  /// Notes which second documents were found beside those of some names.
  ///
  /// - Parameter others: the `{_id}`s of the second documents, by the name that they share.
  func note(_ others: [EntryName: [BSONDocument]], of names: [EntryName]) {
    for name in names where others[name] != nil || seconds[name] != nil {
      var now: Set<EntryName> = []
      for id in others[name] ?? [] {
        let alias = Self.alias(of: id, "second document of \(name)")
        places[alias] = .second(id, of: name)
        now.insert(alias)
      }
      let before = seconds[name] ?? []
      seconds[name] = now.isEmpty ? nil : now
      for alias in before.symmetricDifference(now) { touched(alias) }
    }
  }

  private static func alias(of id: BSONDocument, _ what: String) -> EntryName {
    let words = id["_id"]?.words ?? ""
    return EntryName(Array("(\(what), _id \(words))".utf8.prefix(Limit.nameLength.most)))
  }
}
