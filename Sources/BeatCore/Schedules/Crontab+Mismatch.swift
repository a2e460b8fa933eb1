/// Why a crontab is not due at some time.
extension Crontab {
  /// A field that does not take what the wall clock shows.
  package struct Mismatch: Hashable, Sendable {
    /// The name of the field in documents.
    package let field: String
    /// What the clock, or the calendar, shows.
    package let shown: Int
    /// What the field takes, as short text.
    package let taken: String
  }

  /// The fields that do not match at an instant, read by the crontab's own clock. None, though it is not due then: the
  /// time was shown twice that day, or it is not the beginning of a minute.
  package func mismatches(at time: UnixTime) -> [Mismatch] {
    let local = zone.localTime(at: time)
    var mismatches: [Mismatch] = []
    func look(_ field: CrontabField, _ shown: Int, _ words: [UInt64]) {
      guard words[shown >> 6] >> UInt64(shown & 63) & 1 == 0 else { return }
      mismatches.append(Mismatch(field: field.name, shown: shown, taken: field.text(of: words)))
    }
    look(.minute, local.minute, [calendar.minutes])
    look(.hour, local.hour, [UInt64(calendar.hours)])
    look(.dayOfMonth, local.day, [UInt64(calendar.daysOfMonth)])
    look(.monthOfYear, local.month, [UInt64(calendar.months)])
    look(.dayOfWeek, local.dayOfWeek, [UInt64(calendar.daysOfWeek)])
    if let days = calendar.daysOfYear { look(.dayOfYear, local.dayOfYear, days) }
    return mismatches
  }
}
