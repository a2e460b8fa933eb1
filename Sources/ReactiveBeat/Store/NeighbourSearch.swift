import BeatCore

/// Looks whether schedules stand under another prefix than ours, where none stands under it. Bounded: so many keys are
/// looked at, and one document of each prefix.
final class NeighbourSearch {
  private static let pages = 20
  private static let pageSize = 1000
  private static let longest = 65_536

  private let connection: RedisConnection
  private let finish: ([EntryName]?) -> Void
  private var found: NeighbourPrefix

  /// - Parameter finish: called once: gets the prefixes; nil: the connection died.
  private init(_ connection: RedisConnection, keys: RedisKeys, then finish: @escaping ([EntryName]?) -> Void) {
    self.connection = connection
    self.finish = finish
    found = NeighbourPrefix(keys)
  }

  static func start(on connection: RedisConnection, keys: RedisKeys, then finish: @escaping ([EntryName]?) -> Void) {
    NeighbourSearch(connection, keys: keys, then: finish).scan("0", page: 0)
  }

  private func scan(_ cursor: String, page: Int) {
    connection.send(RedisCommand("SCAN", cursor, "COUNT", Self.pageSize)) { [self] reply in
      guard let reply else { return finish(nil) }
      guard let parts = reply.array, parts.count == 2, let next = parts[0].text else { return look() }
      for key in parts[1].array ?? [] { if let bytes = key.bytes { found.add(bytes) } }
      if next == "0" || page + 1 == Self.pages { look() } else { scan(next, page: page + 1) }
    }
  }

  private func look() {
    var prefixes: [EntryName] = []
    var owed = found.samples.count
    guard owed > 0 else { return finish([]) }
    for (prefix, key) in found.samples {
      // A key of another type is an error, and no schedule. Of a long string its beginning is not a document either.
      connection.send(RedisCommand("GETRANGE", key, 0, Self.longest)) { [self] reply in
        let isSchedule =
          reply?.error.map { $0.code == "NOPERM" && found.isLikeOurs(prefix) }
          ?? NeighbourPrefix.isSchedule(reply?.bytes ?? [])
        if isSchedule { prefixes.append(EntryName(prefix)) }
        owed -= 1
        guard owed == 0 else { return }
        finish(reply.map { _ in prefixes.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) } })
      }
    }
  }
}

extension StoreClient {
  /// Prefixes beside ours under which schedules stand; of the first twenty thousand keys.
  public func neighbours() throws(StoreError) -> [EntryName] {
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
