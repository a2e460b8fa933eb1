import BeatCore

/// A value of which there is no JSON for a worker, or none at all, and what to do.
enum Unsendable: Hashable {
  /// kombu refuses the type, so the task would never have been sent.
  case type(String)
  /// NaN or Infinity.
  case noNumber
  /// Before the year 1, or after the year 9999.
  case noDate
  /// Binary data of the old subtype 2 whose inner length is wrong.
  case brokenBinary
  /// A text of this type.
  case noUTF8(String)

  /// pymongo makes a DBRef of such a document, in any order of its fields.
  static func isReference(_ value: BSONValue) -> Bool {
    guard value["$ref"]?.type == .string, value["$id"] != nil else { return false }
    return value["$db"].map { $0.type == .string } ?? true
  }

  /// Whether an object of a text would be one. Its values are not looked at.
  static func isReference(_ members: [TextMember]) -> Bool {
    ["$ref", "$id"].allSatisfy { name in members.contains { $0.name.elementsEqual(name.utf8) } }
  }

  func content(at path: FieldPath) -> UnusableContent {
    UnusableContent(found: "\(found) in \(path)", problem: "holds \(found) in \(path), \(problem)")
  }

  private var found: String {
    switch self {
    case .type(let words): words
    case .noNumber: "a Double that is no number"
    case .noDate: "a Date beyond the years 1 to 9999"
    case .brokenBinary: "BinData of subtype 2"
    case .noUTF8(let words): words
    }
  }

  private var problem: String {
    switch self {
    case .type(let words): "which Celery cannot send as JSON; \(Self.advice[words] ?? "store it as text")"
    case .noNumber: "and JSON has neither NaN nor Infinity; store null or text"
    case .noDate: "which Python cannot read; store a date within them, or text"
    case .brokenBinary: "whose two lengths differ; store it anew"
    case .noUTF8: "which is not UTF-8; store it anew"
    }
  }

  private static let advice = [
    "an ObjectId": "store its 24 digits as text",
    "a Decimal128": "store it as a Double, or as text",
    "a RegExp": "store its pattern as text",
    "a Timestamp": "store a Date",
    "a DBRef": "store its _id as text",
    "a DBPointer": "store its _id as text",
    "MinKey": "leave it out",
    "MaxKey": "leave it out",
  ]
}
