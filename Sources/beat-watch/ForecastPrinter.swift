import BeatCore

/// Prints forecasts: JSON lines for programs, local times with their distance for people.
final class ForecastPrinter {
  private let now: UnixTime
  private let json: Bool
  private var output: StandardOutput

  init(now: UnixTime, json: Bool) {
    self.now = now
    self.json = json
    output = StandardOutput(indent: json ? nil : 4)
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

  func flush() { output.flush() }

  private func put(_ line: String) { output.put(line) }
}
