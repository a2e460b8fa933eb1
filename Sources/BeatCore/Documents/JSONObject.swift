/// Whether a text is one JSON object, for readers that take one over several lines or one on each.
package enum JSONObject {
  /// With the same leniency as a schedule document: `NaN`, and the mongo shell's constructors.
  package static func isOne(_ bytes: [UInt8]) -> Bool { (try? JSONScanner.document(bytes)) != nil }

  /// Whether a text is one JSON value of any kind, with the same leniency.
  package static func isValue(_ bytes: [UInt8]) -> Bool {
    let object = Array(#"{"":"#.utf8) + bytes + Array("}".utf8)
    guard let members = try? JSONScanner.document(object).members else { return false }
    return members.count == 1
  }
}
