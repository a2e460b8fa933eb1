/// The coming runs of a schedule.
extension SchedulePreview {
  /// The next runs, and why no more of them come.
  package struct Coming: Sendable {
    package var runs: [Occurrence] = []
    /// Why no more runs come; nil: more come, or may come.
    package var end: String?
  }

  /// The next runs, at most `count`, if a daemon fires from now on. Missed occurrences that are made up for come first.
  ///
  /// - Parameter time: only runs that are due after it, as if nothing had been missed or sent until then; nil: all.
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
  /// Leaves out what is due until `time`, so that it does not count as missed.
  fileprivate mutating func leaveOut(through time: UnixTime) { floor = max(floor ?? time, time) }
}
