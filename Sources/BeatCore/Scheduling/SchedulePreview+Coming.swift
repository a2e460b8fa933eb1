/// What comes of a schedule, run by run.
extension SchedulePreview {
  /// The next runs, and why no more of them come.
  package struct Coming: Sendable {
    package var runs: [Occurrence] = []
    /// nil: more come, or may.
    package var end: String?
  }

  /// The next runs, at most `count`, as they come if the daemon fires from now on: what was missed first, as far as it
  /// is made up for.
  ///
  /// - Parameter time: only what is due after it, as if nothing had been missed, and nothing been sent, until then.
  package func coming(_ count: Int, after time: UnixTime? = nil) -> Coming {
    switch state {
    case .disabled: Coming(end: "it is disabled")
    case .finished(let reason), .rejected(let reason): Coming(end: reason)
    case .enabled: Self.coming(name, scheduler, count, after: time, now: now)
    }
  }

  /// The next runs.
  package func upcoming(_ count: Int) -> [Occurrence] { coming(count).runs }

  static func coming(
    _ name: EntryName, _ scheduler: Scheduler, _ count: Int, after time: UnixTime? = nil, now: UnixTime
  ) -> Coming {
    var coming = Coming()
    var scheduler = scheduler
    guard let handle = scheduler.entries.handle(of: name) else { return coming }
    if let time { scheduler.entries[handle]?.leaveOut(through: time) }
    while coming.runs.count < count, let entry = scheduler.entries[handle] {
      guard let due = entry.nextDue else {
        coming.end = entry.finish
        break
      }
      guard let chosen = scheduler.occurrence(of: handle, due: due, now: now), var next = scheduler.entries[handle]
      else {
        coming.end = scheduler.entries[handle]?.finish.map { "\($0); what was left of it was missed, and is skipped" }
        break
      }
      let run = Occurrence(due: chosen, sent: next.sending(of: chosen), isImmediate: next.immediate != nil)
      if time.map({ chosen > $0 }) ?? true { coming.runs.append(run) }
      next.ran(chosen, count: next.progress.totalRunCount.saturatingAdd(1))
      next.timing.runImmediately = false
      if let time, next.progress.base < time { next.leaveOut(through: time) }
      scheduler.entries[handle] = next
    }
    return coming
  }
}

extension ScheduleEntry {
  /// What is due up to a moment does not count as missed.
  fileprivate mutating func leaveOut(through time: UnixTime) { floor = max(floor ?? time, time) }
}
