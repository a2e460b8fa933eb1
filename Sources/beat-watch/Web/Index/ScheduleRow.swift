import BeatCore

/// One schedule as the list shows it.
struct ScheduleRow: Sendable {
  enum State: UInt8, Sendable, CaseIterable {
    case enabled, disabled, finished, rejected

    var word: String {
      switch self {
      case .enabled: "enabled"
      case .disabled: "disabled"
      case .finished: "finished"
      case .rejected: "rejected"
      }
    }

    init?(word: String) {
      guard let state = Self.allCases.first(where: { $0.word == word }) else { return nil }
      self = state
    }

    init(_ state: SchedulePreview.State) {
      switch state {
      case .enabled: self = .enabled
      case .disabled: self = .disabled
      case .finished: self = .finished
      case .rejected: self = .rejected
      }
    }
  }

  struct Next: Sendable, Hashable {
    var due: UnixTime
    var sent: UnixTime
    var isImmediate: Bool
  }

  struct LastRun: Sendable, Hashable {
    var due: UnixTime
    /// Microseconds; nil: no run of the history is known that tells it.
    var late: Int64?
  }

  /// When a schedule is due, in words and as the schedule itself.
  struct Timing: Sendable, Hashable {
    var words: String
    var zone: String?
    var schedule: Schedule
  }

  var name: EntryName
  var label: String?
  var task: String?
  var queue: String?
  /// The application whose code has published it; nil: none, or it is not known.
  var owner: String?
  var state = State.enabled
  var reason: String?
  var timing: Timing?
  /// Whether `timing` alone decides what comes after a run (`SchedulePreview.onlySchedule`).
  var isPlain = false
  var next: Next?
  var lastRun: LastRun?
  var totalRunCount: Int64 = 0
  var warnings = 0

  init(name: EntryName) { self.name = name }
}

extension ScheduleRow {
  /// nil: there is no document.
  init?(_ document: StoredDocument, context: DocumentContext, now: UnixTime) {
    guard !document.isAbsent else { return nil }
    let preview = SchedulePreview(document.name, document.read, context: context, now: now)
    self.init(document, preview, context: context)
  }

  init(_ document: StoredDocument, _ preview: SchedulePreview, context: DocumentContext) {
    name = document.name
    // A text is cut where no person would read on: a hostile document must not fill the index.
    label = preview.label?.beginning(Limit.nameLength.most)
    task = preview.task?.beginning(Limit.taskLength.most)
    queue = Self.queue(document, context)
    state = State(preview.state)
    reason = preview.state.reason?.beginning(Limit.reasonLength.most)
    timing = preview.schedule.map {
      Timing(words: $0.inWords.beginning(Limit.cellLength.most), zone: $0.zone?.name, schedule: $0)
    }
    isPlain = preview.onlySchedule != nil
    next = preview.next.map { Next(due: $0.due, sent: $0.sent, isImmediate: $0.isImmediate) }
    lastRun = preview.lastRun.map { LastRun(due: $0, late: nil) }
    totalRunCount = preview.totalRunCount
    warnings = preview.warnings.count
  }

  /// The queue that the document names, else the one that the application names for its task.
  private static func queue(_ document: StoredDocument, _ context: DocumentContext) -> String? {
    guard let bytes = document.bytes else { return nil }
    let text: String?
    if context.application != nil {
      text = SendingOption.all(bytes, context: context)?.first { $0.field == "queue" }?.value
    } else {
      let layout = try? DocumentLayout(bytes)
      text = layout?.text("queue") ?? layout?.object("options")?.text("queue")
    }
    return text.flatMap { $0.isEmpty ? nil : $0.beginning(Limit.queueLength.most) }
  }

  /// Takes in a run. Returns false if only the document tells what comes next.
  mutating func take(_ run: FireRecord, now: UnixTime) -> Bool {
    // A run by hand changes nothing of the schedule.
    guard run.reason != FireReason.manual.rawValue else { return true }
    if let last = lastRun, run.due.microseconds(since: last.due) < -1_000 { return true }
    let isNew = lastRun.map { run.due.microseconds(since: $0.due) > 1_000 } ?? true
    lastRun = LastRun(due: run.due, late: run.late)
    // The document was read after this run.
    guard isNew else { return true }
    totalRunCount = totalRunCount.addingReportingOverflow(1).partialValue
    guard isPlain, run.reason != FireReason.immediate.rawValue, let schedule = timing?.schedule,
      let due = schedule.nextDue(after: run.due, base: run.due), due > now
    else { return false }
    next = Next(due: due, sent: due, isImmediate: false)
    return true
  }

  func isOverdue(at now: UnixTime) -> Bool { next.map { $0.sent <= now } ?? false }

  /// How late it is: now, if its run is overdue, else as its last run was; microseconds.
  func lateness(at now: UnixTime) -> Int64? {
    let waiting = next.flatMap { $0.sent <= now ? now.microseconds(since: $0.sent) : nil }
    return [waiting, lastRun?.late].compactMap { $0 }.max()
  }
}

extension ScheduleRow {
  func json(now: UnixTime) -> JSONOutput {
    let next = next.map { next in
      let isMissed = !next.isImmediate && now.microseconds(since: next.sent) > SchedulePreview.missedAfter
      return JSONOutput.object([
        ("due", .time(next.due)), ("sent", .time(next.sent)), ("is_missed", .boolean(isMissed)),
        ("is_immediate", .boolean(next.isImmediate)),
      ])
    }
    let last = lastRun.map { last in
      JSONOutput.object([
        ("due", .time(last.due)), ("fired_at", .time(last.late.map { last.due.advanced(by: $0) })),
        ("late", .seconds(last.late)),
      ])
    }
    return .object([
      ("id", .text(ScheduleID.text(of: name))), ("name", .text("\(name)")), ("label", .text(label?.printable)),
      ("task", .text(task?.printable)), ("queue", .text(queue?.printable)), ("owner", .text(owner?.printable)),
      ("state", .text(state.word)),
      ("reason", .text(reason?.printable)), ("schedule", .text(timing?.words)), ("zone", .text(timing?.zone)),
      ("next", next ?? .null), ("last_run", last ?? .null), ("total_run_count", .integer(totalRunCount)),
      ("warnings", .count(warnings)),
    ])
  }
}
