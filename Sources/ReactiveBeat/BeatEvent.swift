import BeatCore
import BeatDriver

/// What a `BeatDaemon` reports about itself and about the schedules. Times count from 1970-01-01 00:00 UTC, by Redis'
/// clock.
///
/// A schedule's name is its document's key without the prefix. Bytes that are not UTF-8 appear as `\xNN`.
public enum BeatEvent: Hashable, Sendable {
  // The daemon.
  /// All documents are loaded, the daemon detects edits, and it has rehearsed a fire. It comes at the start, and again
  /// after each interruption.
  ///
  /// - schedules: the number of schedules that can be used.
  /// - rejected: the number of documents that are set aside.
  case ready(schedules: Int, rejected: Int)
  /// This daemon is the one that fires: it holds the lease, where there is one.
  case leading
  /// This daemon does not fire: another daemon does, or this one lacks what a fire needs.
  case standingBy(reason: String)
  /// There is no connection to the store. The daemon tries to connect until it is stopped.
  case disconnected(reason: String)
  /// The broker, which is another server than the store, takes no messages. They wait in the store's outbox.
  case brokerLost(reason: String)
  /// The broker that was lost takes messages again.
  case brokerBack
  /// The broker will never take a message. It has left the outbox, and a person puts it back or drops it.
  case setAside(taskID: String, reason: String)
  /// Workers may get messages twice: the broker's answers were lost, or an earlier daemon may have sent them. Only a
  /// broker that does not drop repeats.
  case possibleRepeats(count: Int)
  /// The daemon has ended, by `stop()` or because its task was cancelled. No event follows. If `run()` throws, the
  /// stream ends without this event.
  case stopped

  // Schedules.
  /// A document was read for the first time, or has changed, and its schedule is in force.
  ///
  /// - next: the next due time; nil for a schedule that is disabled or finished.
  case inForce(name: String, next: Duration?)
  /// A document was deleted.
  case removed(name: String)
  /// A document cannot be used and is set aside. The other schedules run.
  case rejected(name: String, reason: String)
  /// A schedule has come to its end: no further run comes.
  case finished(name: String, reason: String)

  // Runs.
  /// A task's message is on its queue, or in the outbox if the broker is another server than the store.
  case fired(ScheduleRun)
  /// Occurrences were missed, and the document's `catchup` leaves them out.
  ///
  /// - count: the number of occurrences, counted up to 10,000.
  case skipped(name: String, count: Int)
  /// An occurrence could not be sent. It stays due, and the daemon tries it again.
  case deferred(name: String, due: Duration, reason: String)

  /// nil: the event is for the log only.
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
    case .relay(.setAside(let item, let reason)):
      self = .setAside(taskID: item.taskID.description, reason: reason)
    case .relay(.repeated(let repeats)): self = .possibleRepeats(count: repeats.count)
    case .stopped: self = .stopped
    case .unfired, .inForce, .manual, .notice, .changeDetection, .missedChanges, .reloading, .reloaded, .reloadFailed,
      .application,
      .applicationUnreadable, .proof,
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
    case .fired(let plan, let at, _):
      self = .fired(
        ScheduleRun(
          name: "\(plan.entry)", taskID: "\(plan.taskID)", due: plan.due.duration, sent: at.duration, reason: nil))
    case .skipped(let name, let count, _, _): self = .skipped(name: "\(name)", count: count)
    case .deferred(let name, let due, let reason, _):
      self = .deferred(name: "\(name)", due: due.duration, reason: reason)
    case .warned, .watermarkDamaged, .ready: return nil
    }
  }
}
