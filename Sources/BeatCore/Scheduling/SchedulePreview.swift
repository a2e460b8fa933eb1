/// Where one schedule stands: what a daemon that loads its document and its watermark now makes of them, and what comes
/// next. It asks the scheduler itself, so that it cannot say anything else than what happens.
package struct SchedulePreview {
  /// Whether anything comes, and if not, why.
  package enum State: Hashable, Sendable {
    case enabled
    /// By its document.
    case disabled
    /// It has come to its end; why.
    case finished(String)
    /// The document cannot be used; why.
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

    /// Why it does not run, where that needs saying.
    package var reason: String? {
      switch self {
      case .finished(let reason), .rejected(let reason): reason
      case .enabled, .disabled: nil
      }
    }
  }

  /// One run that is to come.
  package struct Occurrence: Hashable, Sendable {
    /// Its nominal time, by which it is known in the watermark and the log. In the past: it was missed, and is made up
    /// for.
    package let due: UnixTime
    /// When its message is sent: later than `due` by the jitter.
    package let sent: UnixTime
    /// The document asks for it by `run_immediately`.
    package let isImmediate: Bool

    init(due: UnixTime, sent: UnixTime, isImmediate: Bool = false) {
      self.due = due
      self.sent = sent
      self.isImmediate = isImmediate
    }

    /// Whether it was missed, and is made up for.
    package func isMissed(at now: UnixTime) -> Bool {
      !isImmediate && now.microseconds(since: sent) > SchedulerConfiguration.missedAfter
    }
  }

  package let name: EntryName
  package let state: State
  /// The document's `name`, for people.
  package let label: String?
  package let task: String?
  package let schedule: Schedule?
  /// The zone by whose clock the schedule is read.
  package let zone: ZoneRules?
  /// The due time of the newest run that is known.
  package let lastRun: UnixTime?
  package let totalRunCount: Int64
  /// Accepted, but probably not what was meant.
  package let warnings: [String]

  /// The watermark that a daemon which fires would keep now; nil: the one that stands there.
  package let kept: Watermark?

  /// The moment that is spoken of.
  package let now: UnixTime
  let scheduler: Scheduler

  /// - Parameters:
  ///   - read: the document as it stood in the store, with the watermark of the same moment; absent: as good as
  ///   rejected.
  ///   - now: by the store's clock.
  package init(_ name: EntryName, _ read: Scheduler.DocumentRead, context: DocumentContext, now: UnixTime) {
    self.init(name, before: nil, read, context: context, now: now)
  }

  /// What a daemon that watches makes of an edit: of a schedule that changes, nothing overdue is invented.
  ///
  /// - Parameters:
  ///   - before: what stood there, with its watermark.
  ///   - edited: what stands there after the edit.
  package init(
    _ name: EntryName, before: Scheduler.DocumentRead, edited: [UInt8], context: DocumentContext, now: UnixTime
  ) {
    var before = before
    // Whoever has seen that nothing stands there knows that what comes now is new.
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
        // Nothing is sent; documents are told apart by their bytes.
        sha1: { $0 }, envelope: NoEnvelope()))
    var warnings: [String] = []
    var kept: Watermark?
    func receive(_ event: Scheduler.Event) {
      // What the last one says counts, and not what was there before.
      warnings = []
      for action in scheduler.receive(event, now: now) {
        switch action {
        case .report(.warned(_, let text)): warnings.append(text)
        case .anchor(_, let watermark), .rebase(_, _, let watermark): kept = watermark
        default: break
        }
      }
    }
    receive(.loadStarted)
    if let before {
      receive(.read(name, before))
      receive(.loadFinished)
      // As a daemon that has kept what it made of that.
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
    // Beside a count of 0 it is what the series counts from, and no run: so imports write it.
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

  /// Why nothing comes any more: it has come to its end, or what was left of it was missed and is skipped.
  private static func finish(
    _ entry: ScheduleEntry, _ scheduler: Scheduler, _ name: EntryName, _ now: UnixTime
  ) -> String? {
    if let finish = entry.finish { return finish }
    // What is still to come needs no second look.
    guard let due = entry.nextDue, due <= now else { return nil }
    let coming = coming(name, scheduler, 1, now: now)
    return coming.runs.isEmpty ? coming.end : nil
  }

  /// The next run is one that the document asks for at once, by `run_immediately`.
  package var isImmediate: Bool {
    scheduler.entries.handle(of: name).flatMap { scheduler.entries[$0] }?.immediate != nil
  }

  /// The next run; nil if none comes any more.
  package var next: Occurrence? { upcoming(1).first }

  /// Since when something should have been sent that has not been, where it is made up for; nil: nothing waits. The
  /// time is that of the first occurrence that was missed, and not that of the one which makes up for it.
  package var overdueSince: UnixTime? {
    guard case .enabled = state, let next, next.sent <= now,
      let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }), let due = entry.nextDue
    else { return nil }
    return min(entry.sending(of: due), next.sent)
  }
}

/// Of messages that are not sent.
private final class NoEnvelope: MessageEnvelope, PreparedMessage {
  let bytes: [UInt8] = []
  func prepare(_: TaskMessage) -> any PreparedMessage { self }
  func bytes(for _: TaskID) -> [UInt8] { [] }
}
