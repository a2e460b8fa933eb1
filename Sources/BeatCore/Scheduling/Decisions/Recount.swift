/// From which time a known schedule counts on when its document is read again.
///
/// If the store has an older time than this daemon, or none, a stale copy was most probably saved, and this daemon's
/// time stays. The exceptions have a row each. In a full load the watermark decides even if it is older: the store has
/// then gone back in time, and its messages with it.
enum Recount: String, CaseIterable {
  case storeEmptied = "no watermark, in a load: the store has forgotten it"
  case ownWatermarkUnderWay = "no watermark, ours is on its way"
  case nothingToLeaveOut = "no watermark, but a script under way, or it comes once"
  case watermarkLost = "no watermark"
  case laterRunRemembered = "no watermark, the document remembers a later run"
  case runRemembered = "no watermark, the document remembers a run"
  case storeWentBack = "older watermark, in a load: the store went back"
  case clockWentBack = "older watermark, ours is ahead of the clock"
  case seenEarlier = "older watermark, of a daemon that saw it first"
  case laterRunInDocument = "a later run in the document"
  case newerWatermark = "newer watermark"
  case asKnown = "the watermark as known"
  case olderInReplacedStore = "older watermark, in another store"
  case staleWatermark = "older watermark"

  init(_ entry: ScheduleEntry, _ seen: Sighting) {
    let progress = entry.progress
    let before = progress.watermarkBefore
    let due = seen.watermark?.due
    self =
      switch (Place(due, from: progress.base), Place(seen.remembered, from: progress.base)) {
      // Other daemons may have fired unnoticed. The exception is a watermark that this daemon was writing when its
      // connection was lost (`watermarkBefore`), unless the store was replaced.
      case (.none, .none) where seen.load.isFirst && (seen.load.isReplaced || before == nil) && !entry.isFiring:
        .storeEmptied
      case (.none, .none) where seen.mayLackOwnWatermark: .ownWatermarkUnderWay
      // A clocked schedule fires once, and that run is not given up on a guess.
      case (.none, .none) where entry.isFiring || entry.timing.schedule.comesOnce: .nothingToLeaveOut
      case (.none, .none): .watermarkLost
      case (.none, .later): .laterRunRemembered
      case (.none, _): .runRemembered
      // The exception is the watermark that this daemon's own is about to replace: it was read before that.
      case (.earlier, let memory) where memory < .same && seen.load.isFirst && !seen.load.isReplaced && due != before:
        .storeWentBack
      // No run lies in the future: the store's clock was set forward and back, and this daemon noticed only one of the
      // two.
      case (.earlier, _) where entry.isAhead(of: seen.now): .clockWentBack
      // The daemon that saw the schedule first may have fired it, so its time counts.
      case (.earlier, let memory) where memory < .same && Self.isLater(due, than: before): .seenEarlier
      case (_, .later) where Self.isLater(seen.remembered, than: due): .laterRunInDocument
      case (.later, _): .newerWatermark
      case (.same, _): .asKnown
      case (.earlier, _): seen.load.isReplaced ? .olderInReplacedStore : .staleWatermark
      }
  }

  private static func isLater(_ time: UnixTime?, than other: UnixTime?) -> Bool {
    guard let time, let other else { return false }
    return time > other
  }

  /// Whether this daemon writes its own watermark because the store has none: without one, a restart would not know
  /// from where to go on.
  var keepsWatermark: Bool {
    switch self {
    case .storeEmptied, .ownWatermarkUnderWay, .nothingToLeaveOut, .watermarkLost, .laterRunRemembered, .runRemembered:
      true
    case .storeWentBack, .clockWentBack, .seenEarlier, .laterRunInDocument, .newerWatermark, .asKnown,
      .olderInReplacedStore, .staleWatermark:
      false
    }
  }

  /// - Returns: whether the next due time may have changed.
  func apply(_ seen: Sighting, to entry: inout ScheduleEntry) -> Bool {
    let base = entry.progress.base
    switch self {
    case .storeEmptied:
      entry.progress.count(from: max(base, seen.now))
      entry.progress.watermarkBefore = .earliest
      entry.floor = nil
      return true
    case .ownWatermarkUnderWay, .nothingToLeaveOut, .runRemembered: break
    case .watermarkLost:
      // Other daemons may have fired unnoticed, so occurrences that were due until now are left out.
      let passed = entry.base(leavingBehind: seen.now)
      entry.progress.watermarkBefore = .earliest
      if passed != base { entry.progress.count(from: passed) }
    case .laterRunRemembered:
      entry.progress.base = seen.remembered ?? base
      entry.progress.isMeasured = false
    case .storeWentBack, .clockWentBack, .seenEarlier, .laterRunInDocument, .newerWatermark, .asKnown,
      .olderInReplacedStore, .staleWatermark:
      if let watermark = seen.watermark { apply(watermark, seen, to: &entry) }
    }
    return entry.progress.base != base
  }

  private func apply(_ watermark: Watermark, _ seen: Sighting, to entry: inout ScheduleEntry) {
    switch self {
    case .storeWentBack:
      entry.progress.base = seen.newest(watermark)
      entry.progress.totalRunCount = watermark.totalRunCount
      entry.progress.isMeasured = false
      entry.floor = nil
    case .clockWentBack:
      entry.progress.base = watermark.due
      entry.floor = nil
    case .seenEarlier:
      entry.goOn(if: watermark)
      entry.progress.base = seen.newest(watermark)
      entry.progress.totalRunCount = max(entry.progress.totalRunCount, watermark.totalRunCount)
      entry.progress.watermarkBefore = nil
      entry.progress.isMeasured = false
    default:
      entry.goOn(if: watermark)
      entry.takeCount(of: watermark)
      if Self.isLater(watermark.due, than: entry.progress.watermarkBefore) { entry.progress.watermarkBefore = nil }
      takeTime(of: watermark, seen, to: &entry)
    }
  }

  private func takeTime(of watermark: Watermark, _ seen: Sighting, to entry: inout ScheduleEntry) {
    switch self {
    case .laterRunInDocument:
      entry.progress.base = seen.newest(watermark)
      entry.progress.isMeasured = false
    case .newerWatermark:
      entry.progress.base = watermark.due
      // A watermark read while watching is recent, so it moves along if the clock is set. One that a load finds may be
      // older than the clock's error.
      entry.progress.isMeasured = seen.load.isWatching
      entry.goOn(asMeantBy: watermark, seen)
    case .asKnown: entry.goOn(asMeantBy: watermark, seen)
    default: break
    }
    // In a replaced store, an older watermark is from a daemon that missed the newest runs. This daemon's base stays,
    // and replaces the watermark when this daemon leads.
    guard seen.load.isReplaced, watermark.due < entry.progress.base else { return }
    entry.progress.watermarkBefore = watermark.due
    entry.progress.isMeasured = true
  }
}

extension ScheduleEntry {
  /// The leader has fired what was due before the time at which this daemon would begin: the series goes on.
  fileprivate mutating func goOn(if watermark: Watermark) {
    guard watermark.taskID != nil, watermark.due > progress.watermarkBefore ?? progress.base, let floor,
      watermark.due < floor
    else { return }
    self.floor = nil
  }

  /// Another daemon learned of this schedule earlier, and its watermark says from where the schedule goes on. The time
  /// at which this daemon learned of it does not count.
  fileprivate mutating func goOn(asMeantBy watermark: Watermark, _ seen: Sighting) {
    if watermark.digest == timing.digest, seen.isNews(to: progress) { floor = nil }
  }

  /// The watermark's count holds even if its time is already known: a stale copy may have lost the count in the
  /// document. A newer watermark's count holds even if it is smaller: the schedule was deleted and made again without
  /// this daemon noticing.
  fileprivate mutating func takeCount(of watermark: Watermark) {
    guard watermark.due >= progress.base else { return }
    let count = watermark.totalRunCount
    progress.totalRunCount = watermark.due > progress.base ? count : max(progress.totalRunCount, count)
  }
}
