/// The documents that are set aside, by the receipts of the daemons.
package struct RejectionList {
  private var rejected: [(EntryName, String)] = []
  private var seen: Set<EntryName> = []

  package init() {}

  /// Takes a stored receipt. A walk may find one twice.
  package mutating func add(_ name: EntryName, receipt bytes: [UInt8]) {
    guard case .rejected(let reason)? = EditReceipt(bytes)?.verdict, seen.insert(name).inserted else { return }
    rejected.append((name, reason))
  }

  /// Their number, and the reasons of the first by name.
  package func summary(atMost limit: Int) -> (count: Int, first: [(EntryName, String)]) {
    let sorted = rejected.sorted { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
    return (sorted.count, Array(sorted.prefix(limit)))
  }
}
