/// From which time a schedule counts that this daemon did not know: it was found at the start, was just created, or was
/// rejected until now.
enum FirstSight: String, CaseIterable {
  case mended = "set aside until now"
  case mendedToOtherInstant = "set aside until now, for another instant than the watermark's"
  case made = "new schedule, first seen"
  case madeAgain = "deleted and made again"
  case cameBack = "deleted and made again, and it remembers its runs"
  case otherInstant = "for another instant than the watermark's"
  case editedUnheard = "another schedule than the watermark's"
  case known = "known by its watermark"
  case remembered = "known by its document"
  case found = "known by nothing"

  /// - Parameter entry: the schedule, with `progress` already set.
  private init(_ entry: ScheduleEntry, _ seen: Sighting, isNew: Bool, isMended: Bool) {
    let isOtherInstant = entry.timing.isOtherInstant(than: seen.stored)
    if isMended {
      self = isOtherInstant ? .mendedToOtherInstant : .mended
    } else if isNew {
      self = seen.stored == nil ? .made : .madeAgain
    } else if entry.isUnheard(seen.stored, now: seen.now) {
      // A schedule that appears where another was deleted, and remembers its runs, goes on from there, as it does when
      // the daemon notices both edits. A daemon that watches knows that there was no document.
      let isBack = seen.stored?.digest == .gone || seen.load.isWatching
      self = isOtherInstant ? .otherInstant : isBack ? .cameBack : .editedUnheard
    } else {
      self = seen.stored != nil ? .known : seen.remembered != nil ? .remembered : .found
    }
  }

  /// The next occurrence is the first after now.
  var beginsNow: Bool { self == .mended || self == .editedUnheard }

  var isNew: Bool { self == .made || self == .madeAgain }

  /// Whether the watermark was written under another schedule though this one does not begin now.
  var settles: Bool { self == .cameBack || self == .otherInstant }

  /// The entry for a document that was rejected until now, or whose schedule was not known.
  static func entry(
    _ name: EntryName, _ bytes: [UInt8], _ document: ScheduleDocument, _ seen: Sighting, isMended: Bool
  ) -> (row: Self, entry: ScheduleEntry) {
    let timing = EntryTiming(document.definition)
    let isNew = !isMended && isNew(timing, document, seen)
    let stored = seen.stored
    let first = firstBase(timing, document, now: seen.now)
    let known = [seen.watermark?.due, seen.remembered].compactMap { $0 }.max()
    var entry = ScheduleEntry(
      name: name, document: bytes, timing: timing,
      base: isNew ? max(first, stored?.due ?? first) : known ?? first,
      totalRunCount: isNew ? document.totalRunCount : max(document.totalRunCount, stored?.totalRunCount ?? 0))
    entry.progress.hasRun =
      entry.progress.totalRunCount > 0 || document.lastRunAt != nil || !isNew && stored?.taskID != nil
    entry.progress.watermarkBefore = isNew || stored == nil ? stored?.due ?? .earliest : nil
    entry.progress.isMeasured = isNew || known == nil
    entry.progress.watermarkSeen = stored.map(Watermark.Fingerprint.init)
    let row = FirstSight(entry, seen, isNew: isNew, isMended: isMended)
    if row.beginsNow { entry.floor = seen.now }
    entry.noticeImmediate(now: seen.now)
    return (row, entry)
  }

  /// A document without `last_run_at` is a new schedule unless a watermark belongs to it, even if an earlier schedule
  /// had its name. In a load it is new only if the watermark says that the earlier schedule was deleted: the store may
  /// otherwise have lost this schedule's watermark, or may never have had it.
  private static func isNew(_ timing: EntryTiming, _ document: ScheduleDocument, _ seen: Sighting) -> Bool {
    guard document.lastRunAt == nil else { return false }
    guard let digest = seen.stored?.digest else { return seen.load.isWatching }
    return digest == .gone || seen.load.isWatching && !timing.isMeant(by: digest)
  }

  /// The time from which a schedule counts that was never seen before: now. A clocked one whose time has passed and
  /// that has not run counts from just before that time, so that its run counts as missed.
  private static func firstBase(_ timing: EntryTiming, _ document: ScheduleDocument, now: UnixTime) -> UnixTime {
    guard let time = timing.schedule.onlyInstant, document.totalRunCount == 0 else { return now }
    return min(now, time.advanced(by: -1))
  }
}
