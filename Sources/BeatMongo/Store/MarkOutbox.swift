import BeatCore

/// The messages that wait in the marks and in the requests for runs by hand, as one outbox: the oldest first, by their
/// sequence numbers.
enum MarkOutbox {
  /// The condition of documents with items. It spans the whole of the sparse index: only then does a server take the order
  /// of an index on a list's items for that of `$sort`, and need not sort all that waits.
  static let hasItems: BSON = ["pending.seq": ["$exists": true]]
  /// The most items of one read.
  private static let most = 1000

  static func isEmpty(in place: MongoPlace, by client: MongoClient) throws(MongoError) -> Bool {
    try client.documents(
      ["find": .text(place.marks), "filter": hasItems, "projection": ["_id": true], "limit": 1], on: place.database
    ).isEmpty
  }

  /// The oldest items behind the first `skipped` ones. Where a document was not brought up to its fire, since the
  /// daemon died first, this is done before the message goes out.
  ///
  /// - Parameters:
  ///   - newest: the last of the skipped items; nil: none is skipped.
  ///   - written: the fires whose documents are brought up to them already.
  static func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int, written: WrittenFires, in place: MongoPlace,
    by client: MongoClient
  ) throws(MongoError) -> MarkOutboxPage {
    func page() throws(MongoError) -> MarkOutboxPage {
      try readPage(
        behind: skipped, newest: newest, count: count, bytes: bytes, written: written, in: place, by: client)
    }
    let first = try page()
    guard !first.leaving.isEmpty else { return first }
    // A daemon has died while it set these aside.
    do throws(MongoError) {
      try MarkSetAside(place: place, written: written).finish(first.leaving, by: client)
    } catch {
      guard !error.endsSession else { throw error }
      return first
    }
    return try page()
  }

  private static func readPage(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int, written: WrittenFires, in place: MongoPlace,
    by client: MongoClient
  ) throws(MongoError) -> MarkOutboxPage {
    // Of the skipped items only the last is read, which shows whether they are in their places.
    let first = max(0, skipped - 1)
    let end = skipped + min(max(0, count), Self.most)
    guard end > 0 else { return MarkOutboxPage(count: try OutboxLength.count(client, place)) }
    var page = MarkOutboxPage(count: 0)
    // The oldest k items lie in the k documents whose oldest item is oldest.
    let pipeline: BSON = [
      ["$match": hasItems], ["$sort": ["pending.seq": 1]], ["$limit": .int64(Int64(end))], ["$unwind": "$pending"],
      ["$sort": ["pending.seq": 1, "pending.id": 1]], ["$skip": .int64(Int64(first))],
      ["$limit": .int64(Int64(end - first))], ["$project": ["pending": true, "redo": true, "leaving": true]],
    ]
    var isToCheck = skipped > 0
    var size = 0
    var (seen, isWhole) = (first, true)
    var notes: [RedoNote] = []
    try client.walk(
      // What another primary could undo must not go out.
      [
        "aggregate": .text(place.marks), "pipeline": pipeline, "cursor": [:], "allowDiskUse": true,
        "readConcern": ["level": "majority"],
      ], on: place.database
    ) { (document) throws(MongoError) in
      seen += 1
      guard let pending = document["pending"] else { return true }
      let note = document["redo"].flatMap { RedoNote($0) }
      let isNoted = note.map { pending["id"]?.utf8?.elementsEqual($0.id) ?? false } ?? false
      let handle = MarkItem.handle(of: document["_id"], pending, isNoted: isNoted)
      if isToCheck {
        isToCheck = false
        page.isMoved = !MarkItem.isSame(handle, newest)
        return !page.isMoved
      }
      size += pending.range.count
      guard page.items.isEmpty || size <= bytes else {
        isWhole = false
        return false
      }
      page.items.append((handle, MarkItem.item(of: pending)))
      if let sequence = pending["seq"]?.integer, MarkSetAside.member(of: document["leaving"], sequence) != nil {
        page.leaving.append(handle)
      }
      if isNoted, let note, !written.contains(note.id) { notes.append(note) }
      return true
    }
    if isToCheck { page.isMoved = true }
    // An answer that is shorter than it might be was to the outbox's end.
    page.count =
      isWhole && seen < end && !page.isMoved ? seen : max(seen, try OutboxLength.count(client, place))
    try write(notes, written, in: place, by: client)
    return page
  }

  /// Brings documents up to their fires. One that the server does not let be written keeps its note: by it the request
  /// that the fire has answered is not taken for a new one.
  private static func write(
    _ notes: [RedoNote], _ written: WrittenFires, in place: MongoPlace, by client: MongoClient
  ) throws(MongoError) {
    guard !notes.isEmpty else { return }
    let reply: MongoWriteReply
    do throws(MongoError) {
      reply = try client.write(
        [
          "update": .text(place.schedules), "ordered": false, "writeConcern": WriteConcern.one,
          "updates": .array(notes.map(\.statement)),
        ], on: place.database)
    } catch {
      guard !error.endsSession else { throw error }
      return
    }
    let refused = Set(reply.errors.map(\.index))
    for (index, note) in notes.enumerated() where !refused.contains(index) { written.insert(note.id) }
  }

  /// Removes items. Those of one document go in one write: each write logs what is left of the document's items.
  ///
  /// - Parameter written: the fires whose documents are written: their notes are removed as well.
  static func remove(
    _ handles: [OutboxHandle], written: WrittenFires, in place: MongoPlace, by client: MongoClient
  ) throws(MongoError) {
    var order: [[UInt8]] = []
    var items: [[UInt8]: [MarkItem.Place]] = [:]
    for handle in handles {
      guard let item = MarkItem.Place(handle) else { continue }
      let key = item.document.bytes
      if items[key] == nil { order.append(key) }
      items[key, default: []].append(item)
    }
    guard !order.isEmpty else { return }
    let removals = order.compactMap { items[$0].flatMap { Removal($0, written) } }
    let reply = try write(removals.map(\.withNote), in: place, by: client)
    var errors = reply.errors
    // Where a later fire has put its own note, that one stays.
    let noted = removals.filter { $0.hasNote }
    if reply.count < Int64(removals.count), !noted.isEmpty {
      errors += try write(noted.map(\.withoutNote), in: place, by: client).errors
    }
    for handle in handles { if let item = MarkItem.Place(handle) { written.remove(item.id) } }
    if let first = errors.first { throw first.error }
  }

  private static func write(
    _ statements: [BSON], in place: MongoPlace, by client: MongoClient
  ) throws(MongoError) -> MongoWriteReply {
    try client.write(
      [
        "update": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.one, "updates": .array(statements),
      ], on: place.database)
  }

  /// Removes items of one document.
  private struct Removal {
    /// Takes out the note of one of the items as well; changes nothing where it is not there.
    let withNote: BSON
    let withoutNote: BSON
    let hasNote: Bool

    init?(_ places: [MarkItem.Place], _ written: WrittenFires) {
      guard let first = places.first else { return nil }
      let id: BSON = ["$eq": .optional(first.document["_id"])]
      var update: [(name: String, value: BSON)] = [("$pull", ["pending": MarkItem.Place.isAny(of: places)])]
      // A request for a run by hand is removed some time after its message has left.
      if first.isRequest { update.append(("$currentDate", ["done": true])) }
      withoutNote = ["q": ["_id": id], "u": .fields(update)]
      guard let noted = places.last(where: { $0.isNoted && written.contains($0.id) }) else {
        (withNote, hasNote) = (withoutNote, false)
        return
      }
      withNote = [
        "q": ["_id": id, "redo.id": .string(noted.id)], "u": .fields(update + [("$unset", ["redo": true])]),
      ]
      hasNote = true
    }
  }
}

struct MarkOutboxPage: Sendable {
  var count: Int
  var isMoved = false
  var items: [(handle: OutboxHandle, item: OutboxItem?)] = []
  /// Items among these that are being set aside.
  var leaving: [OutboxHandle] = []

  init(count: Int) { self.count = count }
}
