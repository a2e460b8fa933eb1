/// Which schedules a user means: a name, or a glob in the manner of Redis' `KEYS`, by which people search their keys.
///
/// `*` is any bytes, `?` one byte, `[a-c]` one of those, `[^a-c]` none of them, and `\` takes the next one literally. A
/// name that is written as it is printed, with escapes (`EntryName.description`, `.argument`), means that name only.
package struct NamePattern: Hashable, Sendable, CustomStringConvertible {
  /// As it was given; of a name that was written with escapes, the name.
  package let bytes: [UInt8]
  private let isName: Bool

  /// One name, whatever it looks like.
  package init(_ name: EntryName) { (bytes, isName) = (name.bytes, true) }

  package init(_ text: String) {
    let name = EntryName(notation: text)
    bytes = name?.bytes ?? Array(text.utf8)
    isName = name != nil
  }

  /// Whether it can match anything but its own letters.
  package var isGlob: Bool { !isName && bytes.contains { #"*?[\"#.utf8.contains($0) } }

  /// The name that it is when it is taken letter by letter.
  package var literal: EntryName { EntryName(bytes) }

  package var description: String { literal.description }

  /// Whether a name is meant. Takes no more steps than the product of both lengths.
  package func matches(_ name: EntryName) -> Bool { matches(name.bytes[...]) }

  /// The same for any text, such as a task's name.
  package func matches(_ text: ArraySlice<UInt8>) -> Bool {
    if isName { return text.elementsEqual(bytes) }
    var position = text.startIndex
    var index = bytes.startIndex
    // Where to go on when what follows the last `*` does not fit: one byte further.
    var retry: (index: Int, position: Int)?
    while true {
      if index < bytes.endIndex, bytes[index] == UInt8(ascii: "*") {
        index += 1
        retry = (index, position)
        continue
      }
      if position < text.endIndex, index < bytes.endIndex, let next = step(at: index, over: text[position]) {
        index = next
        position += 1
        continue
      }
      if position == text.endIndex, index == bytes.endIndex { return true }
      guard let last = retry, last.position < text.endIndex else { return false }
      retry = (last.index, last.position + 1)
      (index, position) = (last.index, last.position + 1)
    }
  }

  /// Where the pattern goes on after one byte of text, or nil if that does not fit.
  private func step(at index: Int, over byte: UInt8) -> Int? {
    switch bytes[index] {
    case UInt8(ascii: "?"): return index + 1
    case UInt8(ascii: "["): return set(at: index + 1, over: byte)
    case UInt8(ascii: "\\") where index + 1 < bytes.endIndex: return bytes[index + 1] == byte ? index + 2 : nil
    case byte: return index + 1
    default: return nil
    }
  }

  /// What stands in brackets; one that is never closed ends with the pattern.
  private func set(at start: Int, over byte: UInt8) -> Int? {
    var index = start
    let isNegated = index < bytes.endIndex && bytes[index] == UInt8(ascii: "^")
    if isNegated { index += 1 }
    var isMember = false
    while index < bytes.endIndex, bytes[index] != UInt8(ascii: "]") {
      if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.endIndex {
        index += 1
        if bytes[index] == byte { isMember = true }
      } else if index + 2 < bytes.endIndex, bytes[index + 1] == UInt8(ascii: "-") {
        let (low, high) = (min(bytes[index], bytes[index + 2]), max(bytes[index], bytes[index + 2]))
        if (low...high).contains(byte) { isMember = true }
        index += 2
      } else if bytes[index] == byte {
        isMember = true
      }
      index += 1
    }
    return isMember == isNegated ? nil : min(index + 1, bytes.endIndex)
  }
}
