import BeatCore
import Glibc

/// Prints forecasts: JSON lines for programs, local times with their distance for people.
final class ForecastPrinter {
  private let now: UnixTime
  private let json: Bool
  private var buffer: [UInt8] = []

  init(now: UnixTime, json: Bool) {
    self.now = now
    self.json = json
  }

  func write(_ forecast: ScheduleForecast, next: [UnixTime]) {
    if json {
      var line = #"{"next": ["# + next.map { "\"\($0.iso8601)\"" }.joined(separator: ", ") + "]"
      if !forecast.warnings.isEmpty {
        line += #", "warnings": ["# + forecast.warnings.map { JSONLine.quoted($0) }.joined(separator: ", ") + "]"
      }
      return put(line + "}")
    }
    put(forecast.schedule.inWords)
    for warning in forecast.warnings { put("  warning: \(warning)") }
    if next.isEmpty { put("  never again") }
    for due in next { put("  " + describe(due, in: forecast.zone)) }
  }

  /// - Parameter line: of the input, from 1.
  func write(_ problem: DocumentProblem, line: Int) {
    put(json ? #"{"error": \#(JSONLine.quoted(problem.description))}"# : "error in line \(line): \(problem)")
  }

  func flush() {
    var rest = buffer[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno != EINTR { break }
      rest = rest.dropFirst(max(0, count))
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func put(_ line: String) {
    buffer += line.utf8
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 16 { flush() }
  }

  /// `Sun 2026-03-29 03:30:00 +02:00  in 3 d 4 h  (clocks change that day: 02:00 becomes 03:00)`
  private func describe(_ due: UnixTime, in zone: ZoneRules) -> String {
    let local = zone.localTime(at: due)
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][local.dayOfWeek]
    let text = due.advanced(by: Int64(zone.utcOffset(at: due)) * 1_000_000).iso8601.dropLast()
    let time = text.replacing("T", with: " ", maxReplacements: 1)
    var line = "\(day) \(time) \(Self.offset(zone.utcOffset(at: due)))  \(distance(to: due))"
    if let change = change(on: local, in: zone) { line += "  (\(change))" }
    return line
  }

  /// Whether the clocks of a zone are changed on a day, and how.
  private func change(on local: CivilTime, in zone: ZoneRules) -> String? {
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

  private func distance(to due: UnixTime) -> String {
    let seconds = due.microseconds(since: now) / 1_000_000
    let size = seconds.magnitude
    let parts: [(UInt64, String)] = [
      (size / 86_400, "d"), (size / 3600 % 24, "h"), (size / 60 % 60, "min"), (size % 60, "s"),
    ]
    let first = parts.firstIndex { $0.0 > 0 } ?? 3
    let text = parts[first..<min(first + 2, 4)].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    if text.isEmpty { return "now" }
    return seconds < 0 ? "\(text) ago" : "in \(text)"
  }

  private static func clock(_ time: CivilTime) -> String { "\(twoDigits(time.hour)):\(twoDigits(time.minute))" }

  private static func offset(_ seconds: Int) -> String {
    let minutes = Int(seconds.magnitude) / 60
    return "\(seconds < 0 ? "-" : "+")\(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
