@testable import BeatAMQP

extension FuzzTarget {
  /// A table and a content header, as a server sends them: written again, they are read alike.
  static let amqpTables = FuzzTarget(
    "amqptables",
    words: [
      "\u{1}aV", "\u{1}at\u{1}", "\u{1}aI\u{0}\u{0}\u{0}\u{1}", "\u{1}aS\u{0}\u{0}\u{0}\u{0}",
      "\u{1}aA\u{0}\u{0}\u{0}\u{0}",
      "\u{1}aF\u{0}\u{0}\u{0}\u{0}", "\u{1}aD\u{2}\u{0}\u{0}\u{0}\u{1}", "A\u{0}\u{0}\u{0}\u{5}",
      "\u{0}\u{3C}\u{0}\u{0}",
    ],
    seeds: {
      var table: [UInt8] = []
      table.append(AMQPSamples.table)
      let all = AMQPContentHeader(bodyLength: 1, properties: AMQPSamples.properties).payload
      let none = AMQPContentHeader(bodyLength: .max, properties: AMQPProperties()).payload
      // Every letter that a number may have.
      let numbers = "bBsUuIiLlfdT".utf8.flatMap { [1, 0x61, $0] + [UInt8](repeating: 0xFE, count: 8) }
      return [Array(table.dropFirst(4)), all, none, numbers]
    },
    check: { bytes in
      try holdTable(bytes)
      try holdHeader(bytes)
    })

  /// - Parameter members: the table without its length.
  private static func holdTable(_ members: [UInt8]) throws {
    var bytes: [UInt8] = []
    bytes.append(long: members)
    var reader = AMQPReader(bytes[...])
    let table: AMQPTable
    do throws(AMQPError) { table = try AMQPTable(from: &reader) } catch { return try holdOneLine(error.description) }
    try hold(reader.isAtEnd, "a table that ends before its length")
    var written: [UInt8] = []
    written.append(table)
    var again = AMQPReader(written[...])
    try hold(try AMQPTable(from: &again) == table && again.isAtEnd, "\(table) is read otherwise than it was written")
    for member in table.members { try hold(table[member.name] != nil, "no member \(member.name)") }
  }

  private static func holdHeader(_ bytes: [UInt8]) throws {
    let header: AMQPContentHeader
    do throws(AMQPError) { header = try AMQPContentHeader(bytes[...]) } catch {
      return try holdOneLine(error.description)
    }
    try hold(try AMQPContentHeader(header.payload[...]) == header, "\(header) is read otherwise than it was written")
  }
}
