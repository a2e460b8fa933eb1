/// What the scheduler is told once, at start.
public struct SchedulerConfiguration: Sendable {
  /// What `clockTolerance` is unless told otherwise.
  static let clockTolerance: Int64 = 60_000_000

  public var keys: RedisKeys
  public var documents: DocumentContext
  /// The queue of schedules that name none: Celery's `task_default_queue`.
  public var defaultQueue: String
  /// Who sends, in each message: `gen<pid>@<host>`.
  public var origin: String
  /// Any UUID; Celery names a reply queue in each message, on which nobody listens.
  public var replyTo: String
  public var sha1: TaskID.SHA1

  /// Longer documents are set aside unread; bytes.
  public var maximumDocumentLength = Limit.documentLength.most
  /// An occurrence that is later than this was missed, and the catch-up rule decides; microseconds.
  public var missedAfter = Self.missedAfter
  public static let missedAfter: Int64 = 10_000_000
  /// How far a document's `last_run_at` may be ahead of our clock; microseconds.
  public var clockTolerance: Int64 = Self.clockTolerance
  /// Due schedules that are begun in one turn of the loop, so that a burst does not keep edits waiting.
  public var batch = 128
  /// Fires on their way at once. What an edit asks for waits behind them: so many take the server about 2 ms.
  public var maximumInFlight = 256
  /// Fires begun in a second, at most, 1 to 1,000,000; what exceeds it is late. nil: as many as there are.
  public var maximumRate: Int?
  /// Fires on their way from which on what they have in common is kept, at the price of memory.
  public var templatesFrom = 64
  /// The same for a document of more than so many bytes, whatever is on its way.
  public var templatesFromBytes = 65_536

  public init(
    keys: RedisKeys, documents: DocumentContext, defaultQueue: String, origin: String, replyTo: String,
    sha1: @escaping TaskID.SHA1
  ) {
    self.keys = keys
    self.documents = documents
    self.defaultQueue = defaultQueue
    self.origin = origin
    self.replyTo = replyTo
    self.sha1 = sha1
  }
}
