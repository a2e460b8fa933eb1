import BeatCore

/// The receipts that daemons have written for edits.
extension StoreClient {
  /// The receipt of a schedule's last edit; nil: there is none.
  package func receipt(of name: EntryName) throws(StoreError) -> EditReceipt? {
    try command(RedisCommand("HGET", keys.receipts, name.bytes)).bytes.flatMap { EditReceipt($0) }
  }

  /// The rejected documents, by the receipts of the daemon that leads or led last: how many there are, and the first by
  /// name with their reasons.
  package func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)]) {
    var rejected: [(EntryName, String)] = []
    var seen: Set<EntryName> = []
    try walk("HSCAN") {
      RedisCommand("HSCAN", keys.receipts, $0, "COUNT", 1000)
    } _: { found throws(StoreError) in
      guard let fields = found.pairs else { throw misfit("HSCAN") }
      for (name, value) in fields {
        guard let name = name.bytes.map({ EntryName($0) }), let bytes = value.bytes,
          case .rejected(let reason)? = EditReceipt(bytes)?.verdict, seen.insert(name).inserted
        else { continue }
        rejected.append((name, reason))
      }
      return true
    }
    rejected.sort { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
    return (rejected.count, Array(rejected.prefix(limit)))
  }
}
