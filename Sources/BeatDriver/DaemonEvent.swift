import BeatCore

/// What a daemon reports to its readers: the log, receipts, metrics. They get events in the order in which they
/// happened, after the commands of the turn are written.
package enum DaemonEvent {
  // Schedules.
  /// - document: the document that the report is about; nil: this daemon does not lead, or has no such document.
  case schedule(Scheduler.Report, document: DocumentIdentity?)
  /// An attempt to fire ended in a way that no report of the scheduler tells of. After `unknown` it may turn out later
  /// that the fire had succeeded, which is then reported as a fire that an earlier attempt has carried out.
  case unfired(FirePlan, FireOutcome)
  /// An edit is in force, so many microseconds after its event. Only if `DaemonConfiguration.timesEdits`.
  case inForce(after: Int64)
  /// A run by hand.
  case manual(ManualEvent)

  // The session with the store.
  case notice(StoreNotice)
  /// The daemon is ready: all schedules are loaded, a heartbeat was answered, and a rehearsal succeeded.
  case ready(Readiness)
  case disconnected(reason: String)
  /// The daemon detects edits in another way from now on.
  case changeDetection(ChangeDetection, insteadOf: ChangeDetection, reason: String)
  /// Changes were missed, so the daemon reads all schedules.
  case missedChanges(reason: String)
  /// The daemon reads all schedules again.
  case reloading(reason: String)
  /// Zone rules were read again.
  case reloaded(schedules: Int)
  case reloadFailed(reason: String)
  /// Another manifest of the application is in force; nil: there is none any more.
  case application(ApplicationManifest?)
  /// The manifest that is stored cannot be used. The last good one stays in force.
  case applicationUnreadable(reason: String)

  // Who leads.
  case leading(token: String)
  case standingBy(reason: String)
  /// The result of a rehearsal, when it differs from the last.
  case proof(Candidacy.Proof)
  /// The store's clock was set by this many microseconds; negative: back.
  case clockStepped(by: Int64)
  /// The store's clock minus this machine's wall clock; microseconds. 0: they agree again.
  case clockDiffers(by: Int64)

  // The broker.
  case relay(RelayEvent)
  /// Only while this daemon stands by: why it could not deliver if it led; nil: it could again.
  case undeliverable(reason: String?)

  // What looks after the store.
  /// An audit has found edits whose events were lost; `total` counts them since the start.
  case repaired(count: Int, total: Int, first: EntryName)
  case auditFailed(reason: String)
  /// Watermarks of deleted schedules were removed.
  case swept(watermarks: Int)
  /// A key of the daemon's own holds a value that no daemon can have written; no place: the text names the key.
  case damaged(place: [UInt8]?, text: String)
  case ignored(IgnoredNames)
  /// Another daemon differs in an option in which daemons should agree.
  case option(DaemonDifference, of: DaemonRecord)
  case dubiousPlace(PlaceDoubt)
  /// The store has no schedule at this daemon's place, but some at these.
  case neighbours([EntryName])

  case stopped(fired: Int, unanswered: Int)
}

/// What is reported when the daemon is ready.
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
