import BeatCore
import BeatDriver

/// What a `BeatDaemon` tells of itself and of the schedules. Times are since 1970-01-01 00:00 UTC, by Redis' clock.
///
/// Names are those of the documents' keys without the prefix. A name that is not UTF-8 has its bytes as `\xNN`.
public enum BeatEvent: Hashable, Sendable {
  // The daemon.
  /// Everything is loaded, edits are heard, and a fire was rehearsed: at the start, and again after each interruption.
  case ready(schedules: Int, rejected: Int)
  /// This daemon is the one that fires.
  case leading
  /// Another daemon fires, or this one may not.
  case standingBy(reason: String)
  /// The store is away; the daemon tries to reach it again until it is stopped.
  case disconnected(reason: String)
  /// A broker that is another server takes no messages; they wait in the store's outbox.
  case brokerLost(reason: String)
  /// The broker takes messages again.
  case brokerBack
  /// It has ended by `stop()` or with its task, and no event follows. Where `run()` throws, the stream ends without it.
  case stopped

  // Schedules.
  /// A document was read for the first time, or has changed, and is in force.
  ///
  /// - next: its next due time; nil for one that is disabled or finished.
  case inForce(name: String, next: Duration?)
  /// A document was deleted.
  case removed(name: String)
  /// A document cannot be used and is set aside; the others run.
  case rejected(name: String, reason: String)
  /// A schedule has come to its end.
  case finished(name: String, reason: String)

  // Runs.
  /// A task's message is on its queue, or in the outbox of a broker that is another server.
  case fired(ScheduleRun)
  /// Occurrences were missed, and the document's `catchup` leaves them out.
  case skipped(name: String, count: Int)
  /// An occurrence could not be sent; it stays due, and is tried again.
  case deferred(name: String, due: Duration, reason: String)

  /// nil: it is of use to the log alone.
  init?(_ event: DaemonEvent) {
    switch event {
    case .schedule(let report, _):
      guard let event = BeatEvent(report) else { return nil }
      self = event
    case .manual(.fired(let plan)):
      let due = plan.due.duration
      self = .fired(ScheduleRun(name: "\(plan.entry)", taskID: "\(plan.taskID)", due: due, sent: due, reason: "manual"))
    case .ready(let readiness): self = .ready(schedules: readiness.schedules, rejected: readiness.rejected)
    case .leading: self = .leading
    case .standingBy(let reason): self = .standingBy(reason: reason)
    case .disconnected(let reason): self = .disconnected(reason: reason)
    case .relay(.brokerLost(let reason, _)): self = .brokerLost(reason: reason)
    case .relay(.brokerBack): self = .brokerBack
    case .stopped: self = .stopped
    case .manual, .notice, .changeDetection, .missedChanges, .reloading, .reloaded, .reloadFailed, .proof,
      .clockStepped,
      .clockDiffers, .relay, .undeliverable, .repaired, .auditFailed, .swept, .damaged, .ignored, .option,
      .dubiousPlace, .neighbours:
      return nil
    }
  }

  private init?(_ report: Scheduler.Report) {
    switch report {
    case .loaded(let name, let next, _), .changed(let name, let next):
      self = .inForce(name: "\(name)", next: next?.duration)
    case .removed(let name): self = .removed(name: "\(name)")
    case .rejected(let name, let reason): self = .rejected(name: "\(name)", reason: reason)
    case .finished(let name, let reason): self = .finished(name: "\(name)", reason: reason)
    case .fired(let name, _, let taskID, let due, let at, _, _):
      self = .fired(
        ScheduleRun(name: "\(name)", taskID: "\(taskID)", due: due.duration, sent: at.duration, reason: nil))
    case .skipped(let name, let count, _, _): self = .skipped(name: "\(name)", count: count)
    case .deferred(let name, let due, let reason, _):
      self = .deferred(name: "\(name)", due: due.duration, reason: reason)
    case .warned, .watermarkDamaged, .ready: return nil
    }
  }
}
