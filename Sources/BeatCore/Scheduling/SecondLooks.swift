/// The documents to read once more after the next heartbeat: a read found them gone, or a fire found them gone or
/// changed, and perhaps no event tells of it.
///
/// For a moment, another database may have been in the place of this one (SWAPDB, and back), which no event tells. Only
/// if a heartbeat had seen that other database, everything would be loaded again.
struct SecondLooks {
  /// The largest number of doubted names when an unknown one is added. Events may come for any number of names that
  /// never exist.
  private static let unknownNames = 1_024

  private var doubted: Set<EntryName> = []
  /// The names that are read once more after the newest heartbeat.
  private var lookedAt: Set<EntryName> = []

  var isEmpty: Bool { doubted.isEmpty }

  func contains(_ name: EntryName) -> Bool { doubted.contains(name) }

  /// A fire has found that the document is gone or changed.
  mutating func doubt(_ name: EntryName) { doubted.insert(name) }

  /// A read has found no document of this name.
  mutating func doubtAbsence(of name: EntryName, isKnown: Bool) {
    let isSecondLook = lookedAt.remove(name) != nil
    if isKnown || !isSecondLook && doubted.count < Self.unknownNames { doubted.insert(name) }
  }

  /// After a heartbeat: the names to read once more.
  mutating func begin() -> [EntryName] {
    lookedAt = doubted
    doubted.removeAll(keepingCapacity: doubted.count <= Self.unknownNames)
    return lookedAt.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}
