import BeatCore

extension Duration {
  /// Whole microseconds. A duration outside the range of `Int64` becomes the nearest limit.
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, overflowOfSum) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    return overflow || overflowOfSum ? (seconds < 0 ? .min : .max) : sum
  }
}

extension UnixTime {
  /// The time since 1970-01-01 00:00 UTC.
  var duration: Duration { .microseconds(microseconds) }
}
