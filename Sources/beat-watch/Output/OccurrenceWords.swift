import BeatCore

/// One future run, in the same words in every command.
enum OccurrenceWords {
  /// One run's line, as in `Sun 2026-03-29 03:30:00 +02:00  in 3 d 4 h`: when it is sent, and a note if there is one.
  ///
  /// - Parameters:
  ///   - now: the time from which distances are counted.
  ///   - start: when the daemon is assumed to start; nil: now.
  static func line(
    _ run: SchedulePreview.Occurrence, in zone: ZoneRules, now: UnixTime, start: UnixTime? = nil
  ) -> String {
    var line = TimeWords.line(run.sent, in: zone, now: now)
    if let note = note(run, now: start ?? now) { line += "  (\(note))" }
    if run.sent != run.due { line += "  (due \(TimeWords.short(run.due)), jitter)" }
    return line
  }

  /// The note for a run whose time has come; nil: the run is in the future.
  static func note(_ run: SchedulePreview.Occurrence, now: UnixTime) -> String? {
    // An immediate run is due just after the time from which it is counted, and that may be now.
    if run.isImmediate, run.sent <= now.advanced(by: 1) {
      return "run_immediately: sent as soon as a daemon fires"
    }
    guard run.sent <= now else { return nil }
    return run.isMissed(at: now) ? "missed; sent as soon as a daemon fires" : "due; sent as soon as a daemon fires"
  }
}
