/// From where a schedule that is known counts on, when its document is read once more.
///
/// An older time than ours, or none, is mostly a stale copy that was saved: what we know stands. The exceptions have a
/// row each. In a full load the watermark rules, older or not: the store went back then, and the messages with it.
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
      // We may not have heard of all that was fired. Unless our own watermark was lost with its connection, which
      // another store knows nothing of.
      case (.none, .none) where seen.load.isFirst && (seen.load.isReplaced || before == nil) && !entry.isFiring:
        .storeEmptied
      case (.none, .none) where seen.mayLackOwnWatermark: .ownWatermarkUnderWay
      // What comes once is not given up for a guess.
      case (.none, .none) where entry.isFiring || entry.timing.schedule.comesOnce: .nothingToLeaveOut
      case (.none, .none): .watermarkLost
      case (.none, .later): .laterRunRemembered
      case (.none, _): .runRemembered
      // But for the watermark that our own is on its way to replace: it was read before that.
      case (.earlier, let memory) where memory < .same && seen.load.isFirst && !seen.load.isReplaced && due != before:
        .storeWentBack
      // Nothing was fired in the future: the store's clock was set and set back, and we have noticed one of the two.
      case (.earlier, _) where entry.isAhead(of: seen.now): .clockWentBack
      // It may have fired it: its time counts.
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

  /// Whether our watermark is kept, as none stands there: a restart would not know where to go on.
  var keepsWatermark: Bool {
    switch self {
    case .storeEmptied, .ownWatermarkUnderWay, .nothingToLeaveOut, .watermarkLost, .laterRunRemembered, .runRemembered:
      true
    case .storeWentBack, .clockWentBack, .seenEarlier, .laterRunInDocument, .newerWatermark, .asKnown,
      .olderInReplacedStore, .staleWatermark:
      false
    }
  }

  /// - Returns: whether the next due time may be another one.
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
      // Other daemons may have fired what we have not heard of: what was due until now is left out.
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
      // Heard as it happened: it moves along should the clock be set. What a load finds may be older than the clock's
      // error.
      entry.progress.isMeasured = seen.load.isWatching
      entry.goOn(asMeantBy: watermark, seen)
    case .asKnown: entry.goOn(asMeantBy: watermark, seen)
    default: break
    }
    // In a replaced store, an older watermark was kept by a daemon that has not heard of the newest runs. Our base
    // stays, and replaces the watermark when we lead.
    guard seen.load.isReplaced, watermark.due < entry.progress.base else { return }
    entry.progress.watermarkBefore = watermark.due
    entry.progress.isMeasured = true
  }
}

extension ScheduleEntry {
  /// Whoever leads has fired what was due before the moment at which we would begin anew: the series goes on.
  fileprivate mutating func goOn(if watermark: Watermark) {
    guard watermark.taskID != nil, watermark.due > progress.watermarkBefore ?? progress.base, let floor,
      watermark.due < floor
    else { return }
    self.floor = nil
  }

  /// Another daemon has heard of this schedule before us, and the watermark says from where it goes on: not from our
  /// hearing.
  fileprivate mutating func goOn(asMeantBy watermark: Watermark, _ seen: Sighting) {
    if watermark.digest == timing.digest, seen.isNews(to: progress) { floor = nil }
  }

  /// The watermark's count stands even where its time is known already: a stale copy may have lost it in the document.
  /// A newer watermark knows better even where it counts less: the schedule was made again, and we have not heard of
  /// it.
  fileprivate mutating func takeCount(of watermark: Watermark) {
    guard watermark.due >= progress.base else { return }
    let count = watermark.totalRunCount
    progress.totalRunCount = watermark.due > progress.base ? count : max(progress.totalRunCount, count)
  }
}
