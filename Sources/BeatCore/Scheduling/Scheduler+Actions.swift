extension Scheduler {
  /// What the driver must do, in order.
  package enum Action: Equatable {
    /// Read the document and its watermark, and come back with `.read`.
    case read(EntryName)
    /// Store the watermark, unless there is one. If there is one, come back with `.touched`.
    case anchor(EntryName, Watermark)
    /// Replace the watermark if it still holds this time, even by an older one. If it does not, come back with
    /// `.touched`.
    case rebase(EntryName, from: UnixTime, to: Watermark)
    /// Replace a watermark that cannot be read, if it still has these bytes. If it does not, come back with `.touched`.
    case mend(EntryName, from: [UInt8], to: Watermark)
    /// Carry the plan out, and come back with `.fireEnded`.
    case fire(FirePlan)
    /// Come back with `.timerFired` at this time, or at once if it has passed. nil: there is nothing to wait for.
    case armTimer(UnixTime?)
    case report(Report)
  }

  /// A fact that a person may want to know.
  package enum Report: Equatable {
    /// A schedule is new and in force. `next`: its next due time; nil for a schedule that is disabled or finished.
    /// `initially`: it was read in a full load, before the scheduler watched.
    case loaded(EntryName, next: UnixTime?, initially: Bool)
    case changed(EntryName, next: UnixTime?)
    case removed(EntryName)
    case rejected(EntryName, reason: String)
    /// The document is in force, and something in it is probably not meant.
    case warned(EntryName, String)
    /// An occurrence was fired. `confirmed`: by an earlier attempt whose answer was lost.
    case fired(FirePlan, at: UnixTime, confirmed: Bool)
    /// The catch-up rule leaves out occurrences. `from` and `through` are the first and the last of them.
    case skipped(EntryName, count: Int, from: UnixTime, through: UnixTime)
    /// An occurrence was refused. It stays due, and the next attempt comes at `until`.
    case deferred(EntryName, due: UnixTime, reason: String, until: UnixTime)
    case finished(EntryName, reason: String)
    /// The schedule's watermark cannot be read: the store holds these bytes instead.
    case watermarkDamaged(EntryName, [UInt8])
    /// The full load has finished.
    case ready(schedules: Int, rejected: Int)

    /// The schedule whose document this reports as changed or gone; nil: the report is about something else.
    package var edited: EntryName? {
      switch self {
      case .loaded(let name, _, _), .changed(let name, _), .removed(let name), .rejected(let name, _): name
      case .warned, .fired, .skipped, .deferred, .finished, .watermarkDamaged, .ready: nil
      }
    }
  }
}
