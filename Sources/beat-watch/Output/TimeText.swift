import BeatCore

extension TimeText {
  /// A time such as `2026-11-21 05:17:15.472764Z`, always of the same width.
  static func stamp(_ time: UnixTime) -> String {
    let fraction = "\(time.microseconds(since: UnixTime(seconds: time.seconds)))"
    return TimeWords.short(time).dropLast() + "." + String(repeating: "0", count: max(0, 6 - fraction.count)) + fraction
      + "Z"
  }
}
