import BeatCore

extension Duration {
  /// Whole microseconds; what does not fit is the nearest number that does.
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, overflowOfSum) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    return overflow || overflowOfSum ? (seconds < 0 ? .min : .max) : sum
  }
}

extension UnixTime {
  /// Since 1970-01-01 00:00 UTC.
  var duration: Duration { .microseconds(microseconds) }
}
