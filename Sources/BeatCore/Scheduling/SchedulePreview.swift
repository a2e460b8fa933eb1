/// The preview of one schedule: what a daemon that loads its document and its watermark now makes of them, and which
/// runs come next. It runs the scheduler itself, so it cannot differ from what a daemon does.
package struct SchedulePreview {
  /// Whether runs come, and if not, why.
  package enum State: Hashable, Sendable {
    case enabled
    /// The document switches the schedule off.
    case disabled
    /// The schedule has come to its end, for this reason.
    case finished(String)
    /// The document cannot be used, for this reason.
    case rejected(String)

    /// One word: `enabled`, `disabled`, `finished` or `rejected`.
    package var word: String {
      switch self {
      case .enabled: "enabled"
      case .disabled: "disabled"
      case .finished: "finished"
      case .rejected: "rejected"
      }
    }

    /// Why the schedule does not run; nil if the state says it.
    package var reason: String? {
      switch self {
      case .finished(let reason), .rejected(let reason): reason
      case .enabled, .disabled: nil
      }
    }
  }

  /// One run in the future, or one that is made up for.
  package struct Occurrence: Hashable, Sendable {
    /// The nominal time, which the watermark and the log show. If it is in the past, the occurrence was missed and is
    /// made up for.
    package let due: UnixTime
    /// When the message is sent: later than `due` by the jitter.
    package let sent: UnixTime
    /// Whether `run_immediately` asks for this run.
    package let isImmediate: Bool

    init(due: UnixTime, sent: UnixTime, isImmediate: Bool = false) {
      self.due = due
      self.sent = sent
      self.isImmediate = isImmediate
    }

    /// Whether the occurrence was missed and is made up for.
    package func isMissed(at now: UnixTime) -> Bool {
      !isImmediate && now.microseconds(since: sent) > SchedulerConfiguration.missedAfter
    }
  }

  package let name: EntryName
  package let state: State
  /// The document's field `name`, which is for people.
  package let label: String?
  package let task: String?
  package let schedule: Schedule?
  /// The zone whose clock the schedule follows.
  package let zone: ZoneRules?
  /// The due time of the newest known run; nil: no run is known.
  package let lastRun: UnixTime?
  package let totalRunCount: Int64
  /// What is probably not meant in a document that can be used.
  package let warnings: [String]

  /// The watermark that the leader would store now; nil: it would leave the stored one.
  package let kept: Watermark?

  /// The moment for which the preview is made.
  package let now: UnixTime
  let scheduler: Scheduler

  /// Makes the preview of a stored document.
  ///
  /// - Parameters:
  ///   - read: the document as it was stored, with its watermark of the same moment. An absent document counts as
  ///     rejected.
  ///   - now: by the store's clock.
  package init(_ name: EntryName, _ read: Scheduler.DocumentRead, context: DocumentContext, now: UnixTime) {
    self.init(name, before: nil, read, context: context, now: now)
  }

  /// Makes the preview of an edit that a watching daemon detects. After a change of the schedule, nothing is overdue.
  ///
  /// - Parameters:
  ///   - before: the stored document before the edit, with its watermark.
  ///   - edited: the document's bytes after the edit.
  package init(
    _ name: EntryName, before: Scheduler.DocumentRead, edited: [UInt8], context: DocumentContext, now: UnixTime
  ) {
    var before = before
    // A daemon that has seen that there is no document knows that the one which comes now is new.
    if case .absent = before.content, let watermark = before.watermark {
      before.watermarkState = .read(watermark.ofGone)
    }
    let read = Scheduler.DocumentRead(.document(edited), before.watermarkState)
    self.init(name, before: before, read, context: context, now: now)
  }

  private init(
    _ name: EntryName, before: Scheduler.DocumentRead?, _ read: Scheduler.DocumentRead, context: DocumentContext,
    now: UnixTime
  ) {
    var scheduler = Scheduler(
      SchedulerConfiguration(
        taskIDs: TaskIDNamespace([]), documents: context, defaultQueue: "", origin: "", replyTo: "",
        // Nothing is sent, so no digest is needed: documents are told apart by their bytes.
        sha1: { $0 }, envelope: NoEnvelope()))
    var warnings: [String] = []
    var kept: Watermark?
    func receive(_ event: Scheduler.Event) {
      // Only the warnings of the last event count: earlier ones are about the document before the edit.
      warnings = []
      for action in scheduler.receive(event, now: now) {
        switch action {
        case .report(.warned(_, let text)): warnings.append(text)
        case .anchor(_, let watermark), .rebase(_, _, let watermark): kept = watermark
        default: break
        }
      }
    }
    receive(.loadStarted(.direct))
    if let before {
      receive(.read(name, before))
      receive(.loadFinished)
      // The second read finds the watermark that the daemon has stored after the first.
      receive(.read(name, Scheduler.DocumentRead(read.content, watermark: kept ?? read.watermark)))
    } else {
      receive(.read(name, read))
    }
    self.kept = kept
    self.name = name
    self.now = now
    self.scheduler = scheduler
    self.warnings = warnings

    var layout: DocumentLayout?
    if case .document(let bytes) = read.content { layout = try? DocumentLayout(bytes) }
    func text(_ key: String) -> String? {
      layout.flatMap { layout in layout[key].flatMap { JSONScanner.text(of: $0, in: layout.bytes) } }
    }
    label = text("name")
    task = text("task")
    let written = layout.flatMap { layout in
      layout["last_run_at"].flatMap { DocumentDate($0, in: layout.bytes, zones: context)?.instant }
    }
    // With a `total_run_count` of 0, `last_run_at` is the time that the series counts from, and no run: imports write
    // it so.
    let neverRan = layout.flatMap { $0.number("total_run_count")?.integer } == 0
    lastRun = [neverRan ? nil : written, read.watermark?.taskID == nil ? nil : read.watermark?.due].compactMap { $0 }
      .max()

    guard let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }) else {
      state = .rejected(scheduler.rejected[name]?.reason.description ?? "there is no document")
      schedule = nil
      zone = nil
      totalRunCount = read.watermark?.totalRunCount ?? 0
      return
    }
    state =
      !entry.timing.enabled ? .disabled : Self.finish(entry, scheduler, name, now).map { .finished($0) } ?? .enabled
    schedule = entry.timing.schedule
    totalRunCount = entry.progress.totalRunCount
    zone =
      entry.timing.schedule.zone
      ?? layout.flatMap { try? DocumentReader(layout: $0, context: context).zone(nil, "timezone") }
  }

  /// Why no further run comes: the schedule has come to its end, or its last occurrences were missed and are skipped.
  private static func finish(
    _ entry: ScheduleEntry, _ scheduler: Scheduler, _ name: EntryName, _ now: UnixTime
  ) -> String? {
    if let finish = entry.finish { return finish }
    // An occurrence in the future cannot have been missed.
    guard let due = entry.nextDue, due <= now else { return nil }
    let coming = coming(name, scheduler, 1, now: now)
    return coming.runs.isEmpty ? coming.end : nil
  }

  /// Whether the next run is the one that `run_immediately` asks for.
  package var isImmediate: Bool {
    scheduler.entries.handle(of: name).flatMap { scheduler.entries[$0] }?.immediate != nil
  }

  /// The next run; nil if no further run comes.
  package var next: Occurrence? { upcoming(1).first }

  /// The time since which a message is overdue, if it is made up for; nil: none is overdue. It is the time of the first
  /// missed occurrence, and not of the one that makes up for it.
  package var overdueSince: UnixTime? {
    guard case .enabled = state, let next, next.sent <= now,
      let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }), let due = entry.nextDue
    else { return nil }
    return min(entry.sending(of: due), next.sent)
  }
}

/// The envelope of messages that are never sent.
private final class NoEnvelope: MessageEnvelope, PreparedMessage {
  let bytes: [UInt8] = []
  func prepare(_: TaskMessage) -> any PreparedMessage { self }
  func bytes(for _: TaskID) -> [UInt8] { [] }
}
