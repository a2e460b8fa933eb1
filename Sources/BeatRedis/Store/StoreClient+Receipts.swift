import BeatCore

/// What the daemons say of edits.
extension StoreClient {
  /// The receipt of a schedule's last edit; nil: there is none.
  package func receipt(of name: EntryName) throws(StoreError) -> EditReceipt? {
    try command(RedisCommand("HGET", keys.receipts, name.bytes)).bytes.flatMap { EditReceipt($0) }
  }

  /// The documents that are set aside, as the daemon that fires, or fired last, has left word: how many, and the reasons of
  /// the first by name.
  package func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)]) {
    var rejected: [(EntryName, String)] = []
    var seen: Set<EntryName> = []
    var walk = ScanWalk()
    repeat {
      let reply = try command(RedisCommand("HSCAN", keys.receipts, walk.cursor, "COUNT", 1000))
      guard let fields = walk.take(reply) else {
        throw StoreError(.refused, "\(url) gave an answer to HSCAN that is none")
      }
      for index in stride(from: 0, to: fields.count - 1, by: 2) {
        guard let name = fields[index].bytes.map({ EntryName($0) }), let bytes = fields[index + 1].bytes,
          case .rejected(let reason)? = EditReceipt(bytes)?.standing, seen.insert(name).inserted
        else { continue }
        rejected.append((name, reason))
      }
    } while !walk.isAtEnd
    rejected.sort { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
    return (rejected.count, Array(rejected.prefix(limit)))
  }
}
