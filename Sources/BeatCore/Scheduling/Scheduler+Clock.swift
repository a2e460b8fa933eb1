/// What the scheduler does when the wall clock was set, or when the rules of zones have changed. It follows cronie's
/// four cases (src/cron.c): occurrences that a small step passes over are caught up on, a large step is a jump, and a
/// step back repeats nothing.
extension Scheduler {
  /// The largest step that is no jump; microseconds.
  static let largestCatchUp: Int64 = 3 * 3_600_000_000

  /// Moves all schedules by a step of the clock.
  ///
  /// An interval is elapsed time: its base moves along, so no occurrence is early, and none is late by the length of
  /// the step. All other schedules follow the wall clock. After a step ahead, the catch-up rule decides about the
  /// occurrences that were passed over; after a jump ahead, they are left out. After a step back, a schedule waits
  /// until the clock has caught up; after a jump back, it begins at the new time.
  ///
  /// - Parameter step: how far the clock was set, in microseconds; negative: back.
  mutating func clockStepped(by step: Int64, now: UnixTime) {
    stepAhead = StepAhead(step, now: now)
    for name in entries.names {
      guard let handle = entries.handle(of: name) else { continue }
      noteStep(handle, by: step, now: now)
      schedule(handle)
    }
    forgetTimer()
  }

  private mutating func noteStep(_ handle: DueHeap.Handle, by step: Int64, now: UnixTime) {
    guard let entry = entries[handle] else { return }
    if let time = entry.immediate, time > now {
      entries[handle]?.immediate = max(now, entry.timing.startAfter ?? now)
    }
    let isJump = step.magnitude > UInt64(Self.largestCatchUp)
    if entry.timing.schedule.isElapsedTime {
      let floor = entry.floor.map { moved($0, of: entry, by: step, now: now) }
      entries[handle]?.floor = floor
      if entry.isFiring {
        entries[handle]?.pendingStep = entry.pendingStep &+ step
      } else {
        rebase(handle, to: moved(entry.progress.base, of: entry, by: step, now: now))
      }
    } else if isJump, step > 0, let due = entry.nextDue, due <= now {
      skip(handle, entry, from: due, to: now.advanced(by: 1))
    } else if isJump, step < 0 {
      if let floor = entry.floor, floor > now { entries[handle]?.floor = nil }
      if entry.progress.base > now { rebase(handle, to: now) }
    }
  }

  /// The time of an interval after the clock was set: it lies as long ago as before.
  ///
  /// No result lies in the future. If a time would move ahead of `now`, it was read off the new clock already, and
  /// stays. After a step back, only a time that the new clock has not reached yet comes from the old clock, and moves.
  func moved(_ time: UnixTime, of entry: ScheduleEntry, by step: Int64, now: UnixTime) -> UnixTime {
    if step >= 0 {
      let moved = time.advanced(by: step)
      return moved <= now ? moved : time
    }
    guard time > now else { return time }
    // The clock shows some times twice, and they must not be due twice. So after a step back, the series lies one
    // microsecond beside the old one.
    let moved = time.advanced(by: step).advanced(by: 1)
    // A base that is overdue by now is not real: its occurrences were made up for, one after the other, while the clock
    // was ahead.
    return moved < now.advanced(by: -overdue(entry)) ? now : moved
  }

  /// How long ago the base of an interval may lie if no occurrence was missed; microseconds.
  private func overdue(_ entry: ScheduleEntry) -> Int64 {
    guard let spacing = entry.timing.schedule.spacing else { return 0 }
    return spacing.saturatingAdd(configuration.missedAfter)
  }

  /// A reply with the store's time has come, after everything that was read so far. A base ahead of this time comes
  /// from a clock that was set back unnoticed, and the schedule would be silent until then. The daemon that leads moves
  /// such a base to the present.
  mutating func clockTold(now: UnixTime) {
    if isWatching, !secondLooks.isEmpty { for name in secondLooks.begin() { touch(name) } }
    guard !ahead.isEmpty else { return }
    // Only schedules in `ahead` are examined, not all of them: this runs with each heartbeat.
    let places = ahead.map { (name: $0, handle: entries.handle(of: $0)) }
    // They are examined in the order of the entries, which is the same in each run of a simulation. The order of a set
    // is not.
    for (name, handle) in places.sorted(by: { ($0.handle ?? -1) < ($1.handle ?? -1) }) {
      guard let handle, let entry = entries[handle], entry.isAhead(of: now) else {
        ahead.remove(name)
        continue
      }
      guard isLeading, isWatching, !reads.contains(name), !entry.isFiring else { continue }
      entries[handle]?.floor = nil
      rebase(handle, to: now)
      schedule(handle)
    }
  }

  /// Records an entry whose base lies ahead of the store's clock, as this process knows it. The next reply with the
  /// store's time decides.
  mutating func lookAhead(_ handle: DueHeap.Handle, now: UnixTime) {
    guard let entry = entries[handle], entry.isAhead(of: now) else { return }
    ahead.insert(entry.name)
  }

  /// Counts from another time from now on, here and in the watermark, for every daemon that reads it later.
  mutating func rebase(_ handle: DueHeap.Handle, to base: UnixTime) {
    guard let entry = entries[handle], base != entry.progress.base else { return }
    let before = entry.progress.base
    entries[handle]?.progress.count(from: base)
    // All daemons share the watermark, so only the leader moves it.
    guard isLeading, let anchor = entries[handle]?.anchor else { return }
    actions.append(.rebase(entry.name, from: before, to: anchor))
  }

  /// Begins again after an edit of the schedule. What was due before it is dropped for good, and not only until a
  /// restart. An interval keeps its beat; all other schedules begin now. Only the leader stores this in the watermark,
  /// since a daemon that stands by may be late.
  mutating func beginAnew(_ handle: DueHeap.Handle, _ watermark: Watermark?, now: UnixTime) {
    guard isLeading, let entry = entries[handle] else { return }
    if entry.isFiring { return }
    if entry.timing.enabled { pass(handle, by: now, replacing: watermark) }
    settle(handle, watermark)
  }

  /// Stores in the watermark the time that is counted from, and the schedule, if it says otherwise: a daemon that takes
  /// over must go on from there. Only the leader does it.
  mutating func settle(_ handle: DueHeap.Handle, _ watermark: Watermark?) {
    guard isLeading, let watermark, entries[handle]?.isFiring == false else { return }
    // This process may have detected the edit while it stood by.
    if let floor = entries[handle]?.floor, entries[handle]?.timing.enabled == true {
      pass(handle, by: floor, replacing: watermark)
    }
    guard let entry = entries[handle] else { return }
    var anchor = entry.anchor
    guard watermark.due != anchor.due || watermark.digest != anchor.digest else { return }
    // The task id of the last fire stays in the watermark: its answer may be on its way.
    if watermark.due == anchor.due { anchor.taskID = watermark.taskID }
    actions.append(.rebase(entry.name, from: watermark.due, to: anchor))
  }

  /// Drops what was due until `time`.
  private mutating func pass(_ handle: DueHeap.Handle, by time: UnixTime, replacing watermark: Watermark?) {
    guard let entry = entries[handle] else { return }
    let base = entry.base(leavingBehind: time)
    guard base != entry.progress.base else { return }
    entries[handle]?.progress.count(from: base)
    // Each due time must be later than the watermark.
    if let immediate = entry.immediate, immediate <= base { entries[handle]?.immediate = base.advanced(by: 1) }
    // If another daemon leads by now, its watermark is in force, and counts even if it is older.
    entries[handle]?.progress.watermarkBefore = watermark?.due ?? .earliest
  }

  /// Makes the next plans by another context. Fires that are on their way stay as they were planned.
  mutating func sendingChanged(_ context: DocumentContext) {
    configuration.documents = context
    // A template is valid for a document's bytes, but its message was made by the old context.
    templates.removeAll()
  }

  /// Reads every document in memory again with other zone rules. If that makes another schedule, its next occurrence is
  /// the first after now.
  mutating func documentsChanged(_ context: DocumentContext, now: UnixTime) {
    sendingChanged(context)
    memo = ScheduleMemo()
    for (name, rejection) in rejected where rejection.document != nil {
      rejected[name]?.document = nil
      touch(name)
    }
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { continue }
      do throws(DocumentProblem) {
        let timing = EntryTiming(try ScheduleDocument(entry.document, context: context, memo: memo).definition)
        guard timing.schedule != entry.timing.schedule else { continue }
        entries[handle]?.timing = timing
        entries[handle]?.floor = now
        schedule(handle)
        actions.append(.report(.changed(name, next: entries[handle]?.nextDue)))
      } catch {
        reject(name, entry.document, .problem(error))
      }
    }
  }
}
