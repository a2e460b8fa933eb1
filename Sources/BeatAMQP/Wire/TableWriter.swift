import BeatCore

/// Writes JSON as a table, as Python's `json.loads` and py-amqp do it one after the other.
/// (Source: amqp/serialization.py `_write_item`, 5.4.2.)
///
/// - Whole numbers have 32 bits (`I`) or 64 (`L`), others are doubles. Infinite ones (`1e400`) and `NaN`, which py-amqp
///   writes, are refused: RabbitMQ 3.10 answers a header that holds one with 541, and ends the connection. (Measured.)
/// - Half of a surrogate pair, which is no UTF-8, is written as the three bytes that Python reads again.
/// - A name that comes twice has its last value, in the place of the first.
/// - `CC` and `BCC`, by which RabbitMQ routes a message to further queues, are lists: it closes the channel for anything
///   else. (Source: https://www.rabbitmq.com/docs/sender-selected, and measured.)
///
/// All is read once, and nothing is decoded that is not written. Of JSON that somebody else has damaged it makes an
/// error, or bytes within the bounds.
struct TableWriter {
  var output: [UInt8] = []
  var json: ArraySlice<UInt8> = []
  var place = 0
  /// The names that lead to the value that is read, as they are spelled.
  var path: [ArraySlice<UInt8>] = []
  /// How deep the value that is read is nested.
  private var level = 0

  /// Appends a table.
  ///
  /// - Parameter members: names with their quotes, and values.
  mutating func append(
    _ name: String, _ members: some Sequence<(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)>
  ) throws(ImpossibleMessage) {
    var table = TableMembers(start: output.beginLength())
    path.append(ArraySlice(name.utf8))
    for member in members {
      (json, place) = (member.key, member.key.startIndex)
      let key = try key()
      guard peek == nil else { throw unreadable }
      (json, place) = (member.value, member.value.startIndex)
      try append(member: key, to: &table)
      guard peek == nil else { throw unreadable }
    }
    table.finish(&output)
    path.removeLast()
  }

  /// Appends a table.
  ///
  /// - Parameter object: JSON.
  mutating func append(_ name: String, object: ArraySlice<UInt8>) throws(ImpossibleMessage) {
    (json, place) = (object, object.startIndex)
    path.append(ArraySlice(name.utf8))
    guard take(UInt8(ascii: "{")) else { throw unreadable }
    skipSpace()
    try table()
    guard peek == nil else { throw unreadable }
    path.removeLast()
  }

  private static let routing = [Array("CC".utf8), Array("BCC".utf8)]

  private mutating func check(routing key: TableKey) throws(ImpossibleMessage) {
    guard Self.routing.contains(where: { key.bytes.elementsEqual($0) }) else { return }
    skipSpace()
    guard peek != UInt8(ascii: "[") else { return }
    path.append(key.spelling)
    throw problem("RabbitMQ takes a list of further queues here, and refuses anything else: choose another name")
  }

  // MARK: values

  private mutating func value() throws(ImpossibleMessage) {
    skipSpace()
    switch peek {
    case UInt8(ascii: "\""): try text()
    case UInt8(ascii: "{"): try nested { writer throws(ImpossibleMessage) in try writer.object() }
    case UInt8(ascii: "["): try nested { writer throws(ImpossibleMessage) in try writer.array() }
    default: try word()
    }
    skipSpace()
  }

  private mutating func nested(
    _ read: (inout TableWriter) throws(ImpossibleMessage) -> Void
  ) throws(ImpossibleMessage) {
    guard level < AMQPTable.mostLevels else { throw problem("is nested deeper than \(AMQPTable.mostLevels) levels") }
    level += 1
    place += 1
    skipSpace()
    try read(&self)
    level -= 1
  }

  private mutating func array() throws(ImpossibleMessage) {
    output.append(AMQPValue.Letter.array)
    let start = output.beginLength()
    if !take(UInt8(ascii: "]")) {
      repeat { try value() } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw unreadable }
    }
    output.endLength(at: start)
  }

  private mutating func object() throws(ImpossibleMessage) {
    output.append(AMQPValue.Letter.table)
    try table()
  }

  /// Appends the members of an object whose beginning was taken.
  private mutating func table() throws(ImpossibleMessage) {
    var table = TableMembers(start: output.beginLength())
    if !take(UInt8(ascii: "}")) {
      repeat {
        skipSpace()
        let key = try key()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw unreadable }
        try append(member: key, to: &table)
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw unreadable }
    }
    table.finish(&output)
  }

  private mutating func append(member key: TableKey, to table: inout TableMembers) throws(ImpossibleMessage) {
    if level == 0 { try check(routing: key) }
    path.append(key.spelling)
    let start = output.count
    try value()
    table.add(key, value: start..<output.count)
    path.removeLast()
  }

  // MARK: bytes

  var peek: UInt8? { place < json.endIndex ? json[place] : nil }

  mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
  }

  // MARK: problems

  var unreadable: ImpossibleMessage { problem("it is no JSON; no daemon has written this message") }

  func problem(found: ArraySlice<UInt8> = [], _ message: String) -> ImpossibleMessage {
    let names = path.prefix(8).map { DocumentProblem.excerpt($0) }
    return ImpossibleMessage(names.joined(separator: "."), found: found, message)
  }
}
