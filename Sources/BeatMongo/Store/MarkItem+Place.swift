import BeatCore

extension MarkItem {
  /// Where an item stands, as its handle tells it: the document, and the two fields by which the item is found in it.
  /// The fields are kept as they are, for an item that no daemon has written must be removed as well.
  struct Place: Hashable, Sendable {
    /// The `_id` of the mark or the request.
    let document: BSONDocument
    /// The item's number and its task's id, as far as it has them.
    fileprivate let fields: BSONDocument
    /// The item's mark still says what its document must hold after the fire.
    let isNoted: Bool

    /// nil: it is no handle of this store.
    init?(_ handle: OutboxHandle) {
      guard let parts = try? BSONDocument(handle.bytes), let document = parts["of"]?.document,
        let fields = parts["item"]?.document, let isNoted = parts["noted"]?.bool
      else { return nil }
      (self.document, self.fields, self.isNoted) = (document, fields, isNoted)
    }

    var sequence: Int64 { fields["seq"]?.integer ?? 0 }
    /// The bytes of the task's id.
    var id: [UInt8] { fields["id"]?.utf8.map { Array($0) } ?? [] }
    /// The item belongs to a request for a run by hand.
    var isRequest: Bool { document["_id"]?["request"] != nil }

    /// The condition that an item of the list is one of these, for `$pull`. A number is that of one item only, so
    /// both lists together mean no other.
    static func isAny(of places: [Self]) -> BSON {
      // Null stands for an absent field.
      func values(_ name: String) -> BSON { ["$in": .array(places.map { .optional($0.fields[name]) })] }
      return ["seq": values("seq"), "id": values("id")]
    }
  }

  /// - Parameters:
  ///   - id: of the document in which the item stands.
  ///   - isNoted: see `Place`.
  static func handle(of id: BSONValue?, _ pending: BSONValue, isNoted: Bool) -> OutboxHandle {
    let fields = ["seq", "id"].compactMap { name in pending[name].map { (name, BSON.value($0)) } }
    let parts: BSONDocument = ["of": ["_id": .optional(id)], "item": .fields(fields), "noted": .bool(isNoted)]
    return OutboxHandle(parts.bytes)
  }

  /// Whether two handles are of one item, noted or not.
  static func isSame(_ handle: OutboxHandle, _ other: OutboxHandle?) -> Bool {
    guard let other else { return false }
    if handle == other { return true }
    guard let one = Place(handle), let two = Place(other) else { return false }
    return one.document == two.document && one.isItem(two)
  }
}

extension MarkItem.Place {
  fileprivate func isItem(_ other: Self) -> Bool { fields == other.fields }
}
