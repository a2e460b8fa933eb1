import BeatCore

/// Names and texts, as they are spelled in JSON.
extension TableWriter {
  mutating func key() throws(ImpossibleMessage) -> TableKey {
    let start = output.count
    output.append(0)
    let spelling = try string()
    let count = output.count - start - 1
    guard count <= AMQPShortString.mostBytes else {
      path.append(spelling)
      throw problem(
        "a name has \(Plural.of(count, "byte")), and AMQP takes \(AMQPShortString.mostBytes) at most: shorten it")
    }
    output[start] = UInt8(truncatingIfNeeded: count)
    let isPlain = spelling.count == count
    return TableKey(
      spelling: spelling, bytes: isPlain ? spelling : ArraySlice(Array(output[(start + 1)...])),
      range: start..<output.count)
  }

  mutating func text() throws(ImpossibleMessage) {
    output.append(AMQPValue.Letter.text)
    let start = output.beginLength()
    _ = try string()
    output.endLength(at: start)
  }

  /// Appends a string's bytes. Returns how it is spelled, without its quotes.
  private mutating func string() throws(ImpossibleMessage) -> ArraySlice<UInt8> {
    guard take(UInt8(ascii: "\"")) else { throw unreadable }
    let start = place
    var run = place
    while let byte = peek {
      if byte == UInt8(ascii: "\"") {
        output.append(contentsOf: json[run..<place])
        defer { place += 1 }
        return json[start..<place]
      }
      guard byte == UInt8(ascii: "\\") else {
        place += 1
        continue
      }
      output.append(contentsOf: json[run..<place])
      place += 1
      try escape()
      run = place
    }
    throw unreadable
  }

  private mutating func escape() throws(ImpossibleMessage) {
    guard let byte = peek else { throw unreadable }
    place += 1
    switch byte {
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"):
      var scalar = UInt32(try codeUnit())
      if scalar & 0xFC00 == 0xD800, json[place...].starts(with: #"\u"#.utf8) {
        let next = place
        place += 2
        let low = UInt32(try codeUnit())
        if low & 0xFC00 == 0xDC00 {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
        } else {
          place = next
        }
      }
      output.append(utf8: scalar)
    default: output.append(byte)
    }
  }

  private mutating func codeUnit() throws(ImpossibleMessage) -> UInt16 {
    let digits = json[place...].prefix(4)
    guard digits.count == 4, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
      throw unreadable
    }
    place += 4
    return unit
  }
}

extension [UInt8] {
  /// Appends a scalar, or half of a surrogate pair, as UTF-8 would write it if it could.
  fileprivate mutating func append(utf8 scalar: UInt32) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift & 0x3F)) }
    switch scalar {
    case ..<0x80: append(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
      append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
      append(tail(0))
    case ..<0x10000:
      append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
      append(tail(6))
      append(tail(0))
    default:
      append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
      append(tail(12))
      append(tail(6))
      append(tail(0))
    }
  }
}
