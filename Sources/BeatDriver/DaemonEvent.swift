import BeatCore

/// What a daemon tells whoever observes it: the log, receipts, metrics. In the order in which it happened; told after
/// the commands of its turn are written.
package enum DaemonEvent {
  // Schedules.
  /// - document: which one it is about, where this daemon is the one that fires.
  case schedule(Scheduler.Report, document: DocumentIdentity?)
  /// A run that somebody has asked for.
  case manual(ManualEvent)

  // The session with the store.
  case notice(StoreNotice)
  /// All is well: everything is loaded, a heartbeat was answered, and a fire rehearsed.
  case ready(Readiness)
  case disconnected(reason: String)
  /// Edits are heard in another way from now on.
  case changeDetection(ChangeDetection, insteadOf: ChangeDetection, reason: String)
  /// Changes were missed, and everything is read for them.
  case missedChanges(reason: String)
  /// Everything is read again.
  case reloading(reason: String)
  /// Zone rules were read again.
  case reloaded(schedules: Int)
  case reloadFailed(reason: String)

  // Who leads.
  case leading(token: String)
  case standingBy(reason: String)
  /// What a rehearsal has shown, when that is news.
  case proof(Candidacy.Proof)
  /// The store's clock was set, by so many microseconds.
  case clockStepped(by: Int64)
  /// The store's clock and ours differ, by so many microseconds; 0: no longer.
  case clockDiffers(by: Int64)

  // The broker.
  case relay(RelayEvent)
  /// While this daemon stands by: why it could not deliver if it had to lead; nil: it could.
  case undeliverable(reason: String?)

  // What looks after the store.
  /// Edits of which no event has told.
  case repaired(count: Int, total: Int, first: EntryName)
  case auditFailed(reason: String)
  /// Watermarks of schedules that are gone were forgotten.
  case swept(watermarks: Int)
  /// What stands at a place of our own is not ours; no place: the text names it.
  case damaged(place: [UInt8]?, text: String)
  case ignored(IgnoredNames)
  /// An option by which daemons should not differ.
  case option(DaemonDifference, of: DaemonRecord)
  case dubiousPrefix(PrefixDoubt)
  /// No schedule stands at our place, and some stand at these.
  case neighbours([EntryName])

  case stopped(fired: Int, unanswered: Int)
}

/// What is known when all is well.
package struct Readiness {
  package enum Kind {
    case first, reconnected, reloaded
  }
  package let kind: Kind
  package let schedules: Int
  package let rejected: Int
  package let changeDetection: ChangeDetection
  package let delivery: Delivery
}
