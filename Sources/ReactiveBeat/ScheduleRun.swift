import BeatCore

/// One run of a schedule: a task whose message was sent. Times count from 1970-01-01 00:00 UTC, by Redis' clock.
public struct ScheduleRun: Hashable, Sendable {
  /// The schedule's name.
  public let name: String
  /// The task's id in Celery.
  public let taskID: String
  /// The occurrence's nominal time. For a run by hand, the time at which it was sent.
  public let due: Duration
  /// When the message was put on its queue.
  public let sent: Duration
  /// The reason that the history gives: `schedule`, `catch-up` (the occurrence was missed and is made up for),
  /// `immediate` (the document's `run_immediately`), `queue` (the queue could not take the message before), `manual`,
  /// or a word that a later version adds. nil in events, except of runs by hand.
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
