/// What was found gone, or by a fire changed, of which perhaps no event tells: read once more after the next heartbeat.
///
/// For a moment another database may have stood in the place of ours (SWAPDB, and back), of which no event tells; had a
/// heartbeat seen it, all would be loaded anew.
struct SecondLooks {
  /// Names of which nothing was known are doubted up to this number: any number of names may be touched that never exist.
  private static let unknownNames = 1_024

  private var doubted: Set<EntryName> = []
  /// Those that the newest heartbeat has made us read once more.
  private var lookedAt: Set<EntryName> = []

  var isEmpty: Bool { doubted.isEmpty }

  func contains(_ name: EntryName) -> Bool { doubted.contains(name) }

  /// A fire has found that the document is gone, or another one.
  mutating func doubt(_ name: EntryName) { doubted.insert(name) }

  /// A document was read, and was not there.
  mutating func doubtAbsence(of name: EntryName, isKnown: Bool) {
    let isSecondLook = lookedAt.remove(name) != nil
    if isKnown || !isSecondLook && doubted.count < Self.unknownNames { doubted.insert(name) }
  }

  /// After a heartbeat: what is to be read once more.
  mutating func begin() -> [EntryName] {
    lookedAt = doubted
    doubted.removeAll(keepingCapacity: doubted.count <= Self.unknownNames)
    return lookedAt.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}
