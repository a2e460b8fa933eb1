/// From where a schedule counts that was not known: found at a start, made just now, or mended.
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

  /// - Parameter entry: as of a schedule that is not made anew.
  private init(_ entry: ScheduleEntry, _ seen: Sighting, isNew: Bool, isMended: Bool) {
    let isOtherInstant = entry.timing.isOtherInstant(than: seen.stored)
    if isMended {
      self = isOtherInstant ? .mendedToOtherInstant : .mended
    } else if isNew {
      self = seen.stored == nil ? .made : .madeAgain
    } else if !seen.load.isWatching, entry.isUnheard(seen.stored, now: seen.now) {
      // One that appears where another was deleted, and remembers its runs, goes on from there, as when it is heard.
      self = seen.stored?.digest == .gone ? .cameBack : isOtherInstant ? .otherInstant : .editedUnheard
    } else {
      self = seen.stored != nil ? .known : seen.remembered != nil ? .remembered : .found
    }
  }

  /// The next occurrence is the first after now.
  var beginsNow: Bool { self == .mended || self == .editedUnheard }

  var isNew: Bool { self == .made || self == .madeAgain }

  /// Whether the watermark says otherwise, though the schedule does not begin now.
  var settles: Bool { self == .cameBack || self == .otherInstant }

  /// A document that was set aside until now, or of which nothing was known.
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

  /// A document that remembers no run, and no watermark of its own, is a new schedule, even where one of its name was.
  /// In a load only where a watermark says that the earlier one is gone: else the store may have lost our watermark, or
  /// never had it.
  private static func isNew(_ timing: EntryTiming, _ document: ScheduleDocument, _ seen: Sighting) -> Bool {
    guard document.lastRunAt == nil else { return false }
    guard let digest = seen.stored?.digest else { return seen.load.isWatching }
    return digest == .gone || seen.load.isWatching && !timing.isMeant(by: digest)
  }

  /// What a schedule is counted from that was never seen before: now. One that is clocked for a time that has passed
  /// was missed, as it has not run.
  private static func firstBase(_ timing: EntryTiming, _ document: ScheduleDocument, now: UnixTime) -> UnixTime {
    guard let time = timing.schedule.onlyInstant, document.totalRunCount == 0 else { return now }
    return min(now, time.advanced(by: -1))
  }
}
