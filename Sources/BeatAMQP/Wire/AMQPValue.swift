/// A value in a table, as py-amqp, which Celery's workers use, tells the types apart.
package indirect enum AMQPValue: Sendable {
  case void
  case bool(Bool)
  /// Read from any width. Written in 32 bits (`I`) where py-amqp does, else in 64 (`L`).
  case integer(Int64)
  case double(Double)
  /// `value` / 10 ^ `scale`.
  case decimal(scale: UInt8, value: Int32)
  /// Seconds since 1970.
  case timestamp(UInt64)
  /// UTF-8, where the sender keeps the rule.
  case text([UInt8])
  case bytes([UInt8])
  case array([AMQPValue])
  case table(AMQPTable)

  package static func text(_ text: String) -> AMQPValue { .text(Array(text.utf8)) }
}

extension AMQPValue: Equatable {
  /// Written alike: a NaN is like itself, and 0.0 is not like -0.0.
  package static func == (left: AMQPValue, right: AMQPValue) -> Bool {
    var (one, other): ([UInt8], [UInt8]) = ([], [])
    one.append(left)
    other.append(right)
    return one == other
  }
}

extension AMQPValue {
  /// The types and their letters: RabbitMQ's, which are not all those of the specification.
  enum Letter {
    static let void = UInt8(ascii: "V")
    static let bool = UInt8(ascii: "t")
    static let integer32 = UInt8(ascii: "I")
    static let integer64 = UInt8(ascii: "L")
    static let double = UInt8(ascii: "d")
    static let decimal = UInt8(ascii: "D")
    static let timestamp = UInt8(ascii: "T")
    static let text = UInt8(ascii: "S")
    static let bytes = UInt8(ascii: "x")
    static let array = UInt8(ascii: "A")
    static let table = UInt8(ascii: "F")
  }

  /// - Parameter level: how deep the table or array that holds the value is nested; 1: it is in no other.
  init(from reader: inout AMQPReader, level: Int) throws(AMQPError) {
    let letter = try reader.octet()
    switch letter {
    case Letter.void: self = .void
    case Letter.bool: self = .bool(try reader.octet() != 0)
    case UInt8(ascii: "b"): self = .integer(Int64(Int8(bitPattern: try reader.octet())))
    case UInt8(ascii: "B"): self = .integer(Int64(try reader.octet()))
    case UInt8(ascii: "s"), UInt8(ascii: "U"): self = .integer(Int64(Int16(bitPattern: try reader.short())))
    case UInt8(ascii: "u"): self = .integer(Int64(try reader.short()))
    case Letter.integer32: self = .integer(Int64(Int32(bitPattern: try reader.long())))
    case UInt8(ascii: "i"): self = .integer(Int64(try reader.long()))
    case Letter.integer64, UInt8(ascii: "l"): self = .integer(Int64(bitPattern: try reader.longLong()))
    case UInt8(ascii: "f"): self = .double(Double(Float(bitPattern: try reader.long())))
    case Letter.double: self = .double(Double(bitPattern: try reader.longLong()))
    case Letter.decimal: self = .decimal(scale: try reader.octet(), value: Int32(bitPattern: try reader.long()))
    case Letter.timestamp: self = .timestamp(try reader.longLong())
    case Letter.text: self = .text(try reader.longString())
    case Letter.bytes: self = .bytes(try reader.longString())
    case Letter.array: self = .array(try Self.items(from: &reader, level: level + 1))
    case Letter.table: self = .table(try AMQPTable(from: &reader, level: level + 1))
    default: throw AMQPError(.syntaxError, "a table holds a value of type \(letter), which AMQP does not have")
    }
  }

  private static func items(from reader: inout AMQPReader, level: Int) throws(AMQPError) -> [AMQPValue] {
    try AMQPTable.checkLevel(level)
    var nested = try reader.nested()
    var items: [AMQPValue] = []
    while !nested.isAtEnd { items.append(try AMQPValue(from: &nested, level: level)) }
    return items
  }
}

extension [UInt8] {
  mutating func append(_ value: AMQPValue) {
    switch value {
    case .void: append(AMQPValue.Letter.void)
    case .bool(let value): append(bool: value)
    case .integer(let value): append(integer: value)
    case .double(let value): append(double: value)
    case .decimal(let scale, let value):
      append(AMQPValue.Letter.decimal)
      append(scale)
      append(big: UInt32(bitPattern: value))
    case .timestamp(let seconds):
      append(AMQPValue.Letter.timestamp)
      append(big: seconds)
    case .text(let text):
      append(AMQPValue.Letter.text)
      append(long: text)
    case .bytes(let bytes):
      append(AMQPValue.Letter.bytes)
      append(long: bytes)
    case .array(let items):
      append(AMQPValue.Letter.array)
      let start = beginLength()
      for item in items { append(item) }
      endLength(at: start)
    case .table(let table):
      append(AMQPValue.Letter.table)
      append(table)
    }
  }

  mutating func append(bool value: Bool) {
    append(AMQPValue.Letter.bool)
    append(value ? 1 : 0)
  }

  /// As py-amqp: the least number of 32 bits is written in 64.
  mutating func append(integer value: Int64) {
    if let short = Int32(exactly: value), short != .min {
      append(AMQPValue.Letter.integer32)
      append(big: UInt32(bitPattern: short))
    } else {
      append(AMQPValue.Letter.integer64)
      append(big: UInt64(bitPattern: value))
    }
  }

  mutating func append(double value: Double) {
    append(AMQPValue.Letter.double)
    append(big: value.bitPattern)
  }
}
