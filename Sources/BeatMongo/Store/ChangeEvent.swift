import BeatCore

/// An event of the change stream, as far as it matters.
enum ChangeEvent {
  /// A document was inserted or replaced, and has this name now; nil: it has none.
  case stored(id: BSONValue, name: EntryName?)
  /// Fields were set. `onlyBookkeeping`: no others than a fire writes.
  case updated(id: BSONValue, fields: BSONDocument, onlyBookkeeping: Bool)
  case deleted(id: BSONValue)
  /// This daemon's own heartbeat.
  case heartbeat
  /// The lease was taken, renewed, offered or given back. From that moment on it lasts this many milliseconds, 0 if it
  /// was given back, as far as the event tells.
  case lease(lasts: Int64?)
  case requested
  case applicationTouched
  /// A collection is not the one that it was. No event follows in this stream.
  case gone(String)

  /// The fields that a fire writes.
  private static let bookkeeping: Set<String> = ["last_run_at", "total_run_count", "run_immediately"]

  /// nil: the event does not matter, or cannot be read.
  init?(_ event: BSONDocument, in place: MongoPlace, instance: String) {
    let kind = event["operationType"]?.text ?? ""
    let collection = event["ns"]?["coll"]?.text
    switch kind {
    case "drop", "rename", "dropDatabase", "invalidate":
      self = .gone(Self.words(kind, collection, place))
      return
    default: break
    }
    guard let id = event["documentKey"]?["_id"] else { return nil }
    switch collection {
    case place.schedules: self.init(ofSchedule: event, kind, id)
    case place.marks: self = .requested
    case place.daemon:
      switch id.text {
      case DaemonDocument.heartbeat(instance): self = .heartbeat
      case DaemonDocument.application: self = .applicationTouched
      case DaemonDocument.lease:
        self = .lease(lasts: Self.lasts(event))
      default: return nil
      }
    default: return nil
    }
  }

  private init?(ofSchedule event: BSONDocument, _ kind: String, _ id: BSONValue) {
    switch kind {
    case "insert", "replace":
      self = .stored(id: id, name: (event["fullDocument"]?["name"]?.utf8).map { EntryName(Array($0)) })
    case "delete": self = .deleted(id: id)
    case "update":
      let description = event["updateDescription"]
      let fields = description?["updatedFields"]?.document ?? [:]
      let hasRemoved = description?["removedFields"]?.members.map { members in
        var members = members
        return members.next() != nil
      }
      let onlyBookkeeping = fields.members.allSatisfy { member in
        Self.bookkeeping.contains { member.isNamed($0) }
      }
      self = .updated(id: id, fields: fields, onlyBookkeeping: onlyBookkeeping && hasRemoved != true)
    default: return nil
    }
  }

  private static func lasts(_ event: BSONDocument) -> Int64? {
    for place in [event["updateDescription"]?["updatedFields"], event["fullDocument"]] {
      guard let until = place?["until"]?.integer else { continue }
      guard until > 0 else { return 0 }
      return place?["at"]?.integer.map { max(0, until &- $0) }
    }
    return nil
  }

  private static func words(_ kind: String, _ collection: String?, _ place: MongoPlace) -> String {
    switch kind {
    case "drop": "the collection \(place.database).\(collection ?? "") was dropped"
    case "rename": "the collection \(place.database).\(collection ?? "") was renamed"
    case "dropDatabase": "the database \(place.database) was dropped"
    default: "the change stream has ended"
    }
  }

  /// The stages that leave only these events on the server.
  static func pipeline(_ place: MongoPlace, instance: String) -> BSON {
    let own: BSON = .array([
      .text(DaemonDocument.lease), .text(DaemonDocument.application), .text(DaemonDocument.heartbeat(instance)),
    ])
    let collections: BSON = .array(([place.schedules] + place.ownCollections).map { .text($0) })
    return [
      ["$changeStream": [:]],
      [
        "$match": [
          "$or": [
            ["ns.coll": .text(place.schedules)],
            ["ns.coll": .text(place.daemon), "documentKey._id": ["$in": own]],
            [
              "ns.coll": .text(place.marks), "operationType": "insert", "fullDocument.request": ["$exists": true],
            ],
            ["operationType": ["$in": ["drop", "rename"]], "ns.coll": ["$in": collections]],
            ["operationType": ["$in": ["dropDatabase", "invalidate"]]],
          ]
        ]
      ],
      [
        "$project": [
          "operationType": true, "ns": true, "documentKey": true, "updateDescription": true,
          "fullDocument.name": true, "fullDocument.until": true, "fullDocument.at": true,
        ]
      ],
    ]
  }
}
