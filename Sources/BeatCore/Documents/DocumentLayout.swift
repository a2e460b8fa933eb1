/// A schedule document as text, with the places of its top-level fields: what is read is found here, and what is
/// written back is spliced in here, so that every other byte stays.
package struct DocumentLayout {
  package let bytes: [UInt8]
  package let members: [JSONMember]
  /// The marks of all keys. Most fields that are asked for are not there, and this tells it without a look at the keys.
  private let marks: UInt64
  private let range: Range<Int>

  package init(_ bytes: [UInt8]) throws(JSONError) {
    self.bytes = bytes
    (members, range) = try JSONScanner.document(bytes)
    marks = members.reduce(0) { $0 | Self.mark(of: $1.key.utf8) }
  }

  /// The value that counts for `key` (the last one, as in Python); nil if absent. `null` is a value here.
  package func value(_ key: String) -> JSONSlice? {
    guard marks & Self.mark(of: key.utf8) != 0 else { return nil }
    let length = key.utf8.count
    return members.last { $0.key.utf8.count == length && $0.key == key }?.value
  }

  /// One bit of 64, by a key's length and its first byte.
  private static func mark(of key: String.UTF8View) -> UInt64 {
    1 << UInt64((key.count &* 5 &+ Int(key.first ?? 0) &* 11) & 63)
  }

  /// The value that counts for `key`; nil if it is absent or `null`.
  package subscript(key: String) -> JSONSlice? { value(key).flatMap { $0.kind == .null ? nil : $0 } }

  func bool(_ key: String) -> Bool? {
    guard let slice = self[key], slice.kind == .bool else { return nil }
    return bytes[slice.range.lowerBound] == UInt8(ascii: "t")
  }

  /// The white space before the last key: a document of one line continues on its line, an indented one in its column.
  var leadingSpace: [UInt8] {
    guard let last = members.last else { return [0x20] }
    let space = Self.space(in: bytes[range.lowerBound..<last.keyRange.lowerBound])
    if members.count == 1, space.isEmpty { return isCompact ? [] : [0x20] }
    return space
  }

  /// Bytes. More white space than this is no indentation, and would be written again with each field that is added.
  static let mostSpace = 128

  /// The white space at the end of what stands before a key.
  static func space(in before: ArraySlice<UInt8>) -> [UInt8] {
    var start = before.endIndex
    while start > before.startIndex, isSpace(before[start - 1]) { start -= 1 }
    return before.endIndex - start <= mostSpace ? Array(before[start...]) : [0x20]
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// No space between a key's colon and its value.
  var isCompact: Bool {
    guard let last = members.last, last.value.range.lowerBound > 0 else { return false }
    return bytes[last.value.range.lowerBound - 1] == UInt8(ascii: ":")
  }
}
