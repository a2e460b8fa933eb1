/// A schedule document as text, with the places of its top-level fields: what is read is found here, and what is
/// written back is spliced in here, so that every other byte stays.
package struct DocumentLayout {
  package let bytes: [UInt8]
  package let members: [JSONMember]
  /// Bit n: a key of n bytes is there. Most fields that are asked for are not, and few lengths are.
  private let lengths: UInt64
  private let range: Range<Int>

  package init(_ bytes: [UInt8]) throws(JSONError) {
    self.bytes = bytes
    (members, range) = try JSONScanner.document(bytes)
    lengths = members.reduce(0) { $0 | 1 << UInt64($1.key.utf8.count & 63) }
  }

  /// The value that counts for `key` (the last one, as in Python); nil if absent. `null` is a value here.
  package func value(_ key: String) -> JSONSlice? {
    let length = key.utf8.count
    guard lengths >> UInt64(length & 63) & 1 == 1 else { return nil }
    return members.last { $0.key.utf8.count == length && $0.key == key }?.value
  }

  /// The value that counts for `key`; nil if it is absent or `null`.
  package subscript(key: String) -> JSONSlice? { value(key).flatMap { $0.kind == .null ? nil : $0 } }

  func bool(_ key: String) -> Bool? {
    guard let slice = self[key], slice.kind == .bool else { return nil }
    return bytes[slice.range.lowerBound] == UInt8(ascii: "t")
  }

  /// The white space before the last key: a document of one line continues on its line, an indented one in its column.
  var leadingSpace: String {
    guard let last = members.last else { return " " }
    let space = Self.space(in: bytes[range.lowerBound..<last.keyRange.lowerBound])
    if members.count == 1, space.isEmpty { return isCompact ? "" : " " }
    return String(decoding: space, as: UTF8.self)
  }

  /// Bytes. More white space than this is no indentation, and would be written again with each field that is added.
  static let mostSpace = 128

  /// The white space at the end of what stands before a key.
  static func space(in before: ArraySlice<UInt8>) -> [UInt8] {
    let space = Array(before.reversed().prefix { [0x20, 0x0A, 0x0D, 0x09].contains($0) }.reversed())
    return space.count <= mostSpace ? space : [0x20]
  }

  /// No space between a key's colon and its value.
  var isCompact: Bool {
    guard let last = members.last, last.value.range.lowerBound > 0 else { return false }
    return bytes[last.value.range.lowerBound - 1] == UInt8(ascii: ":")
  }
}
