/// The settings of a scheduler. Only `documents` changes later, when zone rules or routes do.
package struct SchedulerConfiguration: Sendable {
  /// The default of `clockTolerance`; microseconds.
  static let clockTolerance: Int64 = 60_000_000

  package var taskIDs: TaskIDNamespace
  package var documents: DocumentContext
  /// The queue of schedules that name none: Celery's `task_default_queue`.
  package var defaultQueue: String
  /// The sender's name in each message: `gen<pid>@<host>`.
  package var origin: String
  /// Any UUID. Celery names a reply queue in each message; no client reads this one.
  package var replyTo: String
  package var sha1: TaskID.SHA1
  /// The form of messages that a fire itself puts on the broker's queues.
  package var envelope: any MessageEnvelope
  /// The form of messages that go through the outbox.
  package var outboxEnvelope: any MessageEnvelope = OutboxEnvelope()

  /// The largest length of a document in bytes; a longer one is set aside unread.
  package var maximumDocumentLength = Limit.documentLength.most
  /// An occurrence that is later than this counts as missed, and the catch-up rule decides; microseconds.
  package var missedAfter = Self.missedAfter
  package static let missedAfter: Int64 = 10_000_000
  /// How far a document's `last_run_at` may be ahead of the clock; microseconds.
  package var clockTolerance: Int64 = Self.clockTolerance
  /// The largest number of due schedules that begin in one turn of the loop, so that a burst does not delay edits.
  package var batch = 128
  /// The largest number of fires in flight. The read after an edit waits behind them; so many take the server about 2
  /// ms.
  package var maximumInFlight = 256
  /// The largest number of fires that begin in a second, 1 to 1,000,000; what exceeds it is late. nil: no limit.
  package var maximumRate: Int?
  /// The number of fires in flight from which on templates are kept, which costs memory.
  package var templatesFrom = 64
  /// A template is kept for a document of more than this many bytes, whatever is in flight.
  package var templatesFromBytes = 65_536

  package init(
    taskIDs: TaskIDNamespace, documents: DocumentContext, defaultQueue: String, origin: String, replyTo: String,
    sha1: @escaping TaskID.SHA1, envelope: any MessageEnvelope
  ) {
    self.taskIDs = taskIDs
    self.documents = documents
    self.defaultQueue = defaultQueue
    self.origin = origin
    self.replyTo = replyTo
    self.sha1 = sha1
    self.envelope = envelope
  }
}
