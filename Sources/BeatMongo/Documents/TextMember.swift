import BeatCore

/// A member of an object in a text, with its name as bytes: two names of the same letters in Unicode are two fields.
struct TextMember {
  let name: [UInt8]
  let value: JSONSlice

  /// - Parameter members: of an object of `text`.
  static func all(_ members: [JSONMember], in text: [UInt8]) throws(FieldChangesError) -> [TextMember] {
    var result: [TextMember] = []
    result.reserveCapacity(members.count)
    for member in members {
      guard let name = JSONScanner.utf8(ofKey: member, in: text) else {
        throw FieldChangesError("", "has a field whose name holds half of a surrogate pair, which is no text")
      }
      guard !name.contains(0) else {
        throw FieldChangesError("", "has a field whose name holds U+0000, at which a name ends in MongoDB")
      }
      result.append(TextMember(name: Array(name), value: member.value))
    }
    return result
  }

  var nameText: String { String(decoding: name, as: UTF8.self) }
}
