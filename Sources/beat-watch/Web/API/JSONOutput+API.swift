import BeatCore

/// The API's forms of times and lengths of time.
extension JSONOutput {
  /// `"2026-11-28T12:00:00.000000Z"`, always with microseconds, or null.
  static func time(_ time: UnixTime?) -> JSONOutput {
    guard let time else { return .null }
    return .text(TimeText.stamp(time).replacing(" ", with: "T", maxReplacements: 1))
  }

  /// Microseconds as a number of seconds: `0.000213`.
  static func seconds(_ microseconds: Int64?) -> JSONOutput {
    guard let microseconds else { return .null }
    let size = microseconds.magnitude
    let fraction = "\(size % 1_000_000)"
    let digits = String(repeating: "0", count: 6 - fraction.count) + fraction
    return .raw(Array("\(microseconds < 0 ? "-" : "")\(size / 1_000_000).\(digits)".utf8))
  }

  static func count(_ value: Int) -> JSONOutput { .integer(Int64(value)) }
}
