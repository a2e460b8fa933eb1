import ArgumentParser
import BeatCore

/// Times and limits as users write them on a command line.
enum TimeArgument {
  /// How long something may take, in microseconds. A number alone is in seconds.
  static func limit(_ option: String, _ text: String, in range: ClosedRange<Int64>) throws -> Int64 {
    let isNumber = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
    let span = try TimeSpan.microseconds(isNumber ? text + "s" : text, option: option)
    guard range.contains(span) else {
      throw ValidationError(
        "\(option): \(Cut.argument(text)) is not in \(TimeText.span(range.lowerBound)) to "
          + "\(TimeText.span(range.upperBound))")
    }
    return span
  }

  /// A past time: in ISO 8601, in UTC if it has no offset, or how long ago it was.
  static func past(_ option: String, _ text: String, now: UnixTime) throws -> UnixTime {
    if let (every, period) = TimeSpan.parse(text) { return now.advanced(by: -every * period.microseconds) }
    return try instant(option, text, ", or how long ago, such as 1h")
  }

  /// A date as it is written into a document: as it was given, or with the offset of `clock` if it has none.
  static func date(_ option: String, _ text: String, by clock: ZoneRules?) throws -> String {
    let utc = try instant(option, text)
    guard let clock, let time = UnixTime(iso8601: text, in: clock), time != utc else { return text }
    return time.localISO8601(in: clock)
  }

  static func instant(_ option: String, _ text: String, _ alternative: String = "") throws -> UnixTime {
    guard let time = UnixTime(iso8601: text) else {
      throw ValidationError(
        "\(option): \(Cut.argument(text)) is no ISO 8601 time, such as 2026-03-08T02:30:00+01:00\(alternative)")
    }
    return time
  }
}
