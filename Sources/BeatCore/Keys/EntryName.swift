/// A schedule's name: its document's key without the prefix. Any bytes; Redis keys need not be text.
public struct EntryName: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public init(_ text: String) { bytes = Array(text.utf8) }

  /// For people: bytes that are no text as `\xff`, control characters as `\u{…}`.
  public var description: String {
    if let text = String(validating: bytes, as: UTF8.self) { return text.printable }
    return bytes.map { byte in
      (0x20...0x7E).contains(byte)
        ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
