/// The wall clock was set, or the rules of its zones have changed. After cronie's four cases (src/cron.c): what a small
/// step passes over is caught up on, a large one is a jump, and going back repeats nothing.
extension Scheduler {
  /// Beyond this a step is a jump: microseconds.
  static let largestCatchUp: Int64 = 3 * 3_600_000_000

  /// - Parameter step: how far the clock went, microseconds; negative: back.
  ///
  /// Intervals are elapsed time: their bases move along, so that none is early and none stalls for the length of the
  /// step. All others follow the wall clock: ahead, the catch-up rule decides on what was passed over, or nothing of a
  /// jump counts; back, they wait until the clock has caught up, or begin anew after a jump.
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

  /// What a time of an interval becomes when the clock is set: it lies as long ago as before.
  ///
  /// Nothing lies ahead of the present. What would be moved ahead of it was heard by the new clock already; and back,
  /// only what the new clock has not shown yet comes from the old one.
  func moved(_ time: UnixTime, of entry: ScheduleEntry, by step: Int64, now: UnixTime) -> UnixTime {
    if step >= 0 {
      let moved = time.advanced(by: step)
      return moved <= now ? moved : time
    }
    guard time > now else { return time }
    // Times that are shown twice must not be due twice: after a step back a series lies a microsecond beside the old
    // one.
    let moved = time.advanced(by: step).advanced(by: 1)
    // What is overdue by that is an invention: it was made up for, one after the other, while the clock was ahead.
    return moved < now.advanced(by: -overdue(entry)) ? now : moved
  }

  /// How long ago the base of an interval may lie of which nothing was missed; microseconds.
  private func overdue(_ entry: ScheduleEntry) -> Int64 {
    guard let spacing = entry.timing.schedule.spacing else { return 0 }
    return spacing.saturatingAdd(configuration.missedAfter)
  }

  /// The store has told its time after all that was read so far: what lies ahead of that time comes from a clock that was
  /// set back unnoticed, and would be silent until then. The daemon that fires brings it to the present.
  mutating func clockTold(now: UnixTime) {
    if isWatching, !secondLooks.isEmpty { for name in secondLooks.begin() { touch(name) } }
    guard !ahead.isEmpty else { return }
    // Only those are walked, not every schedule: this comes with each heartbeat.
    let places = ahead.map { (name: $0, handle: entries.handle(of: $0)) }
    // In the order of the entries, which is the same in each run of a simulation; a set's is not.
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

  /// Remembers what lies ahead of the store's clock as far as this process knows it: the next reply that carries its time
  /// decides.
  mutating func lookAhead(_ handle: DueHeap.Handle, now: UnixTime) {
    guard let entry = entries[handle], entry.isAhead(of: now) else { return }
    ahead.insert(entry.name)
  }

  /// Counts from another time from now on, here and for whoever reads the watermark later.
  mutating func rebase(_ handle: DueHeap.Handle, to base: UnixTime) {
    guard let entry = entries[handle], base != entry.progress.base else { return }
    let before = entry.progress.base
    entries[handle]?.progress.count(from: base)
    // The watermark is shared: only one daemon moves it.
    guard isLeading, let anchor = entries[handle]?.anchor else { return }
    actions.append(.rebase(entry.name, from: before, to: anchor))
  }

  /// After an edit of the schedule what came before is gone, and not only until a restart: an interval keeps its beat,
  /// all others begin now. The daemon that fires keeps this in the watermark; one that stands by may be late.
  mutating func beginAnew(_ handle: DueHeap.Handle, _ watermark: Watermark?, now: UnixTime) {
    guard isLeading, let entry = entries[handle] else { return }
    if entry.isFiring { return }
    if entry.timing.enabled { pass(handle, by: now, replacing: watermark) }
    settle(handle, watermark)
  }

  /// Keeps in the watermark what is counted from, and by which schedule, where it says otherwise: whoever takes over
  /// must go on from there. Only the daemon that fires does it.
  mutating func settle(_ handle: DueHeap.Handle, _ watermark: Watermark?) {
    guard isLeading, let watermark, entries[handle]?.isFiring == false else { return }
    // We may have heard of the edit while we stood by.
    if let floor = entries[handle]?.floor, entries[handle]?.timing.enabled == true {
      pass(handle, by: floor, replacing: watermark)
    }
    guard let entry = entries[handle] else { return }
    var anchor = entry.anchor
    guard watermark.due != anchor.due || watermark.digest != anchor.digest else { return }
    // What was fired last stays known by its id: an answer may be on its way.
    if watermark.due == anchor.due { anchor.taskID = watermark.taskID }
    actions.append(.rebase(entry.name, from: watermark.due, to: anchor))
  }

  /// Leaves behind what came until then.
  private mutating func pass(_ handle: DueHeap.Handle, by time: UnixTime, replacing watermark: Watermark?) {
    guard let entry = entries[handle] else { return }
    let base = entry.base(leavingBehind: time)
    guard base != entry.progress.base else { return }
    entries[handle]?.progress.count(from: base)
    // Each due time is later than the watermark.
    if let immediate = entry.immediate, immediate <= base { entries[handle]?.immediate = base.advanced(by: 1) }
    // If another daemon leads by now, its watermark stands, and counts though it is older.
    entries[handle]?.progress.watermarkBefore = watermark?.due ?? .earliest
  }

  /// Reads every document again with other zone rules. Where that gives another schedule, the next occurrence is the
  /// first after now.
  mutating func documentsChanged(_ context: DocumentContext, now: UnixTime) {
    configuration.documents = context
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
