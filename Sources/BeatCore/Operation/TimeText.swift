/// Lengths of time as text, down to a hundredth of a millisecond, since latenesses are that small.
package enum TimeText {
  /// `0.21 ms`, `12 ms`, `3.2 s`, `4 min 5 s`, `3 d 4 h`.
  package static func span(_ microseconds: Int64) -> String {
    let size = microseconds.magnitude
    let sign = microseconds < 0 ? "-" : ""
    if size == 0 { return "0 s" }
    if size < 10_000 { return "\(sign)\(decimal(size, 1_000, digits: 2)) ms" }
    if size < 1_000_000 { return "\(sign)\(size / 1_000) ms" }
    if size < 60_000_000 { return "\(sign)\(decimal(size, 1_000_000, digits: 1)) s" }
    return sign + long(size / 1_000_000)
  }

  /// Milliseconds to the microsecond, for programs: `0.213`.
  package static func milliseconds(_ microseconds: Int64) -> String {
    (microseconds < 0 ? "-" : "") + decimal(microseconds.magnitude, 1_000, digits: 3)
  }

  private static func long(_ seconds: UInt64) -> String {
    let parts: [(UInt64, String)] = [
      (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s"),
    ]
    let first = parts.firstIndex { $0.0 > 0 } ?? 3
    return parts[first..<min(first + 2, 4)].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }

  private static func decimal(_ size: UInt64, _ unit: UInt64, digits: Int) -> String {
    var scale: UInt64 = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = size / unit * scale + size % unit * scale / unit
    let rest = "\(scaled % scale)"
    return "\(scaled / scale).\(String(repeating: "0", count: digits - rest.count))\(rest)"
  }
}
