extension DocumentReview {
  /// What is still to come of a document that is understood: where it ends, and what becomes of a time that has passed.
  /// The scheduler itself is asked.
  struct Prospect {
    private let bytes: [UInt8]
    private let definition: ScheduleDefinition
    private let context: DocumentContext
    private let now: UnixTime
    private let name: EntryName
    /// nil: not known.
    private let watermark: WatermarkState?

    init(
      _ bytes: [UInt8], _ document: ScheduleDocument, context: DocumentContext, now: UnixTime,
      stored: (name: EntryName, watermark: WatermarkState)?
    ) {
      self.bytes = bytes
      self.context = context
      self.now = now
      definition = document.definition
      name = stored?.name ?? EntryName(document.definition.name)
      watermark = stored?.watermark
    }

    typealias End = (field: String, message: String, level: Remark.Level)

    /// The ends, each with its field. The end of a schedule that has run is a note, and no warning.
    var ends: [End] {
      var ends: [End] = []
      if let end = definition.expiresAt, end <= now {
        ends.append(("expires_at", "has passed: it does not run any more", levelOfEnd))
      }
      if let time = definition.schedule.onlyInstant, let (message, level) = clocked(time) {
        ends.append((definition.schedule.kind.rawValue, message, level))
      }
      if case .at(let date) = definition.options.expires {
        if date <= now {
          ends.append(("expires", "has passed: a worker discards such a message, so none is sent", levelOfEnd))
        } else if let start = definition.startAfter, date <= start {
          ends.append(("expires", "comes before start_after: nothing is ever sent", .warning))
        } else if let time = definition.schedule.onlyInstant, date <= time {
          ends.append(("expires", "does not come after clocked_time: a worker would discard the message", .warning))
        }
      }
      if let end = definition.expiresAt, let start = definition.startAfter, end <= start {
        ends.append(("expires_at", "does not come after start_after: it never runs", .warning))
      }
      return ends
    }

    /// How much an end that has passed is worth saying: a schedule that has run has ended as it should.
    private var levelOfEnd: Remark.Level {
      let preview = preview(watermark ?? .absent)
      return preview.totalRunCount > 0 || preview.lastRun != nil ? .note : .warning
    }

    // MARK: clocked

    private typealias Words = (message: String, level: Remark.Level)

    /// What becomes of a clocked schedule's one time; nil: it comes, or another field's words say that it does not.
    private func clocked(_ time: UnixTime) -> Words? {
      if let start = definition.startAfter, start > time {
        return ("comes before start_after: nothing is due then", .warning)
      }
      if let end = definition.expiresAt, end > now, end <= time {
        return ("does not come before expires_at: nothing is due then", .warning)
      }
      guard time < now else { return nil }
      if let watermark { return passed(time, preview(watermark), certain: true) }
      let unremembered = preview(.absent)
      // The document tells of its run itself, and nothing else is known: so says `next`, too.
      if hasRun(time, unremembered), unremembered.state != .enabled { return passed(time, unremembered, certain: true) }
      // Two cases are possible: no daemon has seen it, or one saw it before its time and has not run it. Where both
      // lead to the same, that is what happens.
      let seen = Watermark(due: time.advanced(by: -1), taskID: nil, totalRunCount: 0)
      let previews = [unremembered, preview(.read(seen))]
      if let running = previews.first(where: { $0.state == .enabled }) { return passed(time, running, certain: false) }
      return passed(time, unremembered, certain: true)
    }

    /// Whether it has run at its time: by its last run, or by its count where no last run is known.
    private func hasRun(_ time: UnixTime, _ preview: SchedulePreview) -> Bool {
      preview.lastRun.map { $0 >= time } ?? (preview.totalRunCount > 0)
    }

    private func preview(_ watermark: WatermarkState) -> SchedulePreview {
      SchedulePreview(name, Scheduler.DocumentRead(.document(bytes), watermark), context: context, now: now)
    }

    private func passed(_ time: UnixTime, _ preview: SchedulePreview, certain: Bool) -> Words? {
      switch preview.state {
      case .rejected: return nil
      case .disabled:
        if enabled(preview)?.next != nil {
          return ("has passed: it is disabled, and runs when it is enabled, by run_immediately", .warning)
        }
        return (
          "has passed: it is disabled, and does not run when it is enabled", hasRun(time, preview) ? .note : .warning
        )
      case .enabled:
        guard let next = preview.next else { return nil }
        if next.isImmediate { return ("has passed: it runs once more all the same, by run_immediately", .warning) }
        // Its jitter lies ahead.
        if next.sent > now { return nil }
        let words =
          certain
          ? "has passed, and it has not run: it runs at once"
          : "has passed: it runs at once, unless it has run, or was made, edited or enabled after that time"
        return (words, .warning)
      case .finished(let reason):
        if let end = definition.expiresAt, end <= now { return nil }
        if let end = definition.voidFrom, end <= now { return nil }
        if hasRun(time, preview) { return ("has passed, and it has run: it does not run again", .note) }
        return (over(time, preview, reason), .warning)
      }
    }

    /// Why one comes to its end that has not run.
    private func over(_ time: UnixTime, _ preview: SchedulePreview, _ reason: String) -> String {
      let (age, catchup) = (now.microseconds(since: time), definition.catchup)
      if age > SchedulerConfiguration.missedAfter {
        if catchup.policy == .none { return "has passed, and catchup none skips it: it does not run" }
        if let window = catchup.window, age > window {
          return "has passed longer ago than catchup_window: it does not run"
        }
      }
      if let maximum = definition.maxRunCount, preview.totalRunCount >= maximum {
        return "has passed: it does not run any more: \(reason)"
      }
      return preview.totalRunCount > 0
        ? "has passed: it does not run any more"
        : "has passed before it was made, edited or enabled: it does not run"
    }

    /// What comes of a disabled schedule when an edit enables it.
    private func enabled(_ preview: SchedulePreview) -> SchedulePreview? {
      guard var editor = try? DocumentEditor(bytes) else { return nil }
      editor.set("enabled", to: "true")
      return SchedulePreview(
        name, before: Scheduler.DocumentRead(.document(bytes), watermark ?? .absent), edited: editor.bytes,
        context: context,
        now: now)
    }
  }
}
