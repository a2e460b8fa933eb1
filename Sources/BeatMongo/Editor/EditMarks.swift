import BeatCore

/// Writes the watermarks that go with edits, after the documents. One that a daemon has written since stays: it has
/// heard the edit. A user who may not write here leaves all of them to the daemon, for which the edit counts from the
/// moment when it hears it.
struct EditMarks {
  let place: MongoPlace

  /// - Parameters:
  ///   - changes: each with the `_id` of its document.
  ///   - found: what stood there before the documents were written.
  func write(
    _ changes: [(name: EntryName, change: WatermarkChange, id: BSONValue)], over found: EditRead, by client: MongoClient
  ) throws(MongoError) {
    let statements = changes.compactMap { name, change, id -> BSON? in
      let mark = found.marks[name]
      guard mark?.bytes == change.seen?.bytes else { return nil }
      return [
        "q": ["_id": ["$eq": .string(name.bytes)], "mark": mark?.isUnchanged ?? ["$exists": false]],
        "u": ["$set": ["mark": .string(change.new.bytes), "of": .value(id)]], "upsert": .bool(mark?.mark == nil),
      ]
    }
    guard !statements.isEmpty, !found.isBlind else { return }
    do throws(MongoError) {
      let reply = try client.write(
        [
          "update": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.majority,
          "updates": .array(statements),
        ], on: place.database)
      // A daemon's is as good.
      if let error = reply.errors.first(where: { $0.error.code != .duplicate })?.error { throw error }
    } catch {
      if !error.isOfOurRights { throw error }
    }
  }
}
