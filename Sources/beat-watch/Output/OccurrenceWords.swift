import BeatCore

/// One run that is to come, in the same words in every command.
enum OccurrenceWords {
  /// `Sun 2026-03-29 03:30:00 +02:00  in 3 d 4 h`: when it is sent, and what else is to know of it.
  ///
  /// - Parameters:
  ///   - now: from which distances are counted.
  ///   - start: when the daemon is thought to begin; nil: now.
  static func line(
    _ run: SchedulePreview.Occurrence, in zone: ZoneRules, now: UnixTime, start: UnixTime? = nil
  ) -> String {
    var line = TimeWords.line(run.sent, in: zone, now: now)
    if let note = note(run, now: start ?? now) { line += "  (\(note))" }
    if run.sent != run.due { line += "  (due \(TimeWords.short(run.due)), jitter)" }
    return line
  }

  /// Of one whose time has come; nil: it is still to come.
  static func note(_ run: SchedulePreview.Occurrence, now: UnixTime) -> String? {
    // Just after what it is counted from, which may be now.
    if run.isImmediate, run.sent <= now.advanced(by: 1) {
      return "run_immediately: sent as soon as a daemon fires"
    }
    guard run.sent <= now else { return nil }
    return run.isMissed(at: now) ? "missed; sent as soon as a daemon fires" : "due; sent as soon as a daemon fires"
  }
}
