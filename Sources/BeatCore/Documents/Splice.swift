/// A few replacements in a text, everything else left as it is, and where a place of the old text is in the new one.
struct Splice {
  private(set) var edits: [(range: Range<Int>, text: [UInt8])] = []

  /// Replaces `range` (empty: inserts). Ranges do not overlap.
  mutating func replace(_ range: Range<Int>, with text: String) { replace(range, with: Array(text.utf8)) }

  mutating func replace(_ range: Range<Int>, with text: [UInt8]) {
    let place = edits.lastIndex { $0.range.lowerBound <= range.lowerBound }.map { $0 + 1 } ?? 0
    edits.insert((range, text), at: place)
  }

  /// Where in the new text stand `count` bytes that begin at a place of the old one.
  func place(_ old: Int, _ count: Int) -> Range<Int> {
    var start = old
    for edit in edits where edit.range.lowerBound < old { start += edit.text.count - edit.range.count }
    return start..<(start + count)
  }

  func applied(to bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(edits.reduce(bytes.count) { $0 + $1.text.count })
    var copied = 0
    for edit in edits {
      result += bytes[copied..<edit.range.lowerBound]
      result += edit.text
      copied = edit.range.upperBound
    }
    result += bytes[copied...]
    return result
  }
}
