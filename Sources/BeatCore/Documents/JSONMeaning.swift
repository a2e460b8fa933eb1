/// Whether two JSON texts say the same, however they are spelled: white space, escapes, the form of numbers and the order
/// of an object's members do not count.
package enum JSONMeaning {
  /// Compares two objects, such as documents.
  ///
  /// - Parameter fields: top-level fields that are left out.
  package static func isSame(_ left: [UInt8], _ right: [UInt8], butFor fields: Set<String> = []) -> Bool {
    guard let left = try? DocumentLayout(left), let right = try? DocumentLayout(right) else { return left == right }
    return isSame(
      left.members.filter { !fields.contains($0.key) }, left.bytes, right.members.filter { !fields.contains($0.key) },
      right.bytes)
  }

  /// Compares two values of valid JSON.
  package static func isSame(value left: [UInt8], _ right: [UInt8]) -> Bool {
    let (before, after) = (Array(#"{"":"#.utf8), Array("}".utf8))
    return isSame(before + left + after, before + right + after)
  }

  private static func isSame(
    _ left: [JSONMember], _ leftBytes: [UInt8], _ right: [JSONMember], _ rightBytes: [UInt8]
  ) -> Bool {
    // The last of several members of one name counts.
    let right = Dictionary(right.map { ($0.key, $0.value) }) { $1 }
    let left = Dictionary(left.map { ($0.key, $0.value) }) { $1 }
    guard left.count == right.count else { return false }
    return left.allSatisfy { key, value in right[key].map { isSame(value, leftBytes, $0, rightBytes) } ?? false }
  }

  private static func isSame(_ left: JSONSlice, _ leftBytes: [UInt8], _ right: JSONSlice, _ rightBytes: [UInt8]) -> Bool
  {
    let (leftText, rightText) = (leftBytes[left.range], rightBytes[right.range])
    if leftText == rightText { return true }
    guard left.kind == right.kind else { return false }
    switch left.kind {
    case .null, .bool, .shellCall: return false
    case .string:
      guard let left = JSONScanner.utf8(of: left, in: leftBytes),
        let right = JSONScanner.utf8(of: right, in: rightBytes)
      else { return false }
      return left == right
    case .number:
      // Whole numbers beyond a Double's are compared as they are written.
      guard leftText.count < 16, rightText.count < 16, let left = Double(String(decoding: leftText, as: UTF8.self)),
        let right = Double(String(decoding: rightText, as: UTF8.self))
      else { return false }
      return left == right
    case .array:
      let (left, right) = (
        JSONScanner.items(of: left, in: leftBytes), JSONScanner.items(of: right, in: rightBytes)
      )
      return left.count == right.count && zip(left, right).allSatisfy { isSame($0, leftBytes, $1, rightBytes) }
    case .object:
      return isSame(
        JSONScanner.members(of: left, in: leftBytes), leftBytes, JSONScanner.members(of: right, in: rightBytes),
        rightBytes)
    }
  }
}
