/// What is seen of a schedule when its document is read: watermark, document and clock, and what is known of the store.
///
/// With what was known of the schedule before, each decision follows from it, and from nothing else. A decision is a
/// row of one of these tables, the first whose condition holds:
///
/// | the document | table | decides |
/// |---|---|---|
/// | of a name of which nothing was known | `FirstSight` | from where it counts, and whether it begins now |
/// | of a known schedule | `Recount` | from where it counts on |
/// | … with other bytes | `Edit` | whether it begins now |
/// | … with the same bytes | `Reread` | whether the watermark tells of an edit that was not heard |
/// | (when it is due) | `Lateness` | which of several occurrences is sent |
struct Sighting {
  /// As it stands in the store; nil: there is none, or none that can be read.
  let stored: Watermark?
  /// The same, with its due time by the clock as it is now.
  let watermark: Watermark?
  /// The document's `last_run_at`, as far as it is believed.
  let lastRunAt: UnixTime?
  /// What of it counts beside the watermark, by the clock as it is now.
  let remembered: UnixTime?
  /// The answer may be older than the watermark that we have just kept.
  let mayLackOwnWatermark: Bool
  let load: LoadState
  let now: UnixTime

  init(
    _ stored: Watermark?, lastRunAt: UnixTime?, of schedule: Schedule, stepAhead: StepAhead?, load: LoadState,
    mayLackOwnWatermark: Bool = false, now: UnixTime
  ) {
    self.stored = stored
    var watermark = stored
    if let due = stored?.due { watermark?.due = stepAhead.present(due, of: schedule) }
    self.watermark = watermark
    self.lastRunAt = lastRunAt
    remembered = Self.memory(lastRunAt, beside: watermark, now: now).map { stepAhead.present($0, of: schedule) }
    self.mayLackOwnWatermark = mayLackOwnWatermark
    self.load = load
    self.now = now
  }

  /// Where there is a watermark too, nothing counts that lies ahead of the store's clock: it is from before a step back
  /// that the watermark knows of.
  private static func memory(_ lastRunAt: UnixTime?, beside watermark: Watermark?, now: UnixTime) -> UnixTime? {
    guard let lastRunAt, let watermark, watermark.due < lastRunAt else { return lastRunAt }
    return lastRunAt > now.advanced(by: StoreClock.smallestStep) ? nil : lastRunAt
  }

  /// The newest time that the store knows, of a watermark that stands there.
  func newest(_ watermark: Watermark) -> UnixTime { max(watermark.due, remembered ?? watermark.due) }

  /// The store was emptied while nothing was heard, and filled again: what we remember of a schedule counts no more.
  var isForgotten: Bool { load.isFirst && stored == nil }

  /// The document was deleted as far as the watermark knows, or the store has forgotten it, and yet it remembers runs:
  /// it goes on from there, as all do who heard of both.
  var cameBack: Bool { (isForgotten || stored?.digest == .gone) && lastRunAt != nil }

  /// Whether the watermark is another one than was seen last.
  func isNews(to progress: Progress) -> Bool {
    stored.map { Watermark.Fingerprint($0) != progress.watermarkSeen } ?? false
  }
}

/// Where a time lies, seen from what a schedule counts from.
enum Place: Comparable {
  case none, earlier, same, later

  init(_ time: UnixTime?, from base: UnixTime) {
    guard let time else {
      self = .none
      return
    }
    self = time < base ? .earlier : time == base ? .same : .later
  }
}
