/// Values that reach the worker, out of MongoDB's Extended JSON (v2, canonical and relaxed) and the shell's constructors,
/// as celerybeat-mongo would have sent them.
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
      guard let key = members.first?.key, key.hasPrefix("$") else { return nil }
      type = key
    default: return nil
    }
    if let number = DocumentNumber(slice, in: bytes) {
      // A Python float has a point, also where it is whole.
      let isDouble = type.hasSuffix("Double") && !number.text.contains(where: { ".eEIN".contains($0) })
      return isDouble ? number.text + ".0" : number.text
    }
    if let date = DocumentDate(slice, in: bytes) { return KombuText.datetime(date.instant) }
    throw ImportRefusal(
      "\(field) holds \(DocumentProblem.excerpt(bytes[slice.range])), which no worker can read as JSON; "
        + "write it as text or a number")
  }
}
