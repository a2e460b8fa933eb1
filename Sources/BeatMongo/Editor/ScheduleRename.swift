import BeatCore
import Glibc

/// Gives a schedule another name, and its watermark with it: nothing is fired again, and no interval begins again.
///
///     note in the old mark: nothing fires -> copy the watermark into the new mark -> the document's name
///     -> the old mark is that of a deleted schedule
///
/// Three documents change one after the other. What is due in between waits for the new name. If this client dies before
/// the document has its new name, the note in the old mark runs out, and the schedule goes on under its old name; what
/// stands in the new mark is swept away. After that, the rename is done.
struct ScheduleRename {
  private static let pause: UInt32 = 20_000

  let place: MongoPlace
  let from: MongoAliases.Place
  let newName: EntryName
  /// Whether to try again after a fire, or another rename.
  let lasts: () -> Bool

  init(place: MongoPlace, from: MongoAliases.Place, to newName: EntryName, while lasts: @escaping () -> Bool) {
    self.place = place
    self.from = from
    self.newName = newName
    self.lasts = lasts
  }

  /// nil: others were always faster.
  func outcome(by client: MongoClient) throws(MongoError) -> RenameOutcome? {
    switch from {
    case .name(let name):
      guard name != newName else { return .exists }
      repeat {
        if let outcome = try attempt(name, client) { return outcome }
        usleep(Self.pause)
      } while lasts()
      return nil
    // These have no mark, since nothing fires under a name that is not theirs alone.
    case .nameless(let id): return try renameAlone(id, ["$not": ["$type": "string"]], client)
    case .second(let id, let name): return try renameAlone(id, ["$eq": .string(name.bytes)], client)
    }
  }

  /// Renames a document that does not run.
  private func renameAlone(_ id: BSONDocument, _ name: BSON, _ client: MongoClient) throws(MongoError) -> RenameOutcome
  {
    guard try !isTaken(client) else { return .exists }
    return try setName(["_id": ["$eq": .optional(id["_id"])], "name": name], client)
  }

  private func isTaken(_ client: MongoClient) throws(MongoError) -> Bool {
    try StoredSchedules.find([newName], fields: ["name": true], in: place, by: client).incumbent(newName, nil) != nil
  }

  private func setName(_ filter: BSON, _ client: MongoClient) throws(MongoError) -> RenameOutcome {
    let reply = try client.write(
      [
        "update": .text(place.schedules), "writeConcern": WriteConcern.majority,
        "updates": [
          ["q": filter, "u": ["$set": ["name": .string(newName.bytes)]], "collation": ["locale": "simple"]]
        ],
      ], on: place.database)
    if let error = reply.errors.first?.error {
      guard error.code == .duplicate else { throw error }
      return .exists
    }
    return reply.count == 1 ? .renamed : .gone
  }

  // MARK: the mark's part

  /// nil: a fire or another client came in between.
  private func attempt(_ name: EntryName, _ client: MongoClient) throws(MongoError) -> RenameOutcome? {
    let found = try EditRead([name, newName], in: place, by: client)
    guard let document = found.documents.incumbent(name, found.marks[name]), let id = document["_id"] else {
      return .gone
    }
    guard found.documents.incumbent(newName, nil) == nil else { return .exists }
    // Another client renames it.
    guard found.document(name) != nil else { return nil }
    let (old, new) = (found.marks[name], found.marks[newName])
    let limit = try ServerTime.read(client) + MarkMove.duration
    guard try freeze(name, old, until: limit, client) else { return nil }
    var outcome: RenameOutcome?
    if try copy(old, id, over: new, client) {
      let isInTime: BSON = ["$lt": [ServerTime.now, .int64(limit)]]
      outcome = try setName(
        ["_id": ["$eq": .value(id)], "name": ["$eq": .string(name.bytes)], "$expr": isInTime], client)
      if outcome != .renamed { try putBack(new, instead: old, client) }
      // It may still be there, and only the time was over.
      if outcome == .gone { outcome = nil }
    }
    try release(name, old, isRenamed: outcome == .renamed, client)
    return outcome
  }

  /// The note is unique to this client: no other one has the same time and aim while it stands.
  private func freeze(_ name: EntryName, _ mark: StoredMark?, until limit: Int64, _ client: MongoClient)
    throws(MongoError) -> Bool
  {
    try isWritten(
      [
        "q": [
          "_id": ["$eq": .string(name.bytes)], "mark": Self.isUnchanged(mark), "moved": ["$exists": false],
        ],
        "u": ["$set": ["moved": ["to": .string(newName.bytes), "until": .int64(limit)]]], "upsert": .bool(mark == nil),
      ], client)
  }

  /// Gives the new name the watermark of the old one. One that an earlier schedule has left there does not belong to
  /// this one.
  private func copy(
    _ mark: StoredMark?, _ id: BSONValue, over left: StoredMark?, _ client: MongoClient
  ) throws(MongoError) -> Bool {
    let filter: BSON = ["_id": ["$eq": .string(newName.bytes)], "mark": Self.isUnchanged(left)]
    if let value = mark?.mark?["mark"] {
      return try isWritten(
        ["q": filter, "u": ["$set": ["mark": .value(value), "of": .value(id)]], "upsert": .bool(left == nil)], client)
    }
    guard left?.mark != nil else { return true }
    return try isWritten(["q": filter, "u": ["$unset": ["mark": true]]], client)
  }

  /// Undoes `copy`.
  private func putBack(_ left: StoredMark?, instead of: StoredMark?, _ client: MongoClient) throws(MongoError) {
    let filter: BSON = ["_id": ["$eq": .string(newName.bytes)], "mark": Self.isUnchanged(of)]
    if let value = left?.mark?["mark"] {
      _ = try isWritten(["q": filter, "u": ["$set": ["mark": .value(value)]]], client)
    } else {
      _ = try isWritten(["q": filter, "u": ["$unset": ["mark": true, "of": true]]], client)
    }
  }

  private func release(_ name: EntryName, _ mark: StoredMark?, isRenamed: Bool, _ client: MongoClient)
    throws(MongoError)
  {
    var update: [(name: String, value: BSON)] = [("$unset", ["moved": true])]
    if isRenamed, let gone = mark?.bytes.flatMap({ Watermark($0) })?.ofGone {
      update.append(("$set", ["mark": .string(gone.bytes)]))
    }
    _ = try isWritten(
      [
        "q": [
          "_id": ["$eq": .string(name.bytes)], "mark": Self.isUnchanged(mark),
          "moved.to": ["$eq": .string(newName.bytes)],
        ],
        "u": .fields(update),
      ], client)
  }

  private static func isUnchanged(_ mark: StoredMark?) -> BSON { mark?.isUnchanged ?? ["$exists": false] }

  private func isWritten(_ statement: BSON, _ client: MongoClient) throws(MongoError) -> Bool {
    let reply = try client.write(
      ["update": .text(place.marks), "writeConcern": WriteConcern.majority, "updates": [statement]], on: place.database)
    if let error = reply.errors.first?.error {
      guard error.code == .duplicate else { throw error }
      return false
    }
    return reply.count == 1
  }
}
