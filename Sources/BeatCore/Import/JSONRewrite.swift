/// A JSON value in which some values are replaced by others, and every other byte stays.
enum JSONRewrite {
  /// - Parameter replacement: asked of each value from outside in; nil: it stays, and what it holds is asked of.
  static func value(
    _ slice: JSONSlice, in bytes: [UInt8],
    replacement: (JSONSlice) throws(ImportRefusal) -> String?
  ) throws(ImportRefusal) -> [UInt8] {
    var result: [UInt8] = []
    var copied = slice.range.lowerBound
    try walk(slice, in: bytes) { part throws(ImportRefusal) in
      guard let text = try replacement(part) else { return false }
      result += bytes[copied..<part.range.lowerBound]
      result += text.utf8
      copied = part.range.upperBound
      return true
    }
    return result + bytes[copied..<slice.range.upperBound]
  }

  private static func walk(
    _ slice: JSONSlice, in bytes: [UInt8], visit: (JSONSlice) throws(ImportRefusal) -> Bool
  ) throws(ImportRefusal) {
    if try visit(slice) { return }
    switch slice.kind {
    case .object:
      for member in JSONScanner.members(of: slice, in: bytes) { try walk(member.value, in: bytes, visit: visit) }
    case .array:
      for item in JSONScanner.items(of: slice, in: bytes) { try walk(item, in: bytes, visit: visit) }
    default: break
    }
  }
}
