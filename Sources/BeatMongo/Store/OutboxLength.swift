/// How many messages wait in the outbox, which is spread over the marks and the requests.
enum OutboxLength {
  /// Counts them on the server. The index of `pending.seq` has the documents in which messages wait.
  static func count(_ client: MongoClient, _ place: MongoPlace) throws(MongoError) -> Int {
    let found = try client.documents(
      [
        "aggregate": .text(place.marks),
        "pipeline": [
          ["$match": MarkOutbox.hasItems],
          ["$group": ["_id": .null, "n": ["$sum": ["$cond": [["$isArray": "$pending"], ["$size": "$pending"], 0]]]]],
        ], "cursor": [:],
      ], on: place.database)
    return Int(clamping: found.first?["n"]?.integer ?? 0)
  }
}
