import BeatCore
import Synchronization

/// Adds runs to the history and drops the oldest ones. Each run is a document:
///
///     {_id: <Long, greater for a later run>, name: <the schedule's name>, id: <the task's id>,
///      due: <Long, microseconds>, late: <Long, microseconds>, why: <text>, at: <Date>}
final class HistoryEntries: Sendable {
  private let place: MongoPlace
  private let length: Int
  private let sequence: MongoSequence
  /// How many runs were added since the last look at the oldest ones; nil: there was no look yet. Each session looks
  /// at its first run, so that many sessions with few runs each do not let the history grow.
  private let added = Mutex<Int?>(nil)

  /// - Parameter length: about how many runs are kept; 0: none. There may be a quarter more.
  init(_ place: MongoPlace, length: Int, sequence: MongoSequence) {
    self.place = place
    self.length = length
    self.sequence = sequence
  }

  /// Adds runs, the oldest first. A fire can do without its entry, so only an error that ends the session is thrown.
  ///
  /// - Returns: why the server refused; nil: it did not.
  func add(_ runs: [FireRecord], by client: MongoClient) throws(MongoError) -> String? {
    guard length > 0, !runs.isEmpty else { return nil }
    do throws(MongoError) {
      let reply = try client.write(
        [
          "insert": .text(place.history),
          "documents": .array(runs.map { .document(Self.document($0, number: sequence.next())) }), "ordered": false,
          "writeConcern": WriteConcern.one,
        ], on: place.database)
      if let first = reply.errors.first { return Self.words(first.error) }
      if isLookDue(after: runs.count) {
        try Self.dropOldest(in: place.history, of: place.database, beyond: length, by: client)
      }
      return nil
    } catch {
      if error.endsSession { throw error }
      return Self.words(error)
    }
  }

  private static func words(_ error: MongoError) -> String { "the history is not kept: \(error.message)" }

  private func isLookDue(after count: Int) -> Bool {
    added.withLock { added in
      let sum = (added ?? length) + count
      let isDue = sum > length / 4
      added = isDue ? 0 : sum
      return isDue
    }
  }

  /// Leaves the newest entries of a collection whose `_id`s count up.
  static func dropOldest(
    in collection: String, of database: String, beyond length: Int, by client: MongoClient
  ) throws(MongoError) {
    let first = try client.documents(
      [
        "find": .text(collection), "filter": ["_id": ["$gte": 0]], "sort": ["_id": -1],
        "skip": .int64(Int64(length)), "limit": 1, "projection": ["_id": 1],
      ], on: database
    ).first
    guard let newest = first?["_id"] else { return }
    let reply = try client.write(
      [
        "delete": .text(collection), "deletes": [["q": ["_id": ["$lte": .value(newest)]], "limit": 0]],
        "writeConcern": WriteConcern.one,
      ], on: database)
    if let first = reply.errors.first { throw first.error }
  }

  // MARK: entries

  static func document(_ run: FireRecord, number: Int64) -> BSONDocument {
    var writer = BSONWriter()
    writer.add("_id", number)
    writer.add("name", run.name.asBSON)
    writer.add("id", run.taskID)
    writer.add("due", run.due.microseconds)
    writer.add("late", run.late)
    writer.add("why", run.reason)
    writer.add("at", date: ServerTime.milliseconds(run.firedAt))
    return writer.document
  }

  /// Reads an entry; nil: another program wrote it.
  static func run(_ document: BSONDocument) -> FireRecord? {
    func text(_ field: String) -> String {
      document[field]?.utf8.map { String(decoding: $0, as: UTF8.self).streamSafe } ?? ""
    }
    guard let name = document["name"].flatMap({ EntryName($0) }), let due = document["due"]?.integer,
      let late = document["late"]?.integer
    else { return nil }
    return FireRecord(
      name: name, taskID: text("id"), due: UnixTime(microseconds: due), late: late, reason: text("why"))
  }
}
