/// The printed form of a name of any bytes: one line, which reads back as the same name or as none.
///
/// A character that cannot be shown is `\u{…}`; in a name that is no UTF-8 each byte that is none of ASCII's letters and
/// signs is `\x…`. Backslashes stand for themselves, except right before what looks like one of these: there each is two.
extension EntryName {
  private static let backslash = UInt8(ascii: "\\")

  /// For people: as it is, except for what cannot be shown.
  package var description: String {
    let isText = String(validating: bytes, as: UTF8.self) != nil
    guard bytes.contains(Self.backslash) else { return Self.shown(bytes[...], isText: isText) }
    var result = ""
    var rest = bytes[...]
    var run = 0
    while !rest.isEmpty || run > 0 {
      let piece = rest.prefix { $0 != Self.backslash }
      let shown = Self.shown(piece, isText: isText)
      result += String(repeating: "\\", count: Self.looksEscaped(shown) ? 2 * run : run) + shown
      rest = rest.dropFirst(piece.count)
      run = rest.prefix { $0 == Self.backslash }.count
      rest = rest.dropFirst(run)
    }
    return result
  }

  /// As an argument of a command: means this name and no other, also where the name is gone by then. What a glob or an
  /// option begins with is written as a character that cannot be shown.
  package var argument: String {
    let isText = String(validating: bytes, as: UTF8.self) != nil
    var result = ""
    var rest = bytes[...]
    while let first = rest.first {
      if Self.isSign(first) || first == UInt8(ascii: "-") && rest.startIndex == bytes.startIndex {
        result += isText ? "\\u{\(String(first, radix: 16))}" : Self.escaped(first)
        rest = rest.dropFirst()
      }
      let piece = rest.prefix { !Self.isSign($0) }
      result += Self.shown(piece, isText: isText)
      rest = rest.dropFirst(piece.count)
    }
    return result
  }

  /// The name of which a text with an escape in it is the `description` or the `argument`; nil if it is neither.
  package init?(notation text: String) {
    guard text.utf8.contains(Self.backslash) else { return nil }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let piece = rest.prefix { $0 != Self.backslash }
      bytes += piece
      rest = rest.dropFirst(piece.count)
      let run = rest.prefix { $0 == Self.backslash }.count
      rest = rest.dropFirst(run)
      let escape = Self.escape(rest)
      bytes += repeatElement(Self.backslash, count: escape == nil ? run : run / 2)
      if let escape, run % 2 == 1 {
        bytes += escape.bytes
        rest = rest.dropFirst(escape.length)
      }
    }
    self.init(bytes)
    guard bytes != Array(text.utf8), description == text || argument == text else { return nil }
  }

  /// What stands right behind a backslash, if it is an escape of this notation: what it means, and its length in bytes.
  private static func escape(_ text: ArraySlice<UInt8>) -> (bytes: [UInt8], length: Int)? {
    func number(_ digits: ArraySlice<UInt8>) -> UInt32? { UInt32(String(decoding: digits, as: UTF8.self), radix: 16) }
    if text.starts(with: "x".utf8), text.count > 2, let byte = number(text.dropFirst().prefix(2)) {
      return ([UInt8(truncatingIfNeeded: byte)], 3)
    }
    guard text.starts(with: "u{".utf8) else { return nil }
    let digits = text.dropFirst(2).prefix(7).prefix { $0 != UInt8(ascii: "}") }
    guard text.dropFirst(digits.count + 2).first == UInt8(ascii: "}"),
      let scalar = number(digits).flatMap({ Unicode.Scalar($0) })
    else { return nil }
    return (Array(String(Character(scalar)).utf8), digits.count + 3)
  }

  /// Whether a text after backslashes is an escape of this notation, or could be read as the rest of one.
  private static func looksEscaped(_ text: String) -> Bool {
    text.utf8.first == backslash || escape(Array(text.utf8.prefix(10))[...]) != nil
  }

  /// What a command's argument does not mean as it stands: the signs of globs.
  private static func isSign(_ byte: UInt8) -> Bool { #"*?[\"#.utf8.contains(byte) }

  /// A piece without backslashes.
  private static func shown(_ piece: ArraySlice<UInt8>, isText: Bool) -> String {
    if isText { return String(decoding: piece, as: UTF8.self).printable }
    return piece.map { (0x20...0x7E).contains($0) ? String(Unicode.Scalar($0)) : escaped($0) }.joined()
  }

  private static func escaped(_ byte: UInt8) -> String {
    "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
