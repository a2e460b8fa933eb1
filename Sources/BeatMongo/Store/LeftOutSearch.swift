import BeatCore

/// Finds the documents that the scheduler before this one left out, before a daemon's first start on a collection.
///
/// celerybeat-mongo reads only documents whose `_cls` names its class. In the form of its README documents have none, so
/// nobody may know that they are there. celery-mongobeat reads those, but for it a `max_run_count` of 0 is a limit.
enum LeftOutSearch {
  /// - Returns: nil: there are none, or a daemon has run here before, or this user may not look.
  static func result(in place: MongoPlace, by client: MongoClient) throws(MongoError) -> LeftOutDocuments? {
    do throws(MongoError) { return try find(in: place, by: client) } catch {
      guard !error.endsSession else { throw error }
      return nil
    }
  }

  private static func find(in place: MongoPlace, by client: MongoClient) throws(MongoError) -> LeftOutDocuments? {
    let session = try client.documents(
      ["find": .text(place.daemon), "filter": ["_id": .text(DaemonDocument.sessions)], "limit": 1], on: place.database)
    guard session.isEmpty else { return nil }
    let indexes = try client.documents(
      ["listIndexes": .text(place.schedules), "cursor": ["batchSize": 1000]], on: place.database)
    // mongoengine makes an index of `_cls` whenever it opens the collection: celerybeat-mongo has run here.
    let reason: LeftOutDocuments.Reason = indexes.contains(where: isOfClasses) ? .noClass : .noRuns
    var conditions: [(name: String, value: BSON)] = [
      ("enabled", true), ("_cls", ["$not": ["$regex": "^PeriodicTask"]]),
    ]
    if reason == .noRuns { conditions.append(("max_run_count", 0)) }
    let filter = BSON.fields(conditions)
    let reply = try client.run(["count": .text(place.schedules), "query": filter], on: place.database)
    guard let count = reply["n"]?.integer, count > 0 else { return nil }
    let found = try client.documents(
      [
        "find": .text(place.schedules), "filter": filter, "projection": ["name": true],
        "limit": .int64(Int64(LeftOutDocuments.most)),
      ], on: place.database)
    let names = found.compactMap { $0["name"]?.utf8.map { EntryName(Array($0.prefix(Limit.nameLength.most))) } }
    return LeftOutDocuments(reason, count: Int(clamping: count), names: names)
  }

  private static func isOfClasses(_ index: BSONDocument) -> Bool {
    guard var keys = index["key"]?.members, let first = keys.next() else { return false }
    return first.isNamed("_cls")
  }
}
