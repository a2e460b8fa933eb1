import BeatCore

/// A walk through a collection in the order of `_id`. It keeps nothing on the server between its steps.
///
/// A comparison finds only values of its own type, so the walk goes through the types one after the other.
struct IDWalk: Sendable {
  let collection: String
  /// The types of `_id`, each with its lowest value, in the server's order. Documents of other types are left out.
  let types: [(type: BSONType, lowest: BSON)]
  /// A value that every `_id` is less than; nil: there is none.
  var end: BSON?
  /// What else a document must have.
  var filter: [(name: String, value: BSON)] = []
  /// What is read of each document, beside its `_id`.
  let fields: BSON
  /// The most documents of one step.
  let step: Int

  struct Page: Sendable {
    var documents: [BSONDocument] = []
    /// The last document's `_id`, from which the next step goes on; nil: this was the last step.
    var next: String?
  }

  /// Makes one step.
  ///
  /// - Parameter position: `next` of the step before; nil: a new walk begins.
  func page(_ client: MongoClient, on database: String, from position: String?) throws(MongoError) -> Page {
    var page = Page()
    var last = try position.map { text throws(MongoError) in try Self.value(text) }
    let first = types.firstIndex { $0.type == last?.type } ?? 0
    for (_, lowest) in types[first...] {
      let start: (name: String, value: BSON) = last.map { ("$gt", .value($0)) } ?? ("$gte", lowest)
      let bound = BSON.fields([start] + (end.map { [("$lt", $0)] } ?? []))
      let left = step - page.documents.count
      let found = try MongoPage(try client.run(command(bound, atMost: left), on: database))
      page.documents += found.documents
      // The server ends a batch early when it is long.
      let isWhole = found.cursor == 0 && found.documents.count < left
      if found.cursor != 0 { try client.close(found.cursor, of: collection, on: database) }
      if !isWhole, let id = found.documents.last?["_id"] {
        page.next = Self.text(id)
        return page
      }
      last = nil
    }
    return page
  }

  private func command(_ bound: BSON, atMost count: Int) -> BSONDocument {
    let number = BSON.int64(Int64(count))
    return [
      "aggregate": .text(collection),
      "pipeline": [
        ["$match": .fields([("_id", bound)] + filter)], ["$sort": ["_id": 1]], ["$limit": number], ["$project": fields],
      ], "cursor": ["batchSize": .int64(Int64(count) + 1)],
    ]
  }

  /// A position: the `_id` as a document of BSON, in hexadecimal digits.
  static func text(_ id: BSONValue) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let document: BSONDocument = ["": .value(id)]
    return String(decoding: document.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func value(_ text: String) throws(MongoError) -> BSONValue {
    let digits = Array(text.utf8).map { Character(UnicodeScalar($0)).hexDigitValue ?? 0 }
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    guard let id = (try? BSONDocument(bytes))?.members.first(where: { _ in true })?.value else {
      throw MongoError(.reply, "a walk has no such position")
    }
    return id
  }
}

extension ScanPosition {
  /// The position after a step; nil: it was the last one.
  static func next(_ position: ScanPosition?, _ next: String?) throws(Refusal) -> ScanPosition? {
    guard let next else { return nil }
    guard let position else { return ScanPosition(next) }
    guard let further = position.advanced(to: next) else { throw Refusal(.other, "a walk does not come to its end") }
    return further
  }
}
