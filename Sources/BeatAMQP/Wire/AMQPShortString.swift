/// A name on the wire, AMQP's "shortstr": at most 255 bytes, UTF-8 where the sender keeps the rule.
package struct AMQPShortString: Hashable, Sendable {
  package static let mostBytes = 255
  package static let empty = AMQPShortString(checked: [])

  package let bytes: [UInt8]

  private init(checked bytes: [UInt8]) { self.bytes = bytes }

  /// nil: more than 255 bytes.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count <= Self.mostBytes else { return nil }
    self.init(checked: Array(bytes))
  }

  /// nil: more than 255 bytes.
  package init?(_ text: String) { self.init(text.utf8) }

  /// The text's beginning, where it is too long: for what only people read.
  package init(cutting text: String) {
    var end = text.utf8.index(text.startIndex, offsetBy: Self.mostBytes, limitedBy: text.endIndex) ?? text.endIndex
    // Not within a character's bytes.
    while end < text.endIndex, end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 {
      end = text.utf8.index(before: end)
    }
    self.init(checked: Array(text.utf8[..<end]))
  }

  /// Bytes that are no UTF-8 become U+FFFD.
  package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension AMQPShortString: ExpressibleByStringLiteral, CustomStringConvertible {
  /// A literal is the program's own and short.
  package init(stringLiteral text: StaticString) { self.init(cutting: text.description) }

  package var description: String { text }
}
