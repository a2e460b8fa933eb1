import BeatCore

/// Moves messages that the broker will never take out of their marks, into a collection of their own:
///
///     {_id: <the item's number>, of: <the _id of its mark or request>, item: <the item>, reason, at: <Long, milliseconds>}
///
/// Two documents change one after the other, and the mark decides:
///
///     note in the mark: leaving: [{seq, reason}] -> the copy -> the item leaves the mark -> the note does
///
/// From the note on the item does not go out. If the daemon dies in between, whoever reads the outbox next does the rest,
/// so the message is neither lost nor there twice.
struct MarkSetAside: Sendable {
  let place: MongoPlace
  let written: WrittenFires

  /// - Returns: false: the place is full, and the item stays.
  func setAside(_ handle: OutboxHandle, reason: String, by client: MongoClient) throws(MongoError) -> Bool {
    guard let item = MarkItem.Place(handle) else { return true }
    guard try Self.count(place, client) < Limit.messagesSetAside.most else { return false }
    let note: BSON = ["seq": .int64(item.sequence), "reason": .text(reason.beginning(Limit.reasonLength.most))]
    try change(
      item,
      where: [("pending.seq", .int64(item.sequence)), ("leaving.seq", ["$ne": .int64(item.sequence)])],
      ["$push": ["leaving": note]], client)
    do throws(MongoError) {
      try finish([handle], by: client)
    } catch {
      guard !error.endsSession else { throw error }
      // It waits as before.
      try forget(item, client)
      throw error
    }
    return true
  }

  /// Brings items whose marks have the note to their new place.
  func finish(_ handles: [OutboxHandle], by client: MongoClient) throws(MongoError) {
    for handle in handles {
      guard let item = MarkItem.Place(handle) else { continue }
      try copy(item, client)
      try MarkOutbox.remove([handle], written: written, in: place, by: client)
      try forget(item, client)
    }
  }

  private func copy(_ item: MarkItem.Place, _ client: MongoClient) throws(MongoError) {
    let found = try client.documents(
      [
        "find": .text(place.marks), "filter": ["_id": ["$eq": .optional(item.document["_id"])]],
        "projection": ["pending": true, "leaving": true], "limit": 1,
      ], on: place.database)
    guard let document = found.first,
      let pending = Self.member(of: document["pending"], item.sequence),
      let note = Self.member(of: document["leaving"], item.sequence)
    else { return }
    let now = try ServerTime.read(client)
    let reply = try client.write(
      [
        "insert": .text(place.setAside), "writeConcern": WriteConcern.majority,
        "documents": [
          [
            "_id": .int64(item.sequence), "of": .optional(document["_id"]), "item": .value(pending),
            "reason": .optional(note["reason"]), "at": .int64(now),
          ]
        ],
      ], on: place.database)
    // A copy that is there already is this one's.
    if let error = reply.errors.first?.error, error.code != .duplicate { throw error }
  }

  private func forget(_ item: MarkItem.Place, _ client: MongoClient) throws(MongoError) {
    try change(item, where: [], ["$pull": ["leaving": ["seq": .int64(item.sequence)]]], client)
  }

  private func change(
    _ item: MarkItem.Place, where conditions: [(name: String, value: BSON)], _ update: BSON, _ client: MongoClient
  ) throws(MongoError) {
    let filter = [(name: "_id", value: ["$eq": .optional(item.document["_id"])] as BSON)] + conditions
    let reply = try client.write(
      [
        "update": .text(place.marks), "writeConcern": WriteConcern.majority,
        "updates": [["q": .fields(filter), "u": update]],
      ], on: place.database)
    if let error = reply.errors.first?.error { throw error }
  }

  /// The member of a list with this number.
  static func member(of list: BSONValue?, _ sequence: Int64) -> BSONValue? {
    guard let members = list?.members else { return nil }
    for member in members where member.value["seq"]?.integer == sequence { return member.value }
    return nil
  }

  static func count(_ place: MongoPlace, _ client: MongoClient) throws(MongoError) -> Int {
    let found = try client.documents(
      [
        "aggregate": .text(place.setAside), "pipeline": [["$group": ["_id": .null, "n": ["$sum": 1]]]], "cursor": [:],
      ], on: place.database)
    return Int(clamping: found.first?["n"]?.integer ?? 0)
  }
}
