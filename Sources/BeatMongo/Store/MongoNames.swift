import BeatCore

/// The names of the schedules that this session has met, by the `_id`s of their documents. The event of a deletion tells
/// the `_id` only.
///
/// Only a digest of each `_id` is kept. Should two have the same, a deletion is noticed by an audit.
struct MongoNames {
  private var names: [Int: EntryName] = [:]

  func name(of id: BSONValue) -> EntryName? { names[Self.key(id)] }

  mutating func note(_ name: EntryName, of id: BSONValue) { names[Self.key(id)] = name }

  /// - Returns: the name that the document had.
  mutating func remove(_ id: BSONValue) -> EntryName? { names.removeValue(forKey: Self.key(id)) }

  private static func key(_ id: BSONValue) -> Int {
    var hasher = Hasher()
    hasher.combine(id.type)
    for byte in id.content { hasher.combine(byte) }
    return hasher.finalize()
  }
}
