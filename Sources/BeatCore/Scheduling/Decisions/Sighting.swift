/// What a daemon sees when it reads a schedule's document: the watermark, the document's own memory of its last run,
/// the clock, and what it knows of the store.
///
/// Each decision follows from this and from what the daemon knew of the schedule, and from nothing else. A decision is
/// a row of one of these tables: the first row whose condition holds.
///
/// | the document | table | decides |
/// |---|---|---|
/// | of a name that was not known | `FirstSight` | from which time it counts, and whether it begins now |
/// | of a known schedule | `Recount` | from which time it counts on |
/// | … with other bytes | `Edit` | whether it begins now |
/// | … with the same bytes | `Reread` | whether the watermark shows an edit that this daemon missed |
/// | (when it is due) | `Lateness` | which of several occurrences is sent |
struct Sighting {
  /// The watermark as the store holds it; nil: there is none, or none that can be read.
  let stored: Watermark?
  /// The watermark with its due time corrected for steps of the store's clock.
  let watermark: Watermark?
  /// The document's `last_run_at`; nil: it has none, or one that is not believed.
  let lastRunAt: UnixTime?
  /// The part of `lastRunAt` that counts beside the watermark, corrected for steps of the store's clock; nil: none of
  /// it does.
  let remembered: UnixTime?
  /// The store's answer may be older than the watermark that this daemon has just written.
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

  /// Beside a watermark, a `lastRunAt` ahead of the store's clock does not count: it is from before the clock was set
  /// back, and the watermark is from after that.
  private static func memory(_ lastRunAt: UnixTime?, beside watermark: Watermark?, now: UnixTime) -> UnixTime? {
    guard let lastRunAt, let watermark, watermark.due < lastRunAt else { return lastRunAt }
    return lastRunAt > now.advanced(by: StoreClock.smallestStep) ? nil : lastRunAt
  }

  /// The newest run that the store knows: by the given watermark or by the document.
  func newest(_ watermark: Watermark) -> UnixTime { max(watermark.due, remembered ?? watermark.due) }

  /// The store was emptied and filled again while this daemon was disconnected, so what it remembers of the schedule no
  /// longer counts.
  var isForgotten: Bool { load.isFirst && stored == nil }

  /// The document was deleted by what the watermark says, or the store has lost the watermark, but the document
  /// remembers runs: the schedule goes on from there, as it does for daemons that noticed both edits.
  var cameBack: Bool { (isForgotten || stored?.digest == .gone) && lastRunAt != nil }

  /// Whether the watermark differs from the one that this daemon saw last.
  func isNews(to progress: Progress) -> Bool {
    stored.map { Watermark.Fingerprint($0) != progress.watermarkSeen } ?? false
  }
}

/// Where a time lies, compared with the time from which a schedule counts.
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
