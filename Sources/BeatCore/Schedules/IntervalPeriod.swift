/// The unit of an interval's `every`.
package enum Period: String, Hashable, Sendable, CaseIterable {
  case weeks, days, hours, minutes, seconds, milliseconds, microseconds

  /// Its length in microseconds.
  package var microseconds: Int64 {
    switch self {
    case .weeks: 604_800_000_000
    case .days: 86_400_000_000
    case .hours: 3_600_000_000
    case .minutes: 60_000_000
    case .seconds: 1_000_000
    case .milliseconds: 1_000
    case .microseconds: 1
    }
  }

  /// "minute" for `minutes`.
  var singular: String { String(rawValue.dropLast()) }

  /// Reads a document's `period`. The singular and other cases of letters are understood, with a warning.
  /// Nil if there is no such unit.
  package static func parse(_ text: String) -> (Period, warning: String?)? {
    if let period = Period(rawValue: text) { return (period, nil) }
    guard text.utf8.count <= 12 else { return nil }
    let lowered = text.lowercased()
    guard let period = allCases.first(where: { $0.rawValue == lowered || $0.singular == lowered }) else { return nil }
    return (period, "period \(quoted(text)) is read as \"\(period.rawValue)\"")
  }
}
