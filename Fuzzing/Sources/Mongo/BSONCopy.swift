@testable import BeatMongo

/// A document written anew from all that was read of it, part by part: the bytes must be the same.
enum BSONCopy {
  static func copy(_ document: BSONDocument) throws -> BSONDocument {
    var writer = BSONWriter()
    for member in document.members { try add(member, to: &writer) }
    return writer.document
  }

  private static func add(_ member: BSONMember, to writer: inout BSONWriter) throws {
    // A name that is no text can be copied only as a whole.
    guard let name = String(validating: member.nameBytes, as: UTF8.self) else { return writer.add(member) }
    try add(member.value, as: name, to: &writer)
  }

  private static func add(_ value: BSONValue, as name: String, to writer: inout BSONWriter) throws {
    let copied: Void? =
      switch value.type {
      case .double: value.double.map { writer.add(name, $0) }
      case .string: value.utf8.map { writer.add(name, utf8: $0) }
      case .document:
        try value.members.map { members in
          try writer.add(name) { inner in for member in members { try add(member, to: &inner) } }
        }
      case .array: try array(value, as: name, to: &writer)
      case .binary: value.binary.map { writer.add(name, binary: $0.bytes, subtype: $0.subtype) }
      case .undefined: writer.addUndefined(name)
      case .objectID: value.objectID.map { writer.add(name, objectID: $0) }
      case .bool: value.bool.map { writer.add(name, $0) }
      case .date: value.milliseconds.map { writer.add(name, date: $0) }
      case .null: writer.addNull(name)
      case .regex:
        value.regex.map { parts in
          guard let pattern = text(parts.pattern), let options = text(parts.options) else {
            return writer.add(name, value)
          }
          writer.add(name, pattern: pattern, options: options)
        }
      case .pointer:
        value.pointer.map { parts in
          guard let collection = text(parts.collection) else { return writer.add(name, value) }
          writer.add(name, collection: collection, objectID: parts.objectID)
        }
      case .code:
        value.utf8.map { code in
          guard let code = text(code) else { return writer.add(name, value) }
          writer.add(name, code: code)
        }
      case .symbol:
        value.utf8.map { symbol in
          guard let symbol = text(symbol) else { return writer.add(name, value) }
          writer.add(name, symbol: symbol)
        }
      case .scopedCode:
        try value.scopedCode.map { parts in
          guard let code = text(parts.code) else { return writer.add(name, value) }
          writer.add(name, code: code, scope: try copy(parts.scope))
        }
      case .int32: value.integer.map { writer.add(name, Int32(truncatingIfNeeded: $0)) }
      case .timestamp: value.timestamp.map { writer.add(name, seconds: $0.seconds, increment: $0.increment) }
      case .int64: value.integer.map { writer.add(name, $0) }
      case .decimal: value.decimal.map { writer.add(name, $0) }
      case .maxKey: writer.addMaxKey(name)
      case .minKey: writer.addMinKey(name)
      }
    try hold(copied != nil, "\(value.type.words) has no parts")
  }

  /// The items of an array, if they are named by their numbers; else all of it.
  private static func array(_ value: BSONValue, as name: String, to writer: inout BSONWriter) throws -> Void? {
    guard let members = value.members else { return nil }
    let isNumbered = members.enumerated().allSatisfy { $1.isNamed("\($0)") }
    guard isNumbered else { return writer.add(name, value) }
    return try writer.add(name, array: members) { inner, name, item throws in try add(item.value, as: name, to: &inner)
    }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String? { String(validating: bytes, as: UTF8.self) }
}
