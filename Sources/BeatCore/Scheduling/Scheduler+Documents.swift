/// Documents as they come, change and go.
extension Scheduler {
  // MARK: the full load

  mutating func startLoad() {
    isWatching = false
    beginLoad()
  }

  mutating func beginLoad() {
    isLoading = true
    // The answers to reads that were sent before may be older than what was missed.
    for name in reads.keys { reads[name] = true }
    if loadNumber == .max {
      for name in entries.names { entries.handle(of: name).map { entries[$0]?.foundBy = 0 } }
      for name in Array(rejected.keys) { rejected[name]?.foundBy = 0 }
      loadNumber = 0
    }
    loadNumber += 1
  }

  mutating func finishLoad() {
    guard isLoading else { return }
    let gone =
      entries.names(where: { $0.foundBy != loadNumber })
      + rejected.compactMap { $1.foundBy != loadNumber ? $0 : nil }
    // The answer to a read that is on its way decides, as it is newer than what the load has found.
    for name in gone where reads[name] == nil { remove(name) }
    isLoading = false
    unseenAnchors.formIntersection(reads.keys)
    guard !isWatching else { return }
    isWatching = true
    isReplaced = false
    actions.append(.report(.ready(schedules: entries.count, rejected: rejected.count)))
  }

  mutating func disconnect() {
    isWatching = false
    isLoading = false
    reads.removeAll()
    unseenAnchors.removeAll()
  }

  // MARK: one document

  mutating func touch(_ name: EntryName) {
    if reads[name] == nil {
      reads[name] = false
      actions.append(.read(name))
    } else {
      reads[name] = true
    }
  }

  mutating func received(_ read: DocumentRead, of name: EntryName, now: UnixTime) {
    if !reads.isEmpty, reads.removeValue(forKey: name) == true { touch(name) }
    noteMark(of: name, read)
    if !unseenAnchors.isEmpty, read.markState != .absent { unseenAnchors.remove(name) }
    let count = actions.count
    let base = oddities.damaged.isEmpty ? nil : entries.handle(of: name).flatMap { entries[$0]?.base }
    defer { mendMark(of: name, after: count, base: base, now: now) }
    switch read.content {
    case .absent:
      doubtAbsence(of: name)
      if entries.handle(of: name) != nil || rejected[name] != nil { closeMark(of: name, read.mark, as: .gone) }
      return remove(name)
    // No daemon reads such a name from the store; a command that is given one says why nothing comes of it.
    case _ where Limit.nameLength.isExceeded(by: name.bytes.count):
      reject(name, nil, "its name \(Limit.nameLength.excess(name.bytes.count))")
    case .wrongType(let type):
      closeMark(of: name, read.mark, as: .unusable)
      reject(name, nil, "holds a Redis \(type), and a schedule is a string; delete the key and SET it again")
    case .tooLong(let length):
      closeMark(of: name, read.mark, as: .unusable)
      reject(name, nil, DocumentRead.excess(length, most: configuration.maximumDocumentLength))
    case .document(let bytes):
      if let handle = load(name, bytes, read.mark, now: now) {
        entries[handle]?.foundBy = loadNumber
        return lookAhead(handle, now: now)
      }
    }
    rejected[name]?.foundBy = loadNumber
  }

  /// - Returns: the entry's handle; nil: it is set aside.
  private mutating func load(
    _ name: EntryName, _ bytes: [UInt8], _ mark: Mark?, now: UnixTime
  ) -> DueHeap.Handle? {
    let known = entries.handle(of: name)
    if let known, entries[known]?.document == bytes {
      resume(known, mark, now: now)
      return known
    }
    if isRejected(name, bytes) {
      closeMark(of: name, mark, as: .unusable)
      return nil
    }
    let document: ScheduleDocument
    do { document = try ScheduleDocument(bytes, context: configuration.documents, memo: memo) } catch {
      closeMark(of: name, mark, as: .unusable)
      reject(name, bytes, error.description)
      return nil
    }
    let handle: DueHeap.Handle
    if let known {
      handle = known
      edit(handle, bytes, document, mark, now: now)
    } else {
      handle = adopt(name, bytes, document, mark, now: now)
    }
    let voided = document.definition.enabled ? document.definition.voidSince(now) : nil
    for warning in document.warnings + [voided].compactMap(\.self) { actions.append(.report(.warned(name, warning))) }
    return handle
  }

  /// A schedule that was not known: found at start, made just now, or mended.
  private mutating func adopt(
    _ name: EntryName, _ bytes: [UInt8], _ document: ScheduleDocument, _ mark: Mark?, now: UnixTime
  ) -> DueHeap.Handle {
    let isMended = !rejected.isEmpty && rejected.removeValue(forKey: name) != nil
    let timing = EntryTiming(document.definition)
    let isNew = !isMended && isNew(timing, document, mark)
    let lastRunAt = memory(
      believable(document.lastRunAt, of: name, now: now), of: timing, beside: mark, now: now)
    let remembered = [mark.map { present($0.due, of: timing) }, lastRunAt].compactMap { $0 }.max()
    let firstBase = firstBase(timing, document, now: now)
    var entry = ScheduleEntry(
      name: name, document: bytes, timing: timing,
      base: isNew ? max(firstBase, mark?.due ?? firstBase) : remembered ?? firstBase,
      totalRunCount: isNew ? document.totalRunCount : max(document.totalRunCount, mark?.totalRunCount ?? 0))
    entry.hasRun = entry.totalRunCount > 0 || document.lastRunAt != nil || !isNew && mark?.taskID != nil
    let isUnheard = !isNew && !isMended && !isWatching && isUnheard(entry, mark, now: now)
    // One that appears where another was deleted, and remembers its runs, goes on from there, as when it is heard.
    let isNewcomer = mark?.digest == .gone && !isMended
    if isMended || isUnheard && !isNewcomer, !isAnotherTime(timing, mark) { entry.floor = now }
    noticeImmediate(&entry, now: now)
    entry.markBeforeOurs = isNew || mark == nil ? mark?.due ?? .earliest : nil
    entry.isBaseMeasured = isNew || remembered == nil
    entry.markSeen = mark.map(Mark.Fingerprint.init)
    if let mark {
      // Only who leads knows that the mark is an earlier schedule's: to the others a new one may have run already.
      if isNew, isLeading { actions.append(.rebase(name, from: mark.due, to: entry.anchor)) }
    } else {
      anchor(entry)
    }
    let next = entry.nextDue
    let handle = entries.insert(entry)
    if entry.floor != nil {
      beginAnew(handle, mark, now: now)
      wait(handle)
    } else {
      // Where the mark says otherwise: another time for a clocked one, or an end.
      if isUnheard || next == nil, !isNew { settle(handle, mark) }
      wait(handle, next: next)
    }
    actions.append(.report(.loaded(name, next: next, initially: !isWatching)))
    if next == nil { reportFinish(handle) }
    return handle
  }

  /// A known schedule with other bytes than before.
  private mutating func edit(
    _ handle: DueHeap.Handle, _ bytes: [UInt8], _ document: ScheduleDocument, _ mark: Mark?, now: UnixTime
  ) {
    guard var entry = entries[handle] else { return }
    let before = entry.document
    let baseBefore = entry.base
    let wasOver = entry.isOver(at: now)
    let old = entry.timing
    let new = EntryTiming(document.definition)
    entry.document = bytes
    entry.timing = new
    let lastRunAt = believable(document.lastRunAt, of: entry.name, now: now)
    _ = advance(&entry, mark, lastRunAt, now: now)
    entry.totalRunCount = max(entry.totalRunCount, document.totalRunCount)
    entry.hasRun = entry.hasRun || entry.totalRunCount > 0 || document.lastRunAt != nil || mark?.taskID != nil
    // Another schedule, enabled again, or an end that was lifted: the next occurrence after now; nothing overdue is
    // invented. Unless another daemon has gone on by the new one since: then it is we who hear of it late. A clocked
    // schedule's new time is due though it has passed: there is no other one.
    let isRescheduled =
      (old.schedule != new.schedule && !new.schedule.isClocked || old.startAfter != new.startAfter
        || !old.enabled && !(new.schedule.isClocked && old.schedule != new.schedule)
        || wasOver && old.schedule == new.schedule && !entry.isOver(at: now) || isBack(entry, old, mark, now: now))
      && !isInForce(new, by: mark, entry, baseBefore: baseBefore)
      // One that appears where another was deleted, and remembers its runs, goes on from there: so do all who heard of both.
      && !((isForgotten(mark) || mark?.digest == .gone) && lastRunAt != nil)
    entry.markSeen = mark.map(Mark.Fingerprint.init)
    // What an earlier edit left out says nothing of another instant.
    if new.schedule.isClocked, old.schedule != new.schedule { entry.floor = nil }
    if isRescheduled { entry.floor = now }
    if !new.runImmediately { entry.immediate = nil }
    noticeImmediate(&entry, now: now)
    entries[handle] = entry
    if isRescheduled { beginAnew(handle, mark, now: now) } else { settle(handle, mark) }
    schedule(handle)
    // Bookkeeping that advanced by itself is nobody's edit: another daemon has fired.
    // A run counts in the mark of the same moment, too: what does not is somebody's edit of these fields alone.
    let isRun =
      lastRunAt == entry.base && (mark.map { $0.totalRunCount == document.totalRunCount } ?? true)
      && Self.isRun(bytes, document, after: before)
    if !isRun {
      remark(on: document, after: before, entry, mark)
      actions.append(.report(.changed(entry.name, next: entry.nextDue)))
      reportFinish(handle)
    }
  }

  /// Whether the schedule was another one in between, of which only the daemon that leads has heard: the mark is a new one,
  /// and was written under neither of the two schedules that we know.
  private func isBack(_ entry: ScheduleEntry, _ old: EntryTiming, _ mark: Mark?, now: UnixTime) -> Bool {
    guard let mark, let digest = mark.digest, Mark.Fingerprint(mark) != entry.markSeen, !old.isMeant(by: digest) else {
      return false
    }
    return isUnheard(entry, mark, now: now) && !isAnotherTime(entry.timing, mark)
  }

  /// Whether another daemon has gone on by this schedule already: the mark is news to us, and says so.
  private func isInForce(
    _ timing: EntryTiming, by mark: Mark?, _ entry: ScheduleEntry, baseBefore: UnixTime
  ) -> Bool {
    guard let mark, Mark.Fingerprint(mark) != entry.markSeen else { return false }
    return mark.digest.map { $0 == timing.digest } ?? (mark.due > baseBefore)
  }

  /// The store was emptied while we did not hear, and filled again: what we remember of a schedule counts no more.
  func isForgotten(_ mark: Mark?) -> Bool { isLoading && !isWatching && mark == nil }

  /// Whether `bytes` are those that stood there before with the bookkeeping of a run, and nothing else is new in them.
  static func isRun(_ bytes: [UInt8], _ document: ScheduleDocument, after before: [UInt8]) -> Bool {
    guard let lastRunAt = document.lastRunAt, let layout = try? DocumentLayout(before) else { return false }
    return layout.fired(due: lastRunAt, count: document.totalRunCount).bytes == bytes
  }

  /// The bytes are those we know; the mark may say more.
  private mutating func resume(_ handle: DueHeap.Handle, _ mark: Mark?, now: UnixTime) {
    guard var entry = entries[handle] else { return }
    let didAdvance = advance(&entry, mark, lastRunAt(in: entry, ifNewerThan: mark), now: now)
    entry.hasRun = entry.hasRun || mark?.taskID != nil
    entries[handle] = entry
    agree(handle, mark, now: now)
    if isReplaced, let mark, mark.due < entry.base { settle(handle, mark) }
    entry = entries[handle] ?? entry
    if case .unresolved = entry.phase {
      // Only seen, by a daemon that saw it later than we did: the run that it still asks for has not happened.
      if let mark, mark.taskID == nil {
        noticeImmediate(&entry, now: now)
        entries[handle] = entry
      }
      return schedule(handle)
    }
    if didAdvance { schedule(handle) }
  }

  /// What an entry's own document remembers, where the mark is older than what we count from, or gone.
  private func lastRunAt(in entry: ScheduleEntry, ifNewerThan mark: Mark?) -> UnixTime? {
    guard mark.map({ $0.due < entry.base }) ?? true, let layout = try? DocumentLayout(entry.document) else {
      return nil
    }
    let date = layout["last_run_at"].flatMap {
      DocumentDate($0, in: layout.bytes, zones: configuration.documents)?.instant
    }
    return mark == nil ? date.map { min($0, entry.base) } : date
  }

  /// After a change of what is known: the next due time from it. A script on its way is waited for first.
  mutating func schedule(_ handle: DueHeap.Handle) {
    guard let entry = entries[handle] else { return }
    if case .firing = entry.phase { return }
    wait(handle)
  }

  /// Takes over what has been fired meanwhile. An older time, or none, is a stale copy: what we know stands. But in a
  /// full load the mark rules, older or not: the store went back then, and the messages with it.
  private mutating func advance(
    _ entry: inout ScheduleEntry, _ found: Mark?, _ date: UnixTime?, now: UnixTime
  ) -> Bool {
    var mark = found
    if let due = found?.due { mark?.due = present(due, of: entry.timing) }
    let lastRunAt = memory(date, of: entry.timing, beside: mark, now: now)
    if case .unresolved(let plan?) = entry.phase, mark?.taskID == plan.taskID {
      lostAnswers[entry.name] = nil
      reportFired(plan, at: now, confirmed: true)
      entry.immediate = nil
    }
    // The store has forgotten what was fired, and we may not have heard of all of it: it is a new schedule.
    // Unless our own mark was lost with its connection, which another store knows nothing of.
    if isForgotten(mark), lastRunAt == nil, isReplaced || entry.markBeforeOurs == nil, !entry.isFiring {
      entry.base = max(entry.base, now)
      entry.floor = nil
      entry.markBeforeOurs = .earliest
      entry.isBaseMeasured = true
      anchor(entry)
      return true
    }
    // But for the mark that our own is on its way to replace: it was read before that.
    if isLoading, !isWatching, !isReplaced, let mark, mark.due != entry.markBeforeOurs,
      max(mark.due, lastRunAt ?? mark.due) < entry.base
    {
      entry.base = max(mark.due, lastRunAt ?? mark.due)
      entry.totalRunCount = mark.totalRunCount
      entry.floor = nil
      entry.isBaseMeasured = false
      return true
    }
    // Nothing was fired in the future: Redis' clock was set and set back, and we have noticed one of the two.
    if let mark, mark.due < entry.base, isAhead(entry, of: now) {
      entry.base = mark.due
      entry.floor = nil
      return true
    }
    // Whoever leads has fired what was due before the moment at which we would begin anew: the series goes on.
    if let mark, mark.taskID != nil, mark.due > entry.markBeforeOurs ?? entry.base, let floor = entry.floor,
      mark.due < floor
    {
      entry.floor = nil
    }
    // Another daemon saw it first, and may have fired it: its time counts.
    if let before = entry.markBeforeOurs, let mark, mark.due > before, mark.due < entry.base,
      lastRunAt ?? mark.due < entry.base
    {
      entry.base = max(mark.due, lastRunAt ?? mark.due)
      entry.totalRunCount = max(entry.totalRunCount, mark.totalRunCount)
      entry.markBeforeOurs = nil
      entry.isBaseMeasured = false
      return true
    }
    // The mark's count stands even where its time is known already: a stale copy may have lost it in the document.
    // A newer mark knows better even where it counts less: the schedule was made again, and we have not heard of it.
    if let mark, mark.due >= entry.base {
      let count = mark.totalRunCount
      entry.totalRunCount = mark.due > entry.base ? count : max(entry.totalRunCount, count)
    }
    let newest = [mark?.due, lastRunAt].compactMap { $0 }.max() ?? entry.base
    let didAdvance = newest > entry.base
    if let mark, let before = entry.markBeforeOurs, mark.due > before { entry.markBeforeOurs = nil }
    if didAdvance {
      entry.base = newest
      // Heard as it happened: it moves along should the clock be set. What a load finds may be older than the clock's error.
      entry.isBaseMeasured = isWatching && newest == mark?.due
    }
    // Another daemon has heard of this schedule before us, and the mark says from where it goes on: not from our hearing.
    if let mark, mark.due >= entry.base, mark.digest == entry.timing.digest,
      found.map(Mark.Fingerprint.init) != entry.markSeen
    {
      entry.floor = nil
    }
    if let mark {
      keepNewerBase(than: mark, in: &entry)
      return didAdvance
    }
    // It was deleted, or ours was lost with its connection: a restart would not know where to go on.
    let didPass = lastRunAt == nil && passUnheard(&entry, now: now)
    anchor(entry)
    return didAdvance || didPass
  }

  mutating func remove(_ name: EntryName) {
    if drop(name) != nil {
      actions.append(.report(.removed(name)))
    } else if rejected.removeValue(forKey: name) != nil {
      actions.append(.report(.removed(name)))
    }
  }

  /// Sets a document aside. The schedule it held before does not go on: the document no longer says so.
  mutating func reject(_ name: EntryName, _ bytes: [UInt8]?, _ reason: String) {
    let foundBy = drop(name)?.foundBy ?? rejected[name]?.foundBy ?? 0
    let document = bytes.map { DocumentDigest($0, configuration.sha1) }
    let old = rejected.updateValue(Rejection(document: document, reason: reason, foundBy: foundBy), forKey: name)
    // Known for the same reason, and not because somebody tried to mend it.
    if let old, old.reason == reason, old.document == nil || old.document == document { return }
    actions.append(.report(.rejected(name, reason: reason)))
  }

  /// Forgets an entry; nil if there is none. What is on its way for it ends without it.
  private mutating func drop(_ name: EntryName) -> ScheduleEntry? {
    if !oddities.isEmpty { oddities.forget(name) }
    guard let (handle, entry) = entries.remove(name) else { return nil }
    unqueue(handle)
    busiest.forget(handle)
    keptPace.remove(handle)
    templates.remove(handle)
    pendingSteps[name] = nil
    unseenAnchors.remove(name)
    lostAnswers[name] = nil
    return entry
  }

  mutating func reportFinish(_ handle: DueHeap.Handle) {
    guard let entry = entries[handle], entry.timing.enabled, let reason = entry.finish else { return }
    actions.append(.report(.finished(entry.name, reason: reason)))
  }

  private mutating func believable(_ lastRunAt: UnixTime?, of name: EntryName, now: UnixTime) -> UnixTime? {
    guard let lastRunAt, lastRunAt > now.advanced(by: configuration.clockTolerance) else { return lastRunAt }
    actions.append(.report(.warned(name, Self.disbelief(lastRunAt))))
    return nil
  }

  private func noticeImmediate(_ entry: inout ScheduleEntry, now: UnixTime) {
    let timing = entry.timing
    guard timing.runImmediately, timing.enabled, entry.immediate == nil else { return }
    entry.immediate = max(now, entry.base.advanced(by: 1), timing.startAfter ?? now)
  }
}
