/// Takes in what documents say about their schedules: carries out the rows of `Decisions/`.
extension Scheduler {
  private func sighting(
    _ watermark: Watermark?, lastRunAt: UnixTime?, of name: EntryName, _ schedule: Schedule, now: UnixTime
  ) -> Sighting {
    Sighting(
      watermark, lastRunAt: lastRunAt, of: schedule, stepAhead: stepAhead, load: load,
      mayLackOwnWatermark: reads.mayLackAnchor(of: name), now: now)
  }

  /// Takes in a schedule that was not known.
  mutating func adopt(
    _ name: EntryName, _ bytes: [UInt8], _ document: ScheduleDocument, _ watermark: Watermark?, now: UnixTime
  ) -> DueHeap.Handle {
    let isMended = !rejected.isEmpty && rejected.removeValue(forKey: name) != nil
    let lastRunAt = believable(document.lastRunAt, of: name, now: now)
    let seen = sighting(watermark, lastRunAt: lastRunAt, of: name, document.definition.schedule, now: now)
    let (row, entry) = FirstSight.entry(name, bytes, document, seen, isMended: isMended)
    if let watermark {
      // Only the leader knows that the watermark is an earlier schedule's. To the other daemons, the new one may have
      // run already.
      if row.isNew, isLeading { actions.append(.rebase(name, from: watermark.due, to: entry.anchor)) }
    } else {
      anchor(entry)
    }
    let next = entry.nextDue
    let handle = entries.insert(entry)
    if row.beginsNow {
      beginAnew(handle, watermark, now: now)
      wait(handle)
    } else {
      if row.settles || next == nil && !row.isNew { settle(handle, watermark) }
      wait(handle, next: next)
    }
    actions.append(.report(.loaded(name, next: next, initially: !isWatching)))
    if next == nil { reportFinish(handle) }
    return handle
  }

  /// Takes in other bytes of a known schedule.
  ///
  /// - Returns: whether a user has edited the document; false: another daemon's run has changed its bookkeeping.
  mutating func edit(
    _ handle: DueHeap.Handle, _ bytes: [UInt8], _ document: ScheduleDocument, _ watermark: Watermark?, now: UnixTime
  ) -> Bool {
    guard var entry = entries[handle] else { return false }
    let before = entry.document
    let stateBefore = entry.state
    let baseBefore = entry.progress.base
    let wasOver = entry.isOver(at: now)
    let old = entry.timing
    entry.document = bytes
    entry.timing = EntryTiming(document.definition)
    let lastRunAt = believable(document.lastRunAt, of: entry.name, now: now)
    let seen = sighting(watermark, lastRunAt: lastRunAt, of: entry.name, entry.timing.schedule, now: now)
    _ = recount(&entry, seen)
    entry.progress.totalRunCount = max(entry.progress.totalRunCount, document.totalRunCount)
    if entry.progress.totalRunCount > 0 || document.lastRunAt != nil || watermark?.taskID != nil {
      entry.progress.hasRun = true
    }
    let row = Edit(of: entry, from: old, wasOver: wasOver, base: baseBefore, seen)
    entry.progress.watermarkSeen = watermark.map(Watermark.Fingerprint.init)
    // What an earlier edit left out does not matter for another instant.
    if Edit.isOtherInstant(entry.timing, old) { entry.floor = nil }
    if row.beginsNow { entry.floor = now }
    if !entry.timing.runImmediately { entry.immediate = nil }
    entry.noticeImmediate(now: now)
    entries[handle] = entry
    entries.changed(handle, from: stateBefore)
    if row.beginsNow { beginAnew(handle, watermark, now: now) } else { settle(handle, watermark) }
    schedule(handle)
    // If only the bookkeeping advanced, another daemon has fired, and no user has edited the document. A run also
    // counts in the watermark of the same moment. If it does not, a user has edited these fields alone.
    let isRun =
      lastRunAt == entry.progress.base && (watermark.map { $0.totalRunCount == document.totalRunCount } ?? true)
      && isRun(bytes, document, after: before)
    if !isRun {
      remark(on: document, after: before, entry, watermark)
      actions.append(.report(.changed(entry.name, next: entry.nextDue)))
      reportFinish(handle)
    }
    return !isRun
  }

  /// Takes in a read whose bytes are known. Its watermark may be a newer one.
  mutating func reread(_ handle: DueHeap.Handle, _ watermark: Watermark?, now: UnixTime) {
    guard var entry = entries[handle] else { return }
    let lastRunAt = lastRunAt(in: entry, ifNewerThan: watermark)
    let seen = sighting(watermark, lastRunAt: lastRunAt, of: entry.name, entry.timing.schedule, now: now)
    let isMoved = recount(&entry, seen)
    if watermark?.taskID != nil { entry.progress.hasRun = true }
    entries[handle] = entry
    agree(handle, seen)
    if load.isReplaced, let watermark, watermark.due < entry.progress.base { settle(handle, watermark) }
    guard entries[handle]?.waitsForRead == true else {
      if isMoved { schedule(handle) }
      return
    }
    // This watermark is of a schedule that was seen and not fired, by a daemon that saw it later than this one. So the
    // run that the document still asks for has not happened.
    if let watermark, watermark.taskID == nil { entries[handle]?.noticeImmediate(now: now) }
    schedule(handle)
  }

  private mutating func agree(_ handle: DueHeap.Handle, _ seen: Sighting) {
    guard seen.stored != nil, let entry = entries[handle], !entry.isFiring else { return }
    let isOther = Reread.isOther(entry, seen)
    let row = Reread(entry, seen, isOther: isOther) { remembersRuns(entry) }
    if isOther { entries[handle]?.progress.watermarkSeen = seen.stored.map(Watermark.Fingerprint.init) }
    switch row {
    case .asKnown: break
    case .editedAndBack:
      entries[handle]?.floor = seen.now
      beginAnew(handle, seen.stored, now: seen.now)
      schedule(handle)
    case .keptWhileStandingBy, .otherSchedule: settle(handle, seen.stored)
    }
  }

  /// - Returns: whether the next due time may be another one.
  private mutating func recount(_ entry: inout ScheduleEntry, _ seen: Sighting) -> Bool {
    if case .unresolved(let plan) = entry.phase, seen.stored?.taskID == plan.taskID {
      entry.lostAnswer = nil
      reportFired(plan, at: seen.now, confirmed: true)
      entry.immediate = nil
    }
    let row = Recount(entry, seen)
    let isMoved = row.apply(seen, to: &entry)
    if row == .ownWatermarkUnderWay { reads.anchorIsKnown(entry.name) }
    if row.keepsWatermark { anchor(entry) }
    return isMoved
  }

  /// Stores the time that is counted from as the watermark, unless there is one. A read that is sent after this finds
  /// it.
  private mutating func anchor(_ entry: ScheduleEntry) {
    reads.anchored(entry.name, whileAllAreRead: load.isRefresh)
    actions.append(.anchor(entry.name, entry.anchor))
  }

  /// Finds the next due time after a change. If a script is on its way, its answer comes first.
  mutating func schedule(_ handle: DueHeap.Handle) {
    if entries[handle]?.isFiring == false { wait(handle) }
  }

  /// Whether `bytes` are the earlier bytes with the bookkeeping of one run, and nothing else is new in them.
  private func isRun(_ bytes: [UInt8], _ document: ScheduleDocument, after before: [UInt8]) -> Bool {
    guard let lastRunAt = document.lastRunAt, let layout = try? DocumentLayout(before) else { return false }
    let form = configuration.documents.newDate
    return layout.fired(due: lastRunAt, count: document.totalRunCount, newDate: form).bytes == bytes
  }

  /// The document's `last_run_at`, if the watermark is missing, or older than the time that this process counts from.
  private func lastRunAt(in entry: ScheduleEntry, ifNewerThan watermark: Watermark?) -> UnixTime? {
    let base = entry.progress.base
    guard watermark.map({ $0.due < base }) ?? true else { return nil }
    let date = lastRunAt(in: entry)
    return watermark == nil ? date.map { min($0, base) } : date
  }

  private func remembersRuns(_ entry: ScheduleEntry) -> Bool { lastRunAt(in: entry) != nil }

  private func lastRunAt(in entry: ScheduleEntry) -> UnixTime? {
    guard let layout = try? DocumentLayout(entry.document), let slice = layout["last_run_at"] else { return nil }
    return DocumentDate(slice, in: layout.bytes, zones: configuration.documents)?.instant
  }

  private mutating func believable(_ lastRunAt: UnixTime?, of name: EntryName, now: UnixTime) -> UnixTime? {
    guard let lastRunAt, lastRunAt > now.advanced(by: configuration.clockTolerance) else { return lastRunAt }
    actions.append(.report(.warned(name, Self.disbelief(lastRunAt))))
    return nil
  }
}
