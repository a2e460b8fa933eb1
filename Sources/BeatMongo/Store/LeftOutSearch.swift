import BeatCore

/// Finds the documents that an old scheduler leaves out, before a daemon's first session on a collection.
///
/// celerybeat-mongo reads only documents whose `_cls` names its class. In the form of its README documents have none, so
/// nobody may know that they are there. celery-mongobeat reads those, but for it a `max_run_count` of 0 is a limit.
///
/// Once a daemon has been here the search costs one look at a document of its own. Before that the server may have to read
/// all schedules, up to three times.
struct LeftOutSearch: Sendable {
  let place: MongoPlace
  /// How long the server may take for each question; milliseconds. It must be shorter than the client's own patience,
  /// since a client is of no use after that.
  var patience: Int32 = 2000

  /// - Returns: nil: there are none, or a daemon has run here before, or the server has refused to look: nothing depends
  ///   on it.
  func result(by client: MongoClient) throws(MongoError) -> LeftOutDocuments? {
    do throws(MongoError) { return try find(by: client) } catch {
      guard !error.endsSession else { throw error }
      return nil
    }
  }

  private func find(by client: MongoClient) throws(MongoError) -> LeftOutDocuments? {
    guard try first(["_id": .text(DaemonDocument.sessions)], 1, of: place.daemon, client).isEmpty else { return nil }
    let reason: LeftOutDocuments.Reason = try hasClasses(client) ? .noClass : .noRuns
    let filter = Self.filter(reason)
    let reply = try client.run(
      ["count": .text(place.schedules), "query": filter, "maxTimeMS": .int32(patience)], on: place.database)
    guard let count = reply["n"]?.integer, count > 0 else { return nil }
    let names = try first(filter, LeftOutDocuments.most, of: place.schedules, client)
      .compactMap { $0["name"]?.utf8.map { EntryName(Array($0)) } }
    return LeftOutDocuments(reason, count: Int(clamping: count), names: names)
  }

  /// Whether celerybeat-mongo has been here. mongoengine makes an index of `_cls` whenever it opens the collection. A copy
  /// of the collection has no index, but documents of the class.
  private func hasClasses(_ client: MongoClient) throws(MongoError) -> Bool {
    do throws(MongoError) {
      let indexes = try client.documents(
        ["listIndexes": .text(place.schedules), "cursor": ["batchSize": 1000]], on: place.database)
      if indexes.contains(where: Self.isOfClasses) { return true }
    } catch {
      // This user may not look at indexes.
      guard !error.endsSession else { throw error }
    }
    return try !first(["_cls": "PeriodicTask"], 1, of: place.schedules, client).isEmpty
  }

  private func first(
    _ filter: BSON, _ count: Int, of collection: String, _ client: MongoClient
  ) throws(MongoError) -> [BSONDocument] {
    try client.documents(
      [
        "find": .text(collection), "filter": filter, "projection": ["name": true], "limit": .int64(Int64(count)),
        "maxTimeMS": .int32(patience),
      ], on: place.database)
  }

  /// Documents without a name or a task are set aside here.
  private static func filter(_ reason: LeftOutDocuments.Reason) -> BSON {
    let isText: BSON = ["$type": "string"]
    var conditions: [(name: String, value: BSON)] = [
      ("enabled", true), ("name", isText), ("task", isText),
      // The class, and those that an application has derived of it.
      ("_cls", ["$not": ["$regex": "^PeriodicTask($|\\.)"]]),
    ]
    if reason == .noRuns { conditions.append(("max_run_count", 0)) }
    return .fields(conditions)
  }

  private static func isOfClasses(_ index: BSONDocument) -> Bool {
    guard var keys = index["key"]?.members, let first = keys.next() else { return false }
    return first.isNamed("_cls")
  }
}
