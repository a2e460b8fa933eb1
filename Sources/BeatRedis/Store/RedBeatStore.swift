import BeatCore

/// A Redis in which RedBeat keeps its schedules: `<prefix><name>` hashes, and beside them `<prefix>:schedule`, a sorted
/// set of the hashes' keys by due time, and `<prefix>:statics`, the names that come from the application.
/// Nothing is written.
package struct RedBeatStore {
  private let client: StoreClient
  private let prefix: [UInt8]

  package init(_ client: StoreClient, prefix: String) {
    self.client = client
    self.prefix = Array(prefix.utf8)
  }

  /// All schedules in the order of their keys, also hashes that the sorted set does not know.
  package func entries(progress: (Int) -> Void) throws(StoreError) -> [RedBeatEntry] {
    let scores = try scores()
    let statics = Set(
      (try client.command(RedisCommand("SMEMBERS", prefix + Array(":statics".utf8))).array ?? []).compactMap(\.bytes))
    let keys = Set(scores.keys).union(try hashes()).sorted { $0.lexicographicallyPrecedes($1) }
    var entries: [RedBeatEntry] = []
    for start in stride(from: 0, to: keys.count, by: StoreClient.page) {
      let page = keys[start..<min(start + StoreClient.page, keys.count)]
      let replies = try client.replies(to: page.map { RedisCommand("HMGET", $0, "definition", "meta") })
      for (reply, key) in zip(replies, page) {
        if let error = reply.error, error.code != "WRONGTYPE" { throw StoreError(error, from: client.url) }
        let fields = reply.array ?? []
        let definition = fields.first?.bytes
        // Another hash that happens to begin with the prefix is none of RedBeat's.
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
      let fields = reply.array ?? []
      for index in stride(from: 0, to: fields.count - 1, by: 2) {
        guard let member = fields[index].bytes else { continue }
        scores[member] = fields[index + 1].text.flatMap { Double($0) } ?? 0
      }
      guard fields.count >= 2 else { return scores }
      start += 1000
    }
  }

  private func hashes() throws(StoreError) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    var walk = ScanWalk()
    let pattern = RedisKeys.escaped(prefix) + [UInt8(ascii: "*")]
    repeat {
      let reply = try client.command(RedisCommand("SCAN", walk.cursor, "MATCH", pattern, "COUNT", 5000))
      guard let page = walk.take(reply) else {
        throw StoreError(.refused, "\(client.url) gave an answer to SCAN that is none")
      }
      let own = [":schedule", ":statics", ":lock"].map { prefix + Array($0.utf8) }
      keys += page.compactMap(\.bytes).filter { !own.contains($0) }
    } while !walk.isAtEnd
    return keys
  }
}
