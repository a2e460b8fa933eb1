/// A document of BSON, checked.
package struct BSONDocument: Hashable, Sendable {
  /// The whole, with its length and its last zero.
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) throws(BSONError) {
    try BSONScanner.check(bytes)
    self.bytes = bytes
  }

  /// - Parameter bytes: of a document that was checked as a part of another, or that a writer has made.
  init(checked bytes: [UInt8]) { self.bytes = bytes }

  /// The members in their order. A name may come twice: a server stores it.
  package var members: BSONMembers { BSONMembers(bytes, in: bytes.indices) }

  /// The value of the first member of this name.
  package subscript(name: String) -> BSONValue? {
    for member in members where member.isNamed(name) { return member.value }
    return nil
  }
}

/// The members of a document or the items of an array.
package struct BSONMembers: Sequence, IteratorProtocol, Sendable {
  private let bytes: [UInt8]
  private var place: Int
  /// Where the last zero stands.
  private let end: Int

  /// - Parameter range: of the document or the array, with its length and its last zero. It was checked.
  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    place = range.lowerBound + 4
    end = range.upperBound - 1
  }

  package mutating func next() -> BSONMember? {
    guard place < end, let type = BSONType(rawValue: bytes[place]) else { return nil }
    let nameStart = place + 1
    let nameEnd = bytes.endOfText(from: nameStart)
    let value = BSONValue(type, in: bytes, at: nameEnd)
    place = value.range.upperBound
    return BSONMember(nameRange: nameStart..<(nameEnd - 1), value: value)
  }
}

package struct BSONMember: Sendable {
  private let nameRange: Range<Int>
  package let value: BSONValue

  init(nameRange: Range<Int>, value: BSONValue) { (self.nameRange, self.value) = (nameRange, value) }

  /// The name's bytes, which need not be UTF-8.
  package var nameBytes: ArraySlice<UInt8> { value.bytes[nameRange] }

  package func isNamed(_ name: String) -> Bool { nameBytes.elementsEqual(name.utf8) }
}
