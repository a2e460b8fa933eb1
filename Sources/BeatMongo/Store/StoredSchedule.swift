import BeatCore

/// The users' documents of some schedules.
struct StoredSchedules: Sendable {
  /// The documents of each name. More than one has the same name only where no unique index forbids it.
  private var documents: [EntryName: [BSONDocument]] = [:]

  /// Reads documents by their names.
  ///
  /// The find names no collation: with another one than the collection's own the server could not use the index of names,
  /// and would read the whole collection. What a collation finds beyond the names, such as other upper and lower case, is
  /// left out here.
  ///
  /// - Parameter fields: what is read of each; empty: all.
  static func find(
    _ names: [EntryName], fields: BSON = [:], in place: MongoPlace, by client: MongoClient
  ) throws(MongoError) -> StoredSchedules {
    try find(names, fields: fields, atMost: .max, in: place, by: client) ?? StoredSchedules()
  }

  /// Reads documents by their names, if all of them together have at most so many bytes.
  ///
  /// - Returns: nil: they have more.
  static func find(
    _ names: [EntryName], fields: BSON = [:], atMost most: Int, in place: MongoPlace, by client: MongoClient
  ) throws(MongoError) -> StoredSchedules? {
    var found = StoredSchedules()
    var size = 0
    let asked = Set(names)
    try client.walk(
      [
        "find": .text(place.schedules), "filter": ["name": ["$in": .array(names.map { .string($0.bytes) })]],
        "projection": fields, "batchSize": 1000,
      ], on: place.database
    ) { document in
      size += document.bytes.count
      guard size <= most else { return false }
      guard let name = document["name"]?.utf8.map({ EntryName(Array($0)) }), asked.contains(name) else { return true }
      found.documents[name, default: []].append(document)
      return true
    }
    return size <= most ? found : nil
  }

  /// The document that runs under a name: the one that ran last or was first seen, else the one with the lowest `_id`.
  ///
  /// If a second document of the name did away with the first, or stopped it, whoever may insert could stop a schedule.
  func incumbent(_ name: EntryName, _ mark: StoredMark?) -> BSONDocument? {
    guard let candidates = documents[name] else { return nil }
    if candidates.count == 1 { return candidates[0] }
    let of = mark?.of?["of"]
    return candidates.first { of != nil && $0["_id"].isSame(as: of) }
      ?? candidates.min { left, right in
        (left["_id"]?.sortKey ?? []).lexicographicallyPrecedes(right["_id"]?.sortKey ?? [])
      }
  }

  /// The other documents of a name.
  func others(_ name: EntryName, than incumbent: BSONDocument) -> [BSONDocument] {
    (documents[name] ?? []).filter { !$0["_id"].isSame(as: incumbent["_id"]) }
  }

  /// The document of this `_id`, if it has this name.
  func document(_ id: BSONValue, named name: EntryName) -> BSONDocument? {
    documents[name]?.first { $0["_id"].isSame(as: id) }
  }
}

extension BSONValue {
  /// Bytes by which `_id`s have an order that is always the same: the type, and the value's bytes. Of two ObjectIds the
  /// older comes first.
  var sortKey: [UInt8] { [type.rawValue] + content }

  /// The value for people, as JSON.
  var words: String { StoredText.text(of: self, at: .read).map { String(decoding: $0, as: UTF8.self) } ?? type.words }
}
