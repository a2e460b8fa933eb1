/// Whether an edited schedule begins now. If it does, its next occurrence is the first after now, so that an edit
/// invents nothing overdue.
enum Edit: String, CaseIterable {
  case samePhase = "the same schedule"
  case otherInstant = "another instant"
  case otherSchedule = "another schedule"
  case otherBeginning = "another start_after"
  case enabledAgain = "enabled again"
  case endLifted = "an end was lifted"
  case switchedBack = "another schedule in between, not heard"
  case inForceAlready = "one of these, and another daemon has gone on by it"
  case cameBack = "one of these, deleted and made again, and it remembers its runs"

  /// - Parameters:
  ///   - entry: the schedule by the edited document, counted again.
  ///   - old: its timing by the document before.
  ///   - wasOver: by the document before, the schedule had ended.
  ///   - base: the time from which it counted before.
  init(of entry: ScheduleEntry, from old: EntryTiming, wasOver: Bool, base: UnixTime, _ seen: Sighting) {
    guard let change = Self.change(of: entry, from: old, wasOver: wasOver, seen) else {
      // A clocked schedule has only this one time, so it is due even if the time has passed.
      self = Self.isOtherInstant(entry.timing, old) ? .otherInstant : .samePhase
      return
    }
    self = Self.isInForce(entry, base: base, seen) ? .inForceAlready : seen.cameBack ? .cameBack : change
  }

  var beginsNow: Bool {
    switch self {
    case .otherSchedule, .otherBeginning, .enabledAgain, .endLifted, .switchedBack: true
    case .samePhase, .otherInstant, .inForceAlready, .cameBack: false
    }
  }

  /// Whether the schedule is clocked, for another time than before.
  static func isOtherInstant(_ new: EntryTiming, _ old: EntryTiming) -> Bool {
    new.schedule.comesOnce && old.schedule != new.schedule
  }

  private static func change(
    of entry: ScheduleEntry, from old: EntryTiming, wasOver: Bool, _ seen: Sighting
  ) -> Self? {
    let new = entry.timing
    let isSame = old.schedule == new.schedule
    if !isSame, !new.schedule.comesOnce { return .otherSchedule }
    if old.startAfter != new.startAfter { return .otherBeginning }
    if !old.enabled, isSame || !new.schedule.comesOnce { return .enabledAgain }
    if wasOver, isSame, !entry.isOver(at: seen.now) { return .endLifted }
    return isSwitchedBack(entry, old, seen) ? .switchedBack : nil
  }

  /// Whether the schedule was edited to another one and back, and this daemon missed that: the watermark has changed,
  /// and it was written under a schedule that is neither the old one nor the new one.
  private static func isSwitchedBack(_ entry: ScheduleEntry, _ old: EntryTiming, _ seen: Sighting) -> Bool {
    guard let digest = seen.stored?.digest, seen.isNews(to: entry.progress), !old.isMeant(by: digest) else {
      return false
    }
    return entry.isUnheard(seen.stored, now: seen.now) && !entry.timing.isOtherInstant(than: seen.stored)
  }

  /// Whether another daemon already goes on by this schedule: the watermark has changed and was written under it. This
  /// daemon then learns of the edit late.
  private static func isInForce(_ entry: ScheduleEntry, base: UnixTime, _ seen: Sighting) -> Bool {
    guard let stored = seen.stored, seen.isNews(to: entry.progress) else { return false }
    return stored.digest.map { $0 == entry.timing.digest } ?? (stored.due > base)
  }
}
