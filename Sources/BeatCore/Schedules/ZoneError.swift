/// Why a time zone file cannot be used.
public struct ZoneError: Error, Hashable, CustomStringConvertible {
  /// The zone's name as it was asked for.
  public let zone: String
  /// What is wrong with its file, and what to do.
  public let message: String

  public init(zone: String, message: String) {
    self.zone = zone
    self.message = message
  }

  public var description: String { "time zone \(quoted(zone)): \(message)" }
}

/// Text from outside, made safe for one line of a log: quoted, control characters escaped, cut after 40 characters.
func quoted(_ text: some StringProtocol) -> String {
  let head = text.unicodeScalars.prefix(41)
  guard head.count > 40 else { return String(reflecting: String(String.UnicodeScalarView(head))) }
  return String(reflecting: String(String.UnicodeScalarView(head.prefix(40)))) + "…"
}
