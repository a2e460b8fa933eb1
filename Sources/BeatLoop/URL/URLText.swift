/// How text is written in the URL of a server, whichever server that is.
package enum URLText {
  /// Percent-decodes. The result is UTF-8 without NUL, as the calls of servers and of the system require.
  ///
  /// - Parameter what: what the text is, for the fault's words.
  package static func decoded(_ text: some StringProtocol, what: String) throws(URLFault) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
        throw .percent(in: what)
      }
      bytes.append(high << 4 | low)
    }
    guard let result = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { throw .noText(in: what) }
    return result
  }

  /// Percent-encodes all but letters, digits and `.-_`.
  package static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      isPlain(byte)
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  package static func trimmed(_ text: some StringProtocol) -> Substring {
    var text = Substring(text)
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }

  /// A value that is true or false, as Python's clients read it.
  package static func flag(_ name: String, _ value: Substring) throws(URLFault) -> Bool {
    switch value.lowercased() {
    case "true", "1", "yes": true
    case "false", "0", "no": false
    default: throw .flag(name)
    }
  }

  /// The name of an option, which may be shown.
  package static func isPlainName(_ name: Substring) -> Bool {
    !name.isEmpty && name.utf8.count <= 64 && name.utf8.allSatisfy(isPlain)
  }

  /// A character that means nothing in a URL. Host names have no others.
  package static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  package static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }
}
