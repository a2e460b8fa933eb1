/// What a watermark tells of a schedule whose document has the bytes we know: where it is of another schedule, somebody has
/// switched there and back while we did not hear, or what we kept in the watermark did not reach it.
enum Reread: String, CaseIterable {
  case asKnown = "the same schedule"
  case editedAndBack = "another schedule, in a load: edited there and back"
  case keptWhileStandingBy = "begun anew while another daemon led"
  case otherSchedule = "another schedule"

  /// - Parameters:
  ///   - isOther: what `isOther` says.
  ///   - remembersRuns: the document tells of a last run. Asked where it matters, as it takes a look at the bytes.
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

  /// Whether the watermark is news to us, and of another schedule.
  static func isOther(_ entry: ScheduleEntry, _ seen: Sighting) -> Bool {
    seen.stored?.digest != nil && seen.isNews(to: entry.progress) && entry.isUnheard(seen.stored, now: seen.now)
  }
}
