/// The types of BSON's values. (Source: bsonspec.org, version 1.1)
package enum BSONType: UInt8, Hashable, Sendable, CaseIterable {
  case double = 0x01
  case string = 0x02
  case document = 0x03
  case array = 0x04
  case binary = 0x05
  /// Deprecated. It stands in old data.
  case undefined = 0x06
  case objectID = 0x07
  case bool = 0x08
  /// Milliseconds since 1970, in UTC.
  case date = 0x09
  case null = 0x0A
  case regex = 0x0B
  /// Deprecated.
  case pointer = 0x0C
  case code = 0x0D
  /// Deprecated.
  case symbol = 0x0E
  /// Deprecated.
  case scopedCode = 0x0F
  case int32 = 0x10
  case timestamp = 0x11
  case int64 = 0x12
  case decimal = 0x13
  case maxKey = 0x7F
  case minKey = 0xFF

  /// The type's name for people, as the mongo shell has it.
  package var words: String {
    switch self {
    case .double: "a Double"
    case .string: "a String"
    case .document: "an Object"
    case .array: "an Array"
    case .binary: "BinData"
    case .undefined: "undefined"
    case .objectID: "an ObjectId"
    case .bool: "a Boolean"
    case .date: "a Date"
    case .null: "null"
    case .regex: "a RegExp"
    case .pointer: "a DBPointer"
    case .code: "Code"
    case .symbol: "a Symbol"
    case .scopedCode: "Code"
    case .int32: "an Int32"
    case .timestamp: "a Timestamp"
    case .int64: "a Long"
    case .decimal: "a Decimal128"
    case .maxKey: "MaxKey"
    case .minKey: "MinKey"
    }
  }
}
