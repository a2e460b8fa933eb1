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
    let isJump = step.magnitude > UInt64(Self.largestCatchUp)
    // Times that are shown twice must not be due twice: after a step back a series lies a microsecond beside the old one.
    let shift = step < 0 ? step &+ 1 : step
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { continue }
      if entry.timing.schedule.isElapsedTime {
        entries[handle]?.floor = entry.floor?.advanced(by: shift)
        if case .firing = entry.phase {
          pendingSteps[name, default: 0] &+= shift
        } else if entry.isBaseMeasured || entry.base > now {
          // A base that was found, and that lies behind us, may come from a clock that was right all along.
          rebase(handle, to: entry.base.advanced(by: shift))
        }
      } else if isJump, step > 0, let due = entry.nextDue, due <= now {
        skip(handle, entry, from: due, to: now.advanced(by: 1))
      } else if isJump, step < 0, entry.base > now {
        entries[handle]?.floor = nil
        rebase(handle, to: now)
      }
      schedule(handle)
    }
  }

  /// Counts from another time from now on, here and for whoever reads the mark later.
  mutating func rebase(_ handle: DueHeap.Handle, to base: UnixTime) {
    guard let entry = entries[handle], base != entry.base else { return }
    let before = entry.base
    entries[handle]?.base = base
    entries[handle]?.isBaseMeasured = true
    // The mark is shared: only one daemon moves it.
    guard isLeading, let anchor = entries[handle]?.anchor else { return }
    actions.append(.rebase(entry.name, from: before, to: anchor))
  }

  /// After an edit of the schedule what came before is gone, and not only until a restart: an interval keeps its beat,
  /// all others begin now. The daemon that fires keeps this in the mark; one that stands by may be late.
  mutating func beginAnew(_ handle: DueHeap.Handle, _ mark: Mark?, now: UnixTime) {
    guard isLeading, let entry = entries[handle] else { return }
    if case .firing = entry.phase { return }
    if entry.timing.enabled { pass(handle, by: now, replacing: mark) }
    settle(handle, mark)
  }

  /// Keeps in the mark what is counted from, and by which schedule, where it says otherwise: whoever takes over must go
  /// on from there. Only the daemon that fires does it.
  mutating func settle(_ handle: DueHeap.Handle, _ mark: Mark?) {
    guard isLeading, let mark else { return }
    if case .firing? = entries[handle]?.phase { return }
    // We may have heard of the edit while we stood by.
    if let floor = entries[handle]?.floor, entries[handle]?.timing.enabled == true {
      pass(handle, by: floor, replacing: mark)
    }
    guard let entry = entries[handle] else { return }
    var anchor = entry.anchor
    guard mark.due != anchor.due || mark.digest != anchor.digest else { return }
    // What was fired last stays known by its id: an answer may be on its way.
    if mark.due == anchor.due { anchor.taskID = mark.taskID }
    actions.append(.rebase(entry.name, from: mark.due, to: anchor))
  }

  /// Leaves behind what came until then.
  private mutating func pass(_ handle: DueHeap.Handle, by time: UnixTime, replacing mark: Mark?) {
    guard let entry = entries[handle] else { return }
    let schedule = entry.timing.schedule
    let base =
      schedule.isElapsedTime
      ? schedule.latestDue(atOrBefore: time, after: entry.base, base: entry.base) ?? entry.base : max(time, entry.base)
    guard base != entry.base else { return }
    entries[handle]?.base = base
    entries[handle]?.isBaseMeasured = true
    // If another daemon leads by now, its mark stands, and counts though it is older.
    entries[handle]?.markBeforeOurs = mark?.due ?? .earliest
  }

  /// Reads every document again with other zone rules. Where that gives another schedule, the next occurrence is the
  /// first after now.
  mutating func documentsChanged(_ context: DocumentContext, now: UnixTime) {
    configuration.documents = context
    for (name, rejection) in rejected where rejection.document != nil {
      rejected[name]?.document = nil
      touch(name)
    }
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { continue }
      do throws(DocumentProblem) {
        let timing = EntryTiming(try ScheduleDocument(entry.document, context: context).definition)
        guard timing.schedule != entry.timing.schedule else { continue }
        entries[handle]?.timing = timing
        entries[handle]?.floor = now
        schedule(handle)
        actions.append(.report(.changed(name, next: entries[handle]?.nextDue)))
      } catch {
        reject(name, entry.document, error.description)
      }
    }
  }
}

extension Schedule {
  /// Counts what has passed, not what a clock shows.
  var isElapsedTime: Bool {
    guard case .interval(let interval) = self else { return false }
    return !interval.relative && interval.zone == nil
  }
}
