/// What a schedule document says, apart from its bookkeeping: what runs, when, and how its message is sent.
package struct ScheduleDefinition: Hashable, Sendable {
  /// A label for people; the schedule's identity is its key.
  package var name: String
  /// The registered name of the Celery task.
  package var task: String
  package var enabled: Bool
  package var schedule: Schedule
  package var options: MessageOptions
  /// Runs once as soon as it is seen; the daemon then writes it back as false.
  package var runImmediately: Bool
  package var oneOff: Bool
  package var maxRunCount: Int64?
  /// No occurrence is due before it.
  package var startAfter: UnixTime?
  /// The end of the schedule's life: no occurrence is due at it, and nothing is sent from it on.
  package var expiresAt: UnixTime?
  /// Each occurrence is sent up to so much later than it is due; microseconds.
  package var jitter: Int64
  package var catchup: Catchup

  /// From when a worker discards a message by its `expires`; nil: there is no such moment.
  package var voidFrom: UnixTime? {
    switch options.expires {
    case .at(let date): date.clamped
    case .after(let microseconds): microseconds <= 0 ? .earliest : nil
    case nil: nil
    }
  }

  /// A sentence about an `expires` that lies before `now`; nil: it does not.
  func voidSince(_ now: UnixTime) -> String? {
    guard case .at(let date) = options.expires, date <= now else { return nil }
    return "expires \(date.iso8601) has passed: a worker discards such a message, so none is sent"
  }
}

/// What becomes of occurrences that were missed: the daemon was down, paused, or cut off from the store.
package struct Catchup: Hashable, Sendable {
  package enum Policy: String, Sendable, CaseIterable {
    /// One run for the newest missed occurrence: Celery's own rule.
    case latest
    /// The missed ones are skipped.
    case none
    /// Each missed one is run, oldest first.
    case all
  }
  package var policy: Policy = .latest
  /// Older occurrences are skipped in any case; microseconds.
  package var window: Int64?

  package init(policy: Policy = .latest, window: Int64? = nil) {
    self.policy = policy
    self.window = window
  }
}

/// The options of Celery's `apply_async` that travel in the message.
package struct MessageOptions: Hashable, Sendable {
  package enum Expiry: Hashable, Sendable {
    /// Microseconds after sending.
    case after(Int64)
    case at(UnixTime)
  }
  package var queue: String?
  package var exchange: String?
  package var routingKey: String?
  /// The priority, as the broker means it: some serve 0 first, and some the largest. `nil` is sent as 0.
  package var priority: Int64?
  package var expires: Expiry?
  /// Seconds as written, or nil.
  package var timeLimit: String?
  package var softTimeLimit: String?
  /// Whether the worker keeps no result; nil: the task decides.
  package var ignoreResult: Bool?
  /// What monitors show in the place of the task's name.
  package var shadow: String?
  /// 1: the message may be lost when the broker ends; 2: a broker that can keeps it on disk. nil is sent as 2.
  package var deliveryMode: Int64?
  /// What monitors and logs show in the place of the arguments.
  package var argsRepr: String?
  package var kwargsRepr: String?

  package init() {}
}

/// What a document's reader needs to know besides the bytes.
package struct DocumentContext: Sendable {
  /// The zone of crontabs whose document names none.
  package var defaultZone: ZoneRules
  /// Finds the rules of a zone by its IANA name.
  package var zone: @Sendable (String) throws(ZoneError) -> ZoneRules
  /// Shorter intervals are refused; microseconds, at least 1 ms.
  package var shortestInterval: Int64
  /// What the Celery application says of its tasks: it completes what documents leave out. nil: it has said nothing.
  package var application: ApplicationManifest?
  /// What is doubtful about a queue's name, such as one that workers cannot read; nil: not looked at.
  package var queueDoubt: (@Sendable ([UInt8]) -> String?)?
  /// Why no queue, exchange or routing key may have a name; nil: not looked at.
  package var nameProblem: (@Sendable ([UInt8]) -> String?)?
  /// What the broker does not take.
  package var messageRules = MessageRules.none
  /// How `last_run_at` is written into a document that has none.
  package var newDate = NewDateForm.typed
  /// Why no message could be pushed to a document's queue, where that is known beforehand; its argument is nil where the
  /// document names none. nil: it can.
  package var queueProblem: @Sendable (String?) -> String? = { _ in nil }

  /// What `shortestInterval` is unless told otherwise.
  package static let shortestInterval: Int64 = 10_000

  package init(
    defaultZone: ZoneRules, shortestInterval: Int64 = Self.shortestInterval,
    zone: @escaping @Sendable (String) throws(ZoneError) -> ZoneRules
  ) {
    self.defaultZone = defaultZone
    self.shortestInterval = max(1_000, shortestInterval)
    self.zone = zone
  }
}

/// The form of a date in a field that a document did not have.
package enum NewDateForm: Hashable, Sendable {
  /// `{"__type__": "datetime", ...}`, as celerybeat-redis writes it.
  case typed
  /// `{"$date": <milliseconds>}`, for a store that has dates of its own.
  case dollarDate
}

/// A document that has been read: what it says, and what it remembers.
package struct ScheduleDocument: Hashable, Sendable {
  package var definition: ScheduleDefinition
  package var lastRunAt: UnixTime?
  package var totalRunCount: Int64
  /// Accepted, but probably not what was meant.
  package var warnings: [String]

  /// Takes the time of the last run from its watermark if both mean the same run: a date in milliseconds, such as
  /// MongoDB's, has lost the rest.
  mutating func refineLastRun(by watermark: Watermark?) {
    guard let watermark, watermark.taskID != nil, let lastRunAt, lastRunAt.microseconds.isMultiple(of: 1000),
      (0..<1000).contains(watermark.due.microseconds(since: lastRunAt))
    else { return }
    self.lastRunAt = watermark.due
  }

  /// Reads a document in any of the forms of celerybeat-redis and celerybeat-mongo.
  ///
  /// Throws: what is wrong, where, and what would be right.
  package init(_ bytes: [UInt8], context: DocumentContext) throws(DocumentProblem) {
    try self.init(bytes, context: context, memo: nil)
  }

  /// - Parameter memo: of this context.
  init(_ bytes: [UInt8], context: DocumentContext, memo: ScheduleMemo?) throws(DocumentProblem) {
    let layout: DocumentLayout
    do { layout = try DocumentLayout(bytes) } catch { throw DocumentProblem(error, in: bytes) }
    var reader = DocumentReader(layout: layout, context: context, memo: memo)
    definition = try reader.definition()
    lastRunAt = try reader.date("last_run_at")
    totalRunCount = try reader.count("total_run_count") ?? 0
    warnings = reader.warnings
  }
}
