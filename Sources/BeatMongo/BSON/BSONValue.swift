/// A value within a checked document. It reads nothing before it is asked.
package struct BSONValue: Sendable {
  package let type: BSONType
  /// The whole document's.
  let bytes: [UInt8]
  /// Where the value's own bytes are, without type and name.
  package let range: Range<Int>

  init(_ type: BSONType, in bytes: [UInt8], at start: Int) {
    self.type = type
    self.bytes = bytes
    range = start..<start + Self.length(type, in: bytes, at: start)
  }

  /// The value's own bytes.
  package var content: ArraySlice<UInt8> { bytes[range] }

  /// Whether another value is the same, to the byte and in its type.
  package func isIdentical(to other: BSONValue) -> Bool { type == other.type && content == other.content }

  /// A Double's number.
  package var double: Double? { type == .double ? Double(bitPattern: bytes.number(at: start, bytes: 8)) : nil }

  /// A whole number of any of the types that a number may have: an Int32, a Long, or a Double without a fraction.
  package var integer: Int64? {
    switch type {
    case .int32: Int64(bytes.int32(at: start))
    case .int64: bytes.int64(at: start)
    case .double: double.flatMap { Int64(exactly: $0) }
    default: nil
    }
  }

  package var decimal: BSONDecimal? {
    type == .decimal
      ? BSONDecimal(high: bytes.number(at: start + 8, bytes: 8), low: bytes.number(at: start, bytes: 8)) : nil
  }

  package var bool: Bool? { type == .bool ? bytes[start] == 1 : nil }

  /// A Date, in milliseconds since 1970.
  package var milliseconds: Int64? { type == .date ? bytes.int64(at: start) : nil }

  /// The bytes of a String, of Code or of a Symbol, without the zero. They need not be UTF-8.
  package var utf8: ArraySlice<UInt8>? {
    switch type {
    case .string, .code, .symbol: bytes[(start + 4)..<(range.upperBound - 1)]
    default: nil
    }
  }

  /// A String's text; nil also where it is no UTF-8.
  package var text: String? {
    type == .string ? utf8.flatMap { String(validating: $0, as: UTF8.self) } : nil
  }

  /// The members of a document, or the items of an array, each with its number as its name.
  package var members: BSONMembers? {
    type == .document || type == .array ? BSONMembers(bytes, in: range) : nil
  }

  package var document: BSONDocument? { type == .document ? BSONDocument(checked: Array(content)) : nil }

  package subscript(name: String) -> BSONValue? {
    guard let members else { return nil }
    for member in members where member.isNamed(name) { return member.value }
    return nil
  }

  var start: Int { range.lowerBound }

  /// A value's number of bytes. The scanner has found that they are there.
  private static func length(_ type: BSONType, in bytes: [UInt8], at start: Int) -> Int {
    switch type {
    case .null, .undefined, .minKey, .maxKey: 0
    case .bool: 1
    case .int32: 4
    case .double, .date, .timestamp, .int64: 8
    case .objectID: 12
    case .decimal: 16
    case .string, .code, .symbol: 4 + Int(bytes.int32(at: start))
    case .pointer: 16 + Int(bytes.int32(at: start))
    case .binary: 5 + Int(bytes.int32(at: start))
    case .document, .array, .scopedCode: Int(bytes.int32(at: start))
    case .regex: bytes.endOfText(from: bytes.endOfText(from: start)) - start
    }
  }
}
