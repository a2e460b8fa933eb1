/// Why a time zone file cannot be used.
package struct ZoneError: Error, Hashable, CustomStringConvertible {
  /// The zone's name as it was asked for.
  package let zone: String
  /// What is wrong with its file, and what to do.
  package let message: String

  package init(zone: String, message: String) {
    self.zone = zone
    self.message = message
  }

  package var description: String { "time zone \(quoted(zone)): \(message)" }
}

/// Text from outside, made safe for one line of a log: quoted, cut after 40 characters, and with everything escaped that
/// could end the quotation or the line, or turn the order of what is read.
func quoted(_ text: some StringProtocol) -> String {
  let head = text.unicodeScalars.prefix(41)
  let quotation = String(reflecting: String(String.UnicodeScalarView(head.prefix(40)))).printable
  return head.count > 40 ? quotation + "…" : quotation
}
