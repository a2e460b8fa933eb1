/// Named values in their order: a message's headers, what a server says of itself, arguments of a declaration.
package struct AMQPTable: Equatable, Sendable {
  package struct Member: Equatable, Sendable {
    package var name: AMQPShortString
    package var value: AMQPValue

    package init(_ name: AMQPShortString, _ value: AMQPValue) { (self.name, self.value) = (name, value) }
  }

  /// The deepest nesting of tables and arrays that is read: each level takes stack.
  static let mostLevels = 128

  package var members: [Member]

  package init(_ members: [Member] = []) { self.members = members }

  /// The value of this name; the last one where the name comes twice, as in Python.
  package subscript(name: AMQPShortString) -> AMQPValue? { members.last { $0.name == name }?.value }
}

extension AMQPTable: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral members: (AMQPShortString, AMQPValue)...) {
    self.init(members.map { Member($0.0, $0.1) })
  }
}

extension AMQPTable {
  /// - Parameter level: how deep the table is nested; 1: it is in no other.
  init(from reader: inout AMQPReader, level: Int = 1) throws(AMQPError) {
    try Self.checkLevel(level)
    var nested = try reader.nested()
    members = []
    while !nested.isAtEnd {
      members.append(Member(try nested.shortString(), try AMQPValue(from: &nested, level: level)))
    }
  }

  static func checkLevel(_ level: Int) throws(AMQPError) {
    guard level <= mostLevels else {
      throw AMQPError(.syntaxError, "a table has more than \(mostLevels) levels of nesting")
    }
  }
}

extension [UInt8] {
  mutating func append(_ table: AMQPTable) {
    let start = beginLength()
    for member in table.members {
      append(short: member.name)
      append(member.value)
    }
    endLength(at: start)
  }
}
