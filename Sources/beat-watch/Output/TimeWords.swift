import BeatCore

/// Times as users read them: by a zone's clock, and with their distance from now.
enum TimeWords {
  /// A time's line: `Sun 2026-03-29 03:30:00 +02:00  in 3 d 4 h  (clocks change that day: 02:00 becomes 03:00)`
  static func line(_ due: UnixTime, in zone: ZoneRules, now: UnixTime) -> String {
    var line = "\(date(due, in: zone))  \(distance(to: due, from: now))"
    if let change = clockChange(of: due, in: zone) { line += "  (\(change))" }
    return line
  }

  /// How a zone's clocks change on the day of a time: `clocks change that day: 02:00 becomes 03:00`; nil: they do not.
  static func clockChange(of time: UnixTime, in zone: ZoneRules) -> String? {
    change(on: zone.localTime(at: time), in: zone)
  }

  /// A time by a zone's clock: `Sun 2026-03-29 03:30:00 +02:00`
  static func date(_ time: UnixTime, in zone: ZoneRules) -> String {
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][zone.localTime(at: time).dayOfWeek]
    let text = time.advanced(by: Int64(zone.utcOffset(at: time)) * 1_000_000).iso8601.dropLast()
    return "\(day) \(text.replacing("T", with: " ", maxReplacements: 1)) \(offset(zone.utcOffset(at: time)))"
  }

  /// A time in UTC to the second, which is enough for a table: `2026-03-29 01:30:00Z`
  static func short(_ time: UnixTime) -> String {
    let civil = CivilTime(utc: time)
    guard (0...9999).contains(civil.year) else {
      return UnixTime(seconds: time.seconds).iso8601.replacing("T", with: " ", maxReplacements: 1)
    }
    // The digits are written by hand: a table may have a hundred thousand times.
    var text: [UInt8] = []
    text.reserveCapacity(20)
    func put(_ number: Int, _ end: Unicode.Scalar) {
      text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
      text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
      text.append(UInt8(ascii: end))
    }
    put(civil.year / 100, "-")
    text.removeLast()
    put(civil.year % 100, "-")
    put(civil.month, "-")
    put(civil.day, " ")
    put(civil.hour, ":")
    put(civil.minute, ":")
    put(civil.second, "Z")
    return String(decoding: text, as: UTF8.self)
  }

  /// How a zone's clocks change on a day; nil: they do not.
  private static func change(on local: CivilTime, in zone: ZoneRules) -> String? {
    guard let midnight = CivilTime(year: local.year, month: local.month, day: local.day) else { return nil }
    let around = midnight.instant(utcOffset: 0).advanced(by: -90_000_000_000)
    var search = around
    while let transition = zone.nextTransition(after: search), transition.microseconds(since: around) < 270_000_000_000
    {
      let before = zone.utcOffset(at: transition.advanced(by: -1))
      let after = zone.utcOffset(at: transition)
      let reading = CivilTime(utc: transition.advanced(by: Int64(before) * 1_000_000))
      if before != after, (reading.year, reading.month, reading.day) == (local.year, local.month, local.day) {
        let new = zone.localTime(at: transition)
        return "clocks change that day: \(Self.clock(reading)) becomes \(Self.clock(new))"
      }
      search = transition
    }
    return nil
  }

  /// A time's distance: `in 3 d 4 h`, `5 min ago`, `now`
  static func distance(to due: UnixTime, from now: UnixTime) -> String {
    let seconds = due.microseconds(since: now) / 1_000_000
    let size = seconds.magnitude
    let text =
      size >= 86_400
      ? two(size / 86_400, "d", size / 3600 % 24, "h")
      : size >= 3600
        ? two(size / 3600, "h", size / 60 % 60, "min")
        : size >= 60 ? two(size / 60, "min", size % 60, "s") : "\(size) s"
    if size == 0 { return "now" }
    return seconds < 0 ? text + " ago" : "in " + text
  }

  private static func two(_ large: UInt64, _ unit: String, _ small: UInt64, _ smaller: String) -> String {
    small > 0 ? "\(large) \(unit) \(small) \(smaller)" : "\(large) \(unit)"
  }

  private static func clock(_ time: CivilTime) -> String { "\(twoDigits(time.hour)):\(twoDigits(time.minute))" }

  private static func offset(_ seconds: Int) -> String {
    let minutes = Int(seconds.magnitude) / 60
    return "\(seconds < 0 ? "-" : "+")\(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
