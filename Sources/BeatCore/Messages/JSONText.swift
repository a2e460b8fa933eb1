/// Writes JSON as Python's `json.dumps` does: `", "` and `": "`, everything beyond ASCII escaped.
package enum JSONText {
  package static func string(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.appendJSON(text)
    return String(decoding: bytes, as: UTF8.self)
  }

  package static func string(_ text: String?) -> String { text.map { string($0) } ?? "null" }

  /// Written as it is.
  @inlinable package static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  fileprivate static let digits = Array("0123456789abcdef".utf8)
}

extension [UInt8] {
  /// Appends the text's bytes as they are.
  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { unsafe append(contentsOf: $0) }
  }

  /// Appends the text as a JSON string with its quotes.
  package mutating func appendJSON(_ text: String) {
    append(UInt8(ascii: "\""))
    let start = count
    append(contentsOf: text.utf8)
    for index in start..<count where !JSONText.isPlain(self[index]) {
      removeSubrange((start - 1)...)
      return appendJSON(utf8: Array(text.utf8))
    }
    append(UInt8(ascii: "\""))
  }

  package mutating func appendJSON(_ text: String?) {
    if let text { appendJSON(text) } else { append("null") }
  }

  /// - Parameter utf8: valid UTF-8.
  package mutating func appendJSON(utf8: [UInt8]) {
    append(UInt8(ascii: "\""))
    var start = 0
    var index = 0
    while index < utf8.count {
      let byte = utf8[index]
      if JSONText.isPlain(byte) {
        index += 1
        continue
      }
      append(contentsOf: utf8[start..<index])
      var end = index + 1
      if byte < 0x80 {
        appendEscape(UInt16(byte))
      } else {
        while end < utf8.count, utf8[end] & 0xC0 == 0x80 { end += 1 }
        for unit in String(decoding: utf8[index..<end], as: UTF8.self).utf16 { appendEscape(unit) }
      }
      index = end
      start = end
    }
    append(contentsOf: utf8[start...])
    append(UInt8(ascii: "\""))
  }

  private mutating func appendEscape(_ unit: UInt16) {
    append(UInt8(ascii: "\\"))
    switch unit {
    case 0x22: append(UInt8(ascii: "\""))
    case 0x5C: append(UInt8(ascii: "\\"))
    case 0x08: append(UInt8(ascii: "b"))
    case 0x0C: append(UInt8(ascii: "f"))
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0D: append(UInt8(ascii: "r"))
    case 0x09: append(UInt8(ascii: "t"))
    default:
      append(UInt8(ascii: "u"))
      for shift in [12, 8, 4, 0] as [UInt16] { append(JSONText.digits[Int(unit >> shift & 15)]) }
    }
  }
}
