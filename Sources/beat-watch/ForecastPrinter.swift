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

  func write(_ forecast: ScheduleForecast, _ coming: ScheduleForecast.Coming) {
    if json {
      var line = #"{"next": ["# + coming.times.map { "\"\($0.iso8601)\"" }.joined(separator: ", ") + "]"
      if let end = coming.end { line += #", "end": \#(JSONLine.quoted(end))"# }
      if !forecast.warnings.isEmpty {
        line += #", "warnings": ["# + forecast.warnings.map { JSONLine.quoted($0) }.joined(separator: ", ") + "]"
      }
      return put(line + "}")
    }
    put(forecast.schedule.inWords)
    for warning in forecast.warnings { put("  warning: \(warning)") }
    for due in coming.times { put("  " + TimeWords.line(due, in: forecast.zone, now: now)) }
    if let end = coming.end { put("  \(coming.times.isEmpty ? "never again" : "then no more"): \(end)") }
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
}
