import BeatCore

/// One run of a schedule: a task whose message was sent. Times are since 1970-01-01 00:00 UTC, by Redis' clock.
public struct ScheduleRun: Hashable, Sendable {
  /// The schedule's.
  public let name: String
  /// The id under which Celery knows the task.
  public let taskID: String
  /// The occurrence's nominal time; of a run by hand, when it was sent.
  public let due: Duration
  /// When the message was put on its queue.
  public let sent: Duration
  /// As the history says it: `schedule`, `catch-up` (it was missed, and is made up for), `immediate` (the document's
  /// `run_immediately`), `queue` (its queue could not take it before), `manual`, or what a later version adds. nil in
  /// events of runs that are not by hand.
  public let reason: String?

  init(name: String, taskID: String, due: Duration, sent: Duration, reason: String?) {
    self.name = name
    self.taskID = taskID
    self.due = due
    self.sent = sent
    self.reason = reason
  }

  init(_ record: FireRecord) {
    self.init(
      name: "\(record.name)", taskID: record.taskID, due: record.due.duration, sent: record.firedAt.duration,
      reason: record.reason)
  }
}
