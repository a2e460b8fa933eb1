import BeatCore

/// The daemons' own document beside a schedule: its watermark, and the messages that wait for the broker. Both are one
/// document, so one write advances both: this write is the fire.
///
///     {_id: <the schedule's name>, mark: "<watermark>", of: <the document's _id>, pending: [{seq, id, length, ...}],
///      redo: {id, of, old: {...}, new: {...}}, moved: {to, until}, leaving: [{seq, reason}]}
struct StoredMark: Sendable {
  /// The watermark as it is stored, of any type.
  let mark: BSONDocument?
  /// The `_id` of the document that ran last, or was first seen.
  let of: BSONDocument?
  let redo: RedoNote?
  /// The schedule is being renamed at present.
  let isMoving: Bool
  /// It was to be renamed, and the client that began it has not come to an end in time.
  let hasOldMove: Bool
  /// How many messages of this schedule wait, and how many bytes they have.
  let waiting: Int
  let waitingLength: Int

  init(_ document: BSONDocument) {
    mark = document["mark"].map { ["mark": .value($0)] }
    of = document["of"].map { ["of": .value($0)] }
    redo = document["redo"].flatMap { RedoNote($0) }
    isMoving = document["isMoving"]?.bool ?? false
    hasOldMove = document["moved"] != nil && !isMoving
    waiting = document["waiting"]?.integer.map { Int(clamping: $0) } ?? 0
    waitingLength = document["waitingLength"]?.integer.map { Int(clamping: $0) } ?? 0
  }

  /// The watermark's bytes; nil: there is none. A value that is no text is told by its type.
  var bytes: [UInt8]? {
    guard let value = mark?["mark"] else { return nil }
    return value.type == .string ? value.utf8.map { Array($0) } : Array("(\(value.type.words))".utf8)
  }

  var state: WatermarkState { WatermarkState(bytes.map { Array($0.prefix(Limit.watermarkLength.most + 1)) }) }

  /// The condition that the watermark is still the one that was read.
  var isUnchanged: BSON { mark?["mark"].map { ["$eq": .value($0)] } ?? ["$exists": false] }

  /// Finds the marks of schedules.
  static func find(
    _ names: [EntryName], in place: MongoPlace, by client: MongoClient
  ) throws(MongoError) -> [EntryName: StoredMark] {
    // The messages themselves stay on the server. No expression fails on what another client has stored in a field: a
    // failure would be that of all marks.
    let pipeline: BSON = [
      ["$match": ["_id": ["$in": .array(names.map { .string($0.bytes) })]]],
      [
        "$project": [
          "mark": true, "of": true, "redo": true, "moved": true, "isMoving": MarkMove.isUnderWay,
          "waiting": ["$cond": [["$isArray": "$pending"], ["$size": "$pending"], 0]],
          "waitingLength": ["$sum": "$pending.length"],
        ]
      ],
    ]
    var marks: [EntryName: StoredMark] = [:]
    try client.eachDocument(
      ["aggregate": .text(place.marks), "pipeline": pipeline, "cursor": ["batchSize": 1000]], on: place.database
    ) { document in
      if let name = document["_id"]?.utf8 { marks[EntryName(Array(name))] = StoredMark(document) }
    }
    return marks
  }
}
