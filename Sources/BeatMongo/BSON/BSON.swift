/// A value of BSON as source code writes it, in the shape that MongoDB's manual shows:
///
///     ["find": "schedules", "filter": ["name": ["$in": .array(names)]]]
///
/// A whole number in the source is an Int32, or an Int64 if it does not fit.
package indirect enum BSON: Sendable {
  case string([UInt8])
  case int32(Int32)
  case int64(Int64)
  case double(Double)
  case bool(Bool)
  case null
  /// Milliseconds since 1970.
  case milliseconds(Int64)
  /// Bytes of subtype 0.
  case binary([UInt8])
  /// Fields in their order.
  case fields([(name: String, value: BSON)])
  case array([BSON])
  case document(BSONDocument)
  /// A value as it stands in another document.
  case value(BSONValue)

  package static func text(_ text: String) -> BSON { .string(Array(text.utf8)) }

  /// A value that may be absent: an absent one is null.
  package static func optional(_ value: BSONValue?) -> BSON { value.map { .value($0) } ?? .null }
}

extension BSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral text: String) { self = .text(text) }
  package init(integerLiteral number: Int64) { self = Int32(exactly: number).map { .int32($0) } ?? .int64(number) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral items: BSON...) { self = .array(items) }
  package init(dictionaryLiteral fields: (String, BSON)...) { self = .fields(fields.map { ($0, $1) }) }
}

extension BSONDocument {
  package init(_ fields: [(name: String, value: BSON)]) {
    var writer = BSONWriter()
    for (name, value) in fields { writer.add(name, value) }
    self = writer.document
  }
}

extension BSONDocument: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral fields: (String, BSON)...) { self.init(fields.map { ($0, $1) }) }
}

extension BSONWriter {
  package mutating func add(_ name: String, _ value: BSON) {
    switch value {
    case .string(let bytes): add(name, utf8: bytes)
    case .int32(let number): add(name, number)
    case .int64(let number): add(name, number)
    case .double(let number): add(name, number)
    case .bool(let flag): add(name, flag)
    case .null: addNull(name)
    case .milliseconds(let time): add(name, date: time)
    case .binary(let bytes): add(name, binary: bytes)
    case .fields(let fields): add(name, BSONDocument(fields))
    case .document(let document): add(name, document)
    case .value(let value): add(name, value)
    case .array(let items): add(name, array: items) { $0.add($1, $2) }
    }
  }
}
