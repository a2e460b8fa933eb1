import BeatCore

/// Prints a schedule's next runs: JSON lines for programs, local times with their distance for users.
final class ForecastPrinter {
  private let json: Bool
  private var output: StandardOutput

  init(json: Bool) {
    self.json = json
    output = StandardOutput(indent: json ? nil : 4)
  }

  /// - Parameters:
  ///   - zone: the zone in which local times are shown.
  ///   - now: the time from which distances are counted.
  func write(_ preview: SchedulePreview, _ coming: SchedulePreview.Coming, in zone: ZoneRules, now: UnixTime) {
    if json {
      var line = #"{"next": ["# + coming.runs.map { "\"\($0.due.iso8601)\"" }.joined(separator: ", ") + "]"
      if let end = coming.end { line += #", "end": \#(JSONLine.quoted(end))"# }
      if !preview.warnings.isEmpty {
        line += #", "warnings": ["# + preview.warnings.map { JSONLine.quoted($0) }.joined(separator: ", ") + "]"
      }
      return put(line + "}")
    }
    if let schedule = preview.schedule { put(schedule.inWords) }
    for warning in preview.warnings { put("  warning: \(warning.printable)") }
    for run in coming.runs { put("  " + OccurrenceWords.line(run, in: zone, now: now, start: preview.now)) }
    if let end = coming.end { put("  \(coming.runs.isEmpty ? "never again" : "then no more"): \(end.printable)") }
  }

  /// - Parameter line: the number of the input's line, from 1.
  func write(_ problem: DocumentProblem, line: Int) { write(problem.description, in: " in line \(line)") }

  /// - Parameter place: where the problem is, in words for users.
  func write(_ problem: String, in place: String = "") {
    put(json ? #"{"error": \#(JSONLine.quoted(problem))}"# : "error\(place): \(problem.printable)")
  }

  func flush() { output.flush() }

  private func put(_ line: String) { output.put(line) }
}
