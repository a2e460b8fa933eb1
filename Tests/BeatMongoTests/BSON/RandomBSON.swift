@testable import BeatMongo

/// Random documents with values of all types, and with names of all kinds.
struct RandomBSON {
  var chance: SeededChance

  init(seed: UInt64) { chance = SeededChance(seed: seed) }

  /// - Parameter areNamesUnique: no name stands twice in any document.
  mutating func document(
    depth: Int = 0, types: [BSONType] = BSONType.allCases, areNamesUnique: Bool = false
  ) -> BSONDocument {
    var writer = BSONWriter()
    var names: Set<[UInt8]> = []
    for _ in 0..<chance.number(0...(depth == 0 ? 12 : 4)) {
      let name = name()
      guard names.insert(Array(name.utf8)).inserted || !areNamesUnique else { continue }
      add(name, to: &writer, depth: depth, types: types, areNamesUnique: areNamesUnique)
    }
    return writer.document
  }

  mutating func name() -> String {
    chance.one(of: ["a", "b", "", "a.b", "$c", "é", "name", "args", "kwargs", "\"", "🎉"])
  }

  mutating func text() -> String {
    (0..<chance.number(0...12)).map { _ in
      chance.one(of: ["a", "\u{0}", "é", "\"", "\\", "\n", "🎉", "e\u{301}", "\u{7F}", " "])
    }.joined()
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: chance.next()) } }

  mutating func add(
    _ name: String, to writer: inout BSONWriter, depth: Int, types: [BSONType] = BSONType.allCases,
    areNamesUnique: Bool = false
  ) {
    switch chance.one(of: types) {
    case .double: writer.add(name, Double(bitPattern: chance.next()))
    case .string: writer.add(name, text())
    case .document:
      if depth > 4 { return writer.addNull(name) }
      writer.add(name, document(depth: depth + 1, types: types, areNamesUnique: areNamesUnique))
    case .array:
      let count = depth > 4 ? 0 : chance.number(0...4)
      writer.add(name, array: 0..<count) { inner, name, _ in
        add(name, to: &inner, depth: depth + 1, types: types, areNamesUnique: areNamesUnique)
      }
    case .binary: writer.add(name, binary: bytes(chance.number(0...20)), subtype: bytes(1)[0])
    case .undefined: writer.addUndefined(name)
    case .objectID: writer.add(name, objectID: bytes(12))
    case .bool: writer.add(name, chance.once(in: 2))
    case .date: writer.add(name, date: Int64(bitPattern: chance.next()) >> Int64(chance.number(0...63)))
    case .null: writer.addNull(name)
    case .regex: writer.add(name, pattern: "a\(chance.number(0...9))", options: "i")
    case .pointer: writer.add(name, collection: text(), objectID: bytes(12))
    case .code: writer.add(name, code: text())
    case .symbol: writer.add(name, symbol: text())
    case .scopedCode: writer.add(name, code: text(), scope: document(depth: 5))
    case .int32: writer.add(name, Int32(truncatingIfNeeded: chance.next()))
    case .timestamp: writer.add(name, seconds: .max, increment: UInt32(truncatingIfNeeded: chance.next()))
    case .int64: writer.add(name, Int64(bitPattern: chance.next()) >> Int64(chance.number(0...63)))
    case .decimal: writer.add(name, BSONDecimal(high: chance.next(), low: chance.next()))
    case .maxKey: writer.addMaxKey(name)
    case .minKey: writer.addMinKey(name)
    }
  }
}

/// Random schedules and edits of them.
extension RandomBSON {
  private static let names = [
    "a", "b", "é", "e\u{301}", "name", "args", "kwargs", "options", "headers", "\"", "🎉", "interval", "_id",
  ]

  /// Types that more often than not have a text.
  private static let usual: [BSONType] = [
    .double, .string, .document, .array, .binary, .objectID, .bool, .date, .null, .int32, .int64, .regex, .decimal,
  ]

  /// Types that a text tells from all others: a Decimal128 has the digits of a Double.
  private static let told: [BSONType] = usual.filter { $0 != .decimal }

  /// A document whose fields have names of their own.
  mutating func schedule() -> BSONDocument {
    var writer = BSONWriter()
    for name in Self.names.shuffled(using: &chance).prefix(chance.number(0...8)) {
      let types = chance.once(in: 8) ? BSONType.allCases : Self.usual
      add(name, to: &writer, depth: 2, types: types, areNamesUnique: true)
    }
    return writer.document
  }

  /// The same document with some fields changed, within them too, some taken out, and some added behind the others.
  mutating func edited(_ document: BSONDocument) -> BSONDocument {
    var writer = BSONWriter()
    var names: Set<[UInt8]> = [Array("_id".utf8)]
    for member in document.members {
      names.insert(Array(member.nameBytes))
      if !member.isNamed("_id") { addEdited(member, to: &writer) } else { writer.add(member) }
    }
    for name in Self.names where chance.once(in: 9) && names.insert(Array(name.utf8)).inserted {
      add(name, to: &writer, depth: 3, types: Self.told, areNamesUnique: true)
    }
    return writer.document
  }

  private mutating func addEdited(_ member: BSONMember, to writer: inout BSONWriter) {
    let name = String(decoding: member.nameBytes, as: UTF8.self)
    switch chance.number(0...9) {
    case 0: break
    case 1, 2: add(name, to: &writer, depth: 3, types: Self.told, areNamesUnique: true)
    case 3, 4, 5:
      guard let members = member.value.members, member.value.type == .document else { return writer.add(member) }
      writer.add(name) { inner in for member in members { addEdited(member, to: &inner) } }
    default: writer.add(member)
    }
  }
}
