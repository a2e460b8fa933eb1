import BeatCore

/// A field of a daemons' document that no daemon can have written, as a pipeline has found it. The pipeline leaves a
/// list of them in the document: it cannot answer in another way.
struct ForeignField: Hashable, Sendable {
  /// The field in which the list stands, while there is something in it.
  static let list = "foreign"
  /// The longest text that is returned.
  static let longest = 128

  let name: String
  /// What the field held, for people.
  let found: String

  /// The expression of the list.
  ///
  /// - Parameter fields: each with the condition under which it is foreign.
  static func list(_ fields: [(name: String, isForeign: BSON)]) -> BSON {
    [
      "$let": [
        "vars": ["all": ["$concatArrays": .array(fields.map { ["$cond": [$0.isForeign, [note($0.name)], []]] })]],
        "in": ["$cond": [["$eq": ["$$all", []]], Expression.removed, "$$all"]],
      ]
    ]
  }

  /// Text is returned as it is if it is short; whole numbers as well. Of anything else the type is told.
  private static func note(_ name: String) -> BSON {
    let field = Expression.field(name)
    return [
      "field": .text(name), "type": Expression.type(of: name),
      "text": Expression.either(
        [(Expression.isText(name, atMost: longest), field), (Expression.isWhole(name), ["$toString": field])], else: ""),
    ]
  }

  /// The list in a document.
  static func all(in document: BSONDocument) -> [ForeignField] {
    guard let members = document[list]?.members else { return [] }
    return members.prefix(16).compactMap { member in
      guard let name = member.value["field"]?.text, let type = member.value["type"]?.text else { return nil }
      let text = member.value["text"]?.utf8.map { String(decoding: $0, as: UTF8.self) } ?? ""
      return ForeignField(name: name, found: text.isEmpty ? "a value of type \(type)" : text)
    }
  }
}
