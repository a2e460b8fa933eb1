/// Numbers, and the words of JSON and of Python's `NaN` and `Infinity`.
extension TableWriter {
  mutating func word() throws(ImpossibleMessage) {
    let word = json[place...].prefix { Self.isOfWord($0) }
    place = word.endIndex
    switch String(decoding: word.prefix(10), as: UTF8.self) {
    case "null": output.append(AMQPValue.Letter.void)
    case "true": output.append(bool: true)
    case "false": output.append(bool: false)
    case "NaN": try append(.nan, word)
    case "Infinity": try append(.infinity, word)
    case "-Infinity": try append(-.infinity, word)
    default: try number(word)
    }
  }

  private mutating func number(_ word: ArraySlice<UInt8>) throws(ImpossibleMessage) {
    let text = String(decoding: word, as: UTF8.self)
    if word.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) {
      guard let value = Double(text) else { throw unreadable }
      try append(value, word)
    } else if let value = Int64(text) {
      output.append(integer: value)
    } else {
      guard word.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }), word.count > 1 else {
        throw unreadable
      }
      throw problem(found: word, "a whole number may have 64 bits in AMQP: write it as a text")
    }
  }

  private mutating func append(_ value: Double, _ word: ArraySlice<UInt8>) throws(ImpossibleMessage) {
    guard value.isFinite else {
      throw problem(found: word, "RabbitMQ ends the connection for a number that is not finite: write it as a text")
    }
    output.append(double: value)
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
    default: false
    }
  }
}
