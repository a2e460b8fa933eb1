import BeatCore

/// A JSON value to be printed on one line. The members of an object keep their order.
indirect enum JSONOutput: Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case text(String)
  /// Text that is JSON already, such as a stored document. It must be valid.
  case raw([UInt8])
  case list([JSONOutput])
  case object([(String, JSONOutput)])

  /// A text, or null for nil.
  static func text(_ value: String?) -> JSONOutput { value.map { .text($0) } ?? .null }

  static func texts(_ values: [String]) -> JSONOutput { .list(values.map { .text($0) }) }

  var line: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .text(let value): JSONLine.quoted(value)
    case .raw(let bytes): JSONLine.printable(String(decoding: bytes, as: UTF8.self))
    case .list(let values): "[" + values.map(\.line).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\(JSONLine.quoted($0)):\($1.line)" }.joined(separator: ",") + "}"
    }
  }
}
