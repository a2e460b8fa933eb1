import BeatCore

/// The receipts that daemons have written for edits.
extension RedisStoreClient {
  /// The receipt of a schedule's last edit; nil: there is none.
  package func receipt(of name: EntryName) throws(StoreError) -> EditReceipt? {
    try command(RedisCommand("HGET", keys.receipts, name.bytes)).bytes.flatMap { EditReceipt($0) }
  }

  /// The rejected documents, by the receipts of the daemon that leads or led last: how many there are, and the first by
  /// name with their reasons.
  package func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)]) {
    var list = RejectionList()
    try walk("HSCAN") {
      RedisCommand("HSCAN", keys.receipts, $0, "COUNT", 1000)
    } _: { found throws(StoreError) in
      guard let fields = found.pairs else { throw misfit("HSCAN") }
      for (name, value) in fields {
        if let name = name.bytes.map({ EntryName($0) }), let bytes = value.bytes { list.add(name, receipt: bytes) }
      }
      return true
    }
    return list.summary(atMost: limit)
  }
}
