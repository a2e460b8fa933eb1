import BeatCore

/// Deletes the document that its author has seen, and then writes its watermark as that of a deleted schedule.
struct ScheduleDeletion {
  let place: MongoPlace
  let name: EntryName
  let seen: [UInt8]
  let watermark: Watermark?

  /// - Returns: false: another document stands there, or another watermark.
  func isDone(by client: MongoClient) throws(MongoError) -> Bool {
    let found = try EditRead([name], in: place, by: client)
    guard found.allows(watermark, of: name), let stored = found.document(name), let id = stored["_id"],
      stored.hasText(seen)
    else { return false }
    // The whole document is compared, as an edit of any field must not be lost.
    let filter: BSON = [
      "_id": ["$eq": .value(id)], "$expr": ["$eq": ["$$ROOT", ["$literal": .document(stored)]]],
    ]
    let reply = try client.write(
      [
        "delete": .text(place.schedules), "writeConcern": WriteConcern.majority,
        "deletes": [["q": filter, "limit": 1, "collation": ["locale": "simple"]]],
      ], on: place.database)
    try reply.requireNoError()
    guard reply.count == 1 else { return false }
    if let watermark {
      let change = WatermarkChange(seen: watermark, new: watermark.ofGone)
      try EditMarks(place: place).write([(name, change, id)], over: found, by: client)
    }
    return true
  }
}
