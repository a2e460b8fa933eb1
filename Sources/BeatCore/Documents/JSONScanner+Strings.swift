/// Strings: where they end, and the text that they spell.
extension JSONScanner {
  /// The text of a string that `document` has found and checked. A lone surrogate, which Python's reader lets pass,
  /// has no text.
  package static func text(of slice: JSONSlice, in bytes: [UInt8]) -> String? {
    guard slice.kind == .string, slice.range.count >= 2 else { return nil }
    return text(of: bytes[(slice.range.lowerBound + 1)..<(slice.range.upperBound - 1)])
  }

  /// The text of what stands between two quotation marks.
  static func text(of content: ArraySlice<UInt8>) -> String? {
    // Escapes only shorten: the text has no more bytes than its spelling.
    content.count <= String.alwaysStreamSafe ? unescape(content) : unescape(content)?.streamSafe
  }

  /// The text of a string as UTF-8, however many combining marks stand in a row.
  package static func utf8(of slice: JSONSlice, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard slice.kind == .string, slice.range.count >= 2 else { return nil }
    let content = bytes[(slice.range.lowerBound + 1)..<(slice.range.upperBound - 1)]
    return content.contains(UInt8(ascii: "\\")) ? unescape(content).map { ArraySlice($0.utf8) } : content
  }

  /// A member's key as UTF-8, as it was spelled but for escapes; nil for half of a surrogate pair.
  package static func utf8(ofKey member: JSONMember, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    utf8(of: JSONSlice(kind: .string, range: member.keyRange, holdsShellCall: false), in: bytes)
  }

  mutating func string() throws(JSONError) {
    let start = offset
    advance()
    while let byte = peek {
      switch byte {
      // Most of it, first.
      case UInt8(ascii: "a")...UInt8(ascii: "z"):
        advance()
      case UInt8(ascii: "\""):
        advance()
        return
      case UInt8(ascii: "\\"):
        advance()
        try escape()
      case 0..<0x20:
        throw problem("a string holds the control character \(Self.quoted(byte)); write it as an escape")
      default:
        advance()
      }
    }
    offset = start
    throw problem("a string is not closed")
  }

  private mutating func escape() throws(JSONError) {
    switch peek {
    case UInt8(ascii: "u"):
      advance()
      for _ in 0..<4 {
        guard let byte = peek, Self.hexDigit(byte) != nil else { throw problem("\\u needs four hexadecimal digits") }
        advance()
      }
    case .some(let byte) where #""\/bfnrt"#.utf8.contains(byte):
      advance()
    default:
      throw problem("a backslash must be followed by one of \" \\ / b f n r t u")
    }
  }

  static func quoted(_ byte: UInt8) -> String {
    (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  private static func unescape(_ content: ArraySlice<UInt8>) -> String? {
    guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
    var units: [UInt16] = []
    units.reserveCapacity(content.count)
    var rest = content
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        // A run of plain UTF-8 up to the next escape.
        var run = [byte]
        while let next = rest.first, next != UInt8(ascii: "\\") {
          run.append(next)
          rest.removeFirst()
        }
        units.append(contentsOf: String(decoding: run, as: UTF8.self).utf16)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "u"):
        units.append(rest.prefix(4).reduce(0) { $0 << 4 | (hexDigit($1) ?? 0) })
        rest = rest.dropFirst(4)
      case .some(let literal): units.append(UInt16(literal))
      case nil: return nil
      }
    }
    return String(validating: units, as: UTF16.self)
  }
}
