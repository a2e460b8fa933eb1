/// Whether a text is one JSON object, for readers that take one over several lines or one on each.
public enum JSONObject {
  /// With the same leniency as a schedule document: `NaN`, and the mongo shell's constructors.
  public static func isOne(_ bytes: [UInt8]) -> Bool { (try? JSONScanner.document(bytes)) != nil }
}
