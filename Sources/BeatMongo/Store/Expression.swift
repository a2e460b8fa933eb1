import BeatCore

/// Expressions of the aggregation language. None of them fails, whatever another client has stored in the field: a
/// failure would be that of the whole command.
enum Expression {
  static func field(_ name: String) -> BSON { "$\(name)" }

  static func type(of name: String) -> BSON { ["$type": field(name)] }
  static func isMissing(_ name: String) -> BSON { ["$eq": [type(of: name), "missing"]] }
  static func isText(_ name: String) -> BSON { ["$eq": [type(of: name), "string"]] }
  /// A number that daemons write. Those of a Double's form may be no number at all.
  static func isWhole(_ name: String) -> BSON { ["$in": [type(of: name), ["int", "long"]]] }

  /// A String with a byte at least, and at most so many.
  static func isText(_ name: String, atMost length: Int) -> BSON {
    let count: BSON = ["$strLenBytes": text(name)]
    return ["$and": [["$gt": [count, 0]], ["$lte": [count, .int64(Int64(length))]]]]
  }

  /// A String that consists of these characters, or is empty. `$regexMatch` would do the same, and fails where the
  /// String is no UTF-8.
  static func isText(_ name: String, of characters: String) -> BSON {
    ["$eq": [["$trim": ["input": text(name), "chars": .text(characters)]], ""]]
  }

  /// Keeps a field of a projection if it is a String of at most so many bytes.
  static func kept(_ name: String, atMost length: Int) -> BSON {
    ["$cond": [isText(name, atMost: length), field(name), removed]]
  }

  static func not(_ condition: BSON) -> BSON { ["$not": [condition]] }

  static func either(_ cases: [(BSON, BSON)], else last: BSON) -> BSON {
    ["$switch": ["branches": .array(cases.map { ["case": $0.0, "then": $0.1] }), "default": last]]
  }

  /// The field's text; the empty one where it is none.
  private static func text(_ name: String) -> BSON { ["$cond": [isText(name), field(name), ""]] }

  /// The server's time in whole seconds since 1970.
  static let seconds: BSON = ["$toLong": ["$divide": [ServerTime.now, 1000]]]

  /// Text that may begin with a dollar.
  static func literal(_ text: String) -> BSON { literal(.text(text)) }
  /// A value that is taken as it is.
  static func literal(_ value: BSON) -> BSON { ["$literal": value] }
  /// As a field's value: the field is left out.
  static let removed: BSON = "$$REMOVE"
}
