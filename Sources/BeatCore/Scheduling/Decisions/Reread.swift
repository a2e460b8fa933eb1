/// What a watermark shows about a schedule whose document has not changed since this daemon last read it. A watermark
/// of another schedule means that a client edited the document there and back unnoticed, or that this daemon's own
/// watermark was not written.
enum Reread: String, CaseIterable {
  case asKnown = "the same schedule"
  case editedAndBack = "another schedule, in a load: edited there and back"
  case keptWhileStandingBy = "begun anew while another daemon led"
  case otherSchedule = "another schedule"

  /// - Parameters:
  ///   - isOther: the result of `isOther`.
  ///   - remembersRuns: whether the document has a `last_run_at`. Called only where it matters, since it reads the
  ///     bytes.
  init(_ entry: ScheduleEntry, _ seen: Sighting, isOther: Bool, remembersRuns: () -> Bool) {
    if isOther, seen.load.isFirst, !entry.timing.isOtherInstant(than: seen.stored),
      seen.stored?.digest != .gone || !remembersRuns()
    {
      self = .editedAndBack
    } else if case .unread = entry.phase, entry.floor != nil {
      self = .keptWhileStandingBy
    } else {
      self = isOther ? .otherSchedule : .asKnown
    }
  }

  /// Whether the watermark has changed since this daemon last saw it, and was written under another schedule.
  static func isOther(_ entry: ScheduleEntry, _ seen: Sighting) -> Bool {
    seen.stored?.digest != nil && seen.isNews(to: entry.progress) && entry.isUnheard(seen.stored, now: seen.now)
  }
}
