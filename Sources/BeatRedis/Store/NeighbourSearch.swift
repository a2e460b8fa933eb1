import BeatCore

/// Searches for schedules under other key prefixes when this daemon's has none. It is bounded: it scans a limited
/// number of keys and reads one document of each prefix.
package final class NeighbourSearch {
  private static let pages = 20
  private static let pageSize = 1000
  private static let longest = 65_536
  /// A longer key is not a schedule's; bytes.
  private static let longestKey = 2 * Limit.nameLength.most

  private let connection: RedisConnection
  private let finish: ([EntryName]?) -> Void
  private var found: NeighbourPrefix

  /// - Parameter finish: called once with the prefixes; nil: the connection died.
  private init(_ connection: RedisConnection, keys: RedisKeys, then finish: @escaping ([EntryName]?) -> Void) {
    self.connection = connection
    self.finish = finish
    found = NeighbourPrefix(keys)
  }

  package static func start(
    on connection: RedisConnection, keys: RedisKeys, then finish: @escaping ([EntryName]?) -> Void
  ) {
    NeighbourSearch(connection, keys: keys, then: finish).scan(ScanWalk())
  }

  private func scan(_ walk: ScanWalk) {
    NameScan.keys(on: connection, from: walk.cursor, count: Self.pageSize, longest: Self.longestKey) { [self] reply in
      guard let reply else { return finish(nil) }
      var walk = walk
      guard let answer = walk.take(reply, parts: 5) else { return look() }
      for key in answer.found { if let bytes = key.bytes { found.add(bytes) } }
      if walk.isAtEnd || walk.steps == Self.pages { look() } else { scan(walk) }
    }
  }

  private func look() {
    var prefixes: [EntryName] = []
    var owed = found.samples.count
    guard owed > 0 else { return finish([]) }
    for (prefix, key) in found.samples {
      func judge(_ isSchedule: Bool, isLost: Bool = false) {
        if isSchedule { prefixes.append(EntryName(prefix)) }
        owed -= 1
        guard owed == 0 else { return }
        finish(isLost ? nil : prefixes.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
      }
      connection.send(RedisCommand("STRLEN", key)) { [self] reply in
        guard let reply else { return judge(false, isLost: true) }
        // A key of another type gives an error and is no schedule. A key that this user may not read counts by its
        // prefix alone.
        if let error = reply.error { return judge(error.code == "NOPERM" && found.isLikeOurs(prefix)) }
        guard let length = reply.integer, length > 0, length <= Self.longest else { return judge(false) }
        connection.send(RedisCommand("GET", key)) { reply in
          judge(NeighbourPrefix.isSchedule(reply?.bytes ?? []), isLost: reply == nil)
        }
      }
    }
  }
}

extension RedisStoreClient {
  /// Other prefixes with schedules under them, from the first twenty thousand keys.
  package func neighbours() throws(StoreError) -> [EntryName] {
    var found: [EntryName]?
    loop.wait { done in
      NeighbourSearch.start(on: connection, keys: keys) {
        found = $0
        done()
      }
    }
    guard let found else { throw lost }
    return found
  }

  /// Other prefixes whose schedules have fired from this database, in alphabetical order.
  package func otherPrefixes() throws(StoreError) -> [String] {
    let (start, end) = (Array("reactivebeat:".utf8), Array("mark".utf8))
    var found: Set<String> = []
    try walk("SCAN") {
      RedisCommand("SCAN", $0, "MATCH", "reactivebeat:*:mark", "COUNT", 5000)
    } _: { page throws(StoreError) in
      for key in page.compactMap(\.bytes) where key != keys.watermark {
        found.insert("\(EntryName(Array(key.dropFirst(start.count).dropLast(end.count))))")
      }
      return true
    }
    return found.sorted()
  }
}
