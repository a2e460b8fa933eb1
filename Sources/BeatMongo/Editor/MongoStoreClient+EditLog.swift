import BeatCore

/// The record of edits, a collection of the store. Each edit is a document:
///
///     {_id: <Long, greater for a later edit>, at: <Date>, time: <Long, microseconds>, user: <text>, ...}
///
/// with `EditRecord.fields`.
extension MongoStoreClient {
  package func record(_ edits: [EditRecord]) throws(StoreError) {
    guard !edits.isEmpty else { return }
    let place = schedules
    try ask { client throws(MongoError) in
      // Numbers of the daemons' sequence, so that the edits of two clients have an order.
      let sequence = MongoSequence(session: try MongoSequence.opened(client, place))
      for start in stride(from: 0, to: edits.count, by: StorePage.most) {
        let page = edits[start..<min(start + StorePage.most, edits.count)]
        let reply = try client.write(
          [
            "insert": .text(place.edits),
            "documents": .array(page.map { .document(Self.document($0, number: sequence.next())) }), "ordered": true,
            "writeConcern": WriteConcern.one,
          ], on: place.database)
        if let first = reply.errors.first { throw first.error }
      }
      try HistoryEntries.dropOldest(
        in: place.edits, of: place.database, beyond: Limit.editRecords.most, by: client)
    }
  }

  package func walkEdits(since start: UnixTime?, _ take: (EditRecord) -> Bool) throws(StoreError) {
    let filter: BSON = .fields(
      [("_id", ["$gte": 0])]
        + (start.map { [("at", ["$gte": .milliseconds(ServerTime.milliseconds($0))])] } ?? []))
    let command: BSONDocument = [
      "find": .text(schedules.edits), "filter": filter, "sort": ["_id": -1], "batchSize": 500,
    ]
    let database = schedules.database
    try ask { client throws(MongoError) in
      try client.walk(command, on: database) { (document) throws(MongoError) in
        guard let edit = Self.edit(document), start.map({ edit.at >= $0 }) ?? true else { return true }
        return take(edit)
      }
    }
  }

  private static func document(_ edit: EditRecord, number: Int64) -> BSONDocument {
    var writer = BSONWriter()
    writer.add("_id", number)
    writer.add("at", date: ServerTime.milliseconds(edit.at))
    writer.add("time", edit.at.microseconds)
    for (name, value) in edit.fields { writer.add(name, EntryName(value).asBSON) }
    return writer.document
  }

  /// Reads an entry; nil: another program wrote it.
  private static func edit(_ document: BSONDocument) -> EditRecord? {
    guard let time = document["time"]?.integer else { return nil }
    return EditRecord(at: UnixTime(microseconds: time)) { field in
      document[field].flatMap { EntryName($0)?.bytes }
    }
  }
}
