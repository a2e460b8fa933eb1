extension Scheduler {
  /// What the driver has to do, in order.
  package enum Action: Equatable {
    /// Read the document and its watermark, and come back with `.read`.
    case read(EntryName)
    /// Keep the watermark, unless one stands there; if one does, come back with `.touched`.
    case anchor(EntryName, Watermark)
    /// Replace the watermark if it still holds this time, even by an older one; else come back with `.touched`.
    case rebase(EntryName, from: UnixTime, to: Watermark)
    /// Replace a watermark that cannot be read, if these bytes still stand there; else come back with `.touched`.
    case mend(EntryName, from: [UInt8], to: Watermark)
    /// Carry the plan out, and come back with `.fireEnded`.
    case fire(FirePlan)
    /// Come back with `.timerFired` at this time, or at once if it has passed; nil: there is nothing to wait for.
    case armTimer(UnixTime?)
    case report(Report)
  }

  /// What a person may want to know.
  package enum Report: Equatable {
    /// Loaded, heard and in force: the next due time, nil for a schedule that is disabled or finished.
    case loaded(EntryName, next: UnixTime?, initially: Bool)
    case changed(EntryName, next: UnixTime?)
    case removed(EntryName)
    case rejected(EntryName, reason: String)
    /// In force, but probably not what was meant.
    case warned(EntryName, String)
    /// `confirmed`: found to have been fired by an earlier attempt whose answer was lost.
    case fired(EntryName, task: String, taskID: TaskID, due: UnixTime, at: UnixTime, route: Route, confirmed: Bool)
    /// Occurrences that the catch-up rule leaves out, with the first and the last of them.
    case skipped(EntryName, count: Int, from: UnixTime, through: UnixTime)
    /// The occurrence stays due and is tried again.
    case deferred(EntryName, due: UnixTime, reason: String, until: UnixTime)
    case finished(EntryName, reason: String)
    /// These bytes stand where the schedule's watermark should be.
    case watermarkDamaged(EntryName, [UInt8])
    /// The full load has finished.
    case ready(schedules: Int, rejected: Int)

    /// The schedule of which it tells that its document is another one now, or gone.
    package var edited: EntryName? {
      switch self {
      case .loaded(let name, _, _), .changed(let name, _), .removed(let name), .rejected(let name, _): name
      case .warned, .fired, .skipped, .deferred, .finished, .watermarkDamaged, .ready: nil
      }
    }
  }
}
