/// What the scheduler is told once, at start.
package struct SchedulerConfiguration: Sendable {
  /// What `clockTolerance` is unless told otherwise.
  static let clockTolerance: Int64 = 60_000_000

  package var taskIDs: TaskIDNamespace
  package var documents: DocumentContext
  /// The queue of schedules that name none: Celery's `task_default_queue`.
  package var defaultQueue: String
  /// Who sends, in each message: `gen<pid>@<host>`.
  package var origin: String
  /// Any UUID; Celery names a reply queue in each message, on which nobody listens.
  package var replyTo: String
  package var sha1: TaskID.SHA1
  /// The form in which the broker takes messages.
  package var envelope: any MessageEnvelope

  /// Longer documents are set aside unread; bytes.
  package var maximumDocumentLength = Limit.documentLength.most
  /// An occurrence that is later than this was missed, and the catch-up rule decides; microseconds.
  package var missedAfter = Self.missedAfter
  package static let missedAfter: Int64 = 10_000_000
  /// How far a document's `last_run_at` may be ahead of our clock; microseconds.
  package var clockTolerance: Int64 = Self.clockTolerance
  /// Due schedules that are begun in one turn of the loop, so that a burst does not keep edits waiting.
  package var batch = 128
  /// Fires on their way at once. What an edit asks for waits behind them: so many take the server about 2 ms.
  package var maximumInFlight = 256
  /// Fires begun in a second, at most, 1 to 1,000,000; what exceeds it is late. nil: as many as there are.
  package var maximumRate: Int?
  /// Fires on their way from which on what they have in common is kept, at the price of memory.
  package var templatesFrom = 64
  /// The same for a document of more than so many bytes, whatever is on its way.
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
