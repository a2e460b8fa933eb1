import BeatCore
import BeatLoop
import Glibc

/// The history of runs, a collection of the store. Its order is that of the `_id`s, which later sessions and later runs
/// of one session count up.
extension MongoStoreClient {
  private static let pageSize: BSON = 500
  /// How long `runs` waits for the first run, and how often it looks; microseconds.
  private static let wait: Int64 = 5_000_000
  private static let pause: UInt32 = 150_000

  /// Reads the history from its newest entry back. Entries that no daemon has written are skipped.
  package func walkHistory(
    since start: UnixTime?, upTo place: HistoryPlace?, _ take: (FireRecord) -> Bool
  ) throws(StoreError) {
    let newest = place.flatMap { Int64($0.text) } ?? .max
    let filter: BSON = .fields(
      [("_id", ["$gte": 0, "$lte": .int64(newest)])]
        // Two daemons without a lease write entries that are not in the order of their times.
        + (start.map { [("at", ["$gte": .milliseconds(ServerTime.milliseconds($0))])] } ?? []))
    let command: BSONDocument = [
      "find": .text(schedules.history), "filter": filter, "sort": ["_id": -1], "batchSize": Self.pageSize,
    ]
    let database = schedules.database
    try ask { client throws(MongoError) in
      try client.walk(command, on: database) { (document) throws(MongoError) in
        guard let run = HistoryEntries.run(document), start.map({ run.firedAt >= $0 }) ?? true else { return true }
        return take(run)
      }
    }
  }

  package func newestRun() throws(StoreError) -> UnixTime? {
    do throws(StoreError) {
      return try first(-1).flatMap { HistoryEntries.run($0) }?.firedAt
    } catch {
      if error.kind == .denied { return nil }
      throw error
    }
  }

  package func oldestRun() throws(StoreError) -> UnixTime? {
    try first(1)?["at"]?.milliseconds.flatMap { ServerTime.time($0) }
  }

  package func historyEnd() throws(StoreError) -> HistoryPlace {
    HistoryPlace("\(try first(-1)?["_id"]?.integer ?? 0)")
  }

  /// The runs after a place, the oldest first. Waits up to five seconds for the first of them, and moves `place` to the
  /// last.
  package func runs(after place: inout HistoryPlace) throws(StoreError) -> [FireRecord] {
    let command: BSONDocument = [
      "find": .text(schedules.history), "filter": ["_id": ["$gt": .int64(Int64(place.text) ?? 0)]], "sort": ["_id": 1],
      "limit": Self.pageSize, "batchSize": Self.pageSize,
    ]
    let database = schedules.database
    let start = MonotonicTime.now()
    while true {
      let found = try ask { client throws(MongoError) in try client.documents(command, on: database) }
      if let last = found.last?["_id"]?.integer {
        place = HistoryPlace("\(last)")
        return found.compactMap { HistoryEntries.run($0) }
      }
      guard MonotonicTime.now().microseconds(since: start) < Self.wait else { return [] }
      usleep(Self.pause)
    }
  }

  /// The entry at one end.
  ///
  /// - Parameter direction: 1: the oldest; -1: the newest.
  private func first(_ direction: BSON) throws(StoreError) -> BSONDocument? {
    let place = schedules
    return try ask { client throws(MongoError) in
      try client.documents(
        [
          "find": .text(place.history), "filter": ["_id": ["$gte": 0]], "sort": ["_id": direction], "limit": 1,
        ], on: place.database
      ).first
    }
  }
}
