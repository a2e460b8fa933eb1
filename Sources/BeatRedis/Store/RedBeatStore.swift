import BeatCore

/// A Redis server with RedBeat's schedules: `<prefix><name>` hashes, and beside them `<prefix>:schedule`, a sorted set
/// of the hashes' keys by due time, and `<prefix>:statics`, the names that come from the application. It is only read.
package struct RedBeatStore {
  private let client: RedisStoreClient
  private let prefix: [UInt8]

  package init(_ client: RedisStoreClient, prefix: String) {
    self.client = client
    self.prefix = Array(prefix.utf8)
  }

  /// All schedules in the order of their keys, with hashes that the sorted set does not hold.
  package func entries(progress: (Int) -> Void) throws(StoreError) -> [RedBeatEntry] {
    let scores = try scores()
    let statics = Set(
      (try client.command(RedisCommand("SMEMBERS", prefix + Array(":statics".utf8))).array ?? []).compactMap(\.bytes))
    let keys = Set(scores.keys).union(try hashes()).sorted { $0.lexicographicallyPrecedes($1) }
    var entries: [RedBeatEntry] = []
    for start in stride(from: 0, to: keys.count, by: StorePage.most) {
      let page = keys[start..<min(start + StorePage.most, keys.count)]
      let replies = try client.replies(to: page.map { RedisCommand("HMGET", $0, "definition", "meta") })
      for (reply, key) in zip(replies, page) {
        if let error = reply.error, error.code != "WRONGTYPE" { throw StoreError(error, from: client.url) }
        let fields = reply.array ?? []
        let definition = fields.first?.bytes
        // A hash without a definition that only shares the prefix is not RedBeat's.
        guard definition != nil || scores[key] != nil else { continue }
        let name = key.starts(with: prefix) ? Array(key[prefix.count...]) : key
        entries.append(
          RedBeatEntry(
            name: name, definition: definition, meta: fields.count > 1 ? fields[1].bytes : nil, score: scores[key],
            isStatic: statics.contains(name)))
      }
      progress(entries.count)
    }
    return entries
  }

  private func scores() throws(StoreError) -> [[UInt8]: Double] {
    var scores: [[UInt8]: Double] = [:]
    let key = prefix + Array(":schedule".utf8)
    var start = 0
    while true {
      let reply = try client.command(RedisCommand("ZRANGE", key, start, start + 999, "WITHSCORES"))
      guard let found = reply.pairs else { throw client.misfit("ZRANGE") }
      for (member, score) in found {
        if let member = member.bytes { scores[member] = score.text.flatMap { Double($0) } ?? 0 }
      }
      guard !found.isEmpty else { return scores }
      start += 1000
    }
  }

  private func hashes() throws(StoreError) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    let pattern = RedisKeys.escaped(prefix) + [UInt8(ascii: "*")]
    let own = [":schedule", ":statics", ":lock"].map { prefix + Array($0.utf8) }
    try client.walk("SCAN") {
      RedisCommand("SCAN", $0, "MATCH", pattern, "COUNT", 5000)
    } _: { found throws(StoreError) in
      keys += found.compactMap(\.bytes).filter { !own.contains($0) }
      return true
    }
    return keys
  }
}
