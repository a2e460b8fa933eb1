/// A schedule's name: its document's key without the prefix. Any bytes; Redis keys need not be text.
public struct EntryName: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public init(_ text: String) { bytes = Array(text.utf8) }

  /// Eight bytes at a time: an array would feed them one by one, and each fire looks its name up a few times.
  public func hash(into hasher: inout Hasher) {
    var word: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      word = word << 8 | UInt64(byte)
      if index & 7 == 7 {
        hasher.combine(word)
        word = 0
      }
    }
    hasher.combine(word)
    hasher.combine(bytes.count)
  }

  /// For people: bytes that are no text as `\xff`, control characters as `\u{…}`.
  public var description: String {
    if let text = String(validating: bytes, as: UTF8.self) { return text.printable }
    return bytes.map { byte in
      (0x20...0x7E).contains(byte)
        ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
