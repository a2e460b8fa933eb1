/// Values that reach the worker, out of MongoDB's Extended JSON (v2, canonical and relaxed) and the shell's constructors:
/// the JSON that Celery makes of what pymongo reads, as a daemon on the collection itself sends it.
/// (Source: the specification "MongoDB Extended JSON")
enum ExtendedJSON {
  static func plain(_ slice: JSONSlice, in bytes: [UInt8], field: String) throws(ImportRefusal) -> [UInt8] {
    try JSONRewrite.value(slice, in: bytes) { part throws(ImportRefusal) in
      try replacement(part, in: bytes, field: field)
    }
  }

  private static func replacement(
    _ slice: JSONSlice, in bytes: [UInt8], field: String
  ) throws(ImportRefusal) -> String? {
    let type: String
    switch slice.kind {
    case .shellCall: type = JSONScanner.shellCall(slice, in: bytes)?.name ?? ""
    case .object:
      let members = JSONScanner.members(of: slice, in: bytes)
      if let text = text(members, in: bytes) { return text }
      guard let key = members.first?.key, types.contains(key) || isReference(members) else { return nil }
      type = key
    case .number:
      guard isNoNumber(bytes[slice.range]) else { return nil }
      throw refusal(slice, in: bytes, field: field)
    default: return nil
    }
    if let number = DocumentNumber(slice, in: bytes), !isNoNumber(Array(number.text.utf8)[...]) {
      // A Python float has a point, also where it is whole.
      let isDouble = type.hasSuffix("Double") && !number.text.contains(where: { ".eE".contains($0) })
      return isDouble ? number.text + ".0" : number.text
    }
    if let date = DocumentDate(slice, in: bytes) { return KombuText.datetime(date.instant) }
    throw refusal(slice, in: bytes, field: field)
  }

  private static func refusal(_ slice: JSONSlice, in bytes: [UInt8], field: String) -> ImportRefusal {
    ImportRefusal(
      "\(field) holds \(DocumentProblem.excerpt(bytes[slice.range])), which no worker can read as JSON; "
        + "write it as text or a number")
  }

  /// The names by which an object is a value of another type. One whose first field merely begins with $ is an object.
  /// Tools before Extended JSON v2 wrote `$regex`.
  private static let types: Set = [
    "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$date", "$oid", "$binary", "$uuid", "$code",
    "$symbol", "$undefined", "$regularExpression", "$regex", "$timestamp", "$dbPointer", "$minKey", "$maxKey",
  ]

  /// The types that are text, bytes or nothing to Python; nil: the object is none of them.
  private static func text(_ members: [JSONMember], in bytes: [UInt8]) -> String? {
    guard let first = members.first else { return nil }
    let value = first.value
    switch members.map(\.key) {
    case ["$symbol"], ["$code"], ["$code", "$scope"]:
      return value.kind == .string ? String(decoding: bytes[value.range], as: UTF8.self) : nil
    case ["$undefined"]: return "null"
    case ["$binary"]:
      let parts = value.kind == .object ? JSONScanner.members(of: value, in: bytes) : []
      return binary(parts.first { $0.key == "base64" }?.value, in: bytes)
    // The older form.
    case ["$binary", "$type"]: return binary(value, in: bytes)
    default: return nil
    }
  }

  private static func binary(_ slice: JSONSlice?, in bytes: [UInt8]) -> String? {
    guard let slice, slice.kind == .string else { return nil }
    return JSONScanner.text(of: slice, in: bytes).flatMap { Base64.decode($0) }.map { KombuText.bytes($0) }
  }

  /// Whether pymongo makes a DBRef of an object, whatever the order of its fields.
  private static func isReference(_ members: [JSONMember]) -> Bool {
    func value(_ key: String) -> JSONSlice? { members.last { $0.key == key }?.value }
    return value("$ref")?.kind == .string && value("$id") != nil && value("$db").map { $0.kind == .string } != false
  }

  /// NaN and Infinity, which JSON does not have.
  private static func isNoNumber(_ text: ArraySlice<UInt8>) -> Bool {
    text.contains(UInt8(ascii: "N")) || text.contains(UInt8(ascii: "I"))
  }
}
