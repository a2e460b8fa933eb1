import BeatCore

/// Looks whether schedules stand under another prefix than ours, where none stands under it. Bounded: so many keys are
/// looked at, and one document of each prefix.
package final class NeighbourSearch {
  private static let pages = 20
  private static let pageSize = 1000
  private static let longest = 65_536
  /// Longer keys are none of a schedule.
  private static let longestKey = 2 * Limit.nameLength.most

  private let connection: RedisConnection
  private let finish: ([EntryName]?) -> Void
  private var found: NeighbourPrefix

  /// - Parameter finish: called once: gets the prefixes; nil: the connection died.
  private init(_ connection: RedisConnection, keys: RedisKeys, then finish: @escaping ([EntryName]?) -> Void) {
    self.connection = connection
    self.finish = finish
    found = NeighbourPrefix(keys)
  }

  package static func start(
    on connection: RedisConnection, keys: RedisKeys, then finish: @escaping ([EntryName]?) -> Void
  ) {
    NeighbourSearch(connection, keys: keys, then: finish).scan("0", page: 0)
  }

  private func scan(_ cursor: String, page: Int) {
    NameScan.keys(on: connection, from: cursor, count: Self.pageSize, longest: Self.longestKey) { [self] reply in
      guard let reply else { return finish(nil) }
      guard let parts = reply.array, parts.count > 2, let next = parts[0].text else { return look() }
      for key in parts[1].array ?? [] { if let bytes = key.bytes { found.add(bytes) } }
      if next == "0" || page + 1 == Self.pages { look() } else { scan(next, page: page + 1) }
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
        // A key of another type is an error, and no schedule. What may not be read counts by its prefix.
        if let error = reply.error { return judge(error.code == "NOPERM" && found.isLikeOurs(prefix)) }
        guard let length = reply.integer, length > 0, length <= Self.longest else { return judge(false) }
        connection.send(RedisCommand("GET", key)) { reply in
          judge(NeighbourPrefix.isSchedule(reply?.bytes ?? []), isLost: reply == nil)
        }
      }
    }
  }
}

extension StoreClient {
  /// Prefixes beside ours under which schedules stand; of the first twenty thousand keys.
  package func neighbours() throws(StoreError) -> [EntryName] {
    var found: [EntryName]?
    Self.wait(on: loop) { done in
      NeighbourSearch.start(on: connection, keys: keys) {
        found = $0
        done()
      }
    }
    guard let found else { throw lost }
    return found
  }
}
