@testable import BeatMongo

/// Random documents with values of all types, and with names of all kinds.
struct RandomBSON {
  var chance: SeededChance

  init(seed: UInt64) { chance = SeededChance(seed: seed) }

  mutating func document(depth: Int = 0) -> BSONDocument {
    var writer = BSONWriter()
    for _ in 0..<chance.number(0...(depth == 0 ? 12 : 4)) { add(name(), to: &writer, depth: depth) }
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

  mutating func add(_ name: String, to writer: inout BSONWriter, depth: Int) {
    switch chance.one(of: BSONType.allCases) {
    case .double: writer.add(name, Double(bitPattern: chance.next()))
    case .string: writer.add(name, text())
    case .document: depth > 4 ? writer.addNull(name) : writer.add(name, document(depth: depth + 1))
    case .array:
      let count = depth > 4 ? 0 : chance.number(0...4)
      writer.add(name, array: 0..<count) { inner, name, _ in add(name, to: &inner, depth: depth + 1) }
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
