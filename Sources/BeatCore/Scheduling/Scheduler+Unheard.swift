/// What happened to documents while nobody heard: told by the digest in the mark, which is of the schedule that was in
/// force when a daemon, or one of our commands, looked last.
extension Scheduler {
  /// A document that remembers no run, and no mark of its own, is a new schedule, even where one of its name was. In a
  /// load only where a mark says that the earlier one is gone: else the store may have lost our mark, or never had it.
  func isNew(_ timing: EntryTiming, _ document: ScheduleDocument, _ mark: Mark?) -> Bool {
    guard document.lastRunAt == nil else { return false }
    guard let digest = mark?.digest else { return isWatching }
    return digest == .gone || isWatching && !timing.isMeant(by: digest)
  }

  /// What a schedule is counted from that was never seen before: now. One that is clocked for a time that has passed was
  /// missed, as it has not run.
  func firstBase(_ timing: EntryTiming, _ document: ScheduleDocument, now: UnixTime) -> UnixTime {
    guard case .clocked(let time) = timing.schedule, document.totalRunCount == 0 else { return now }
    return min(now, time.advanced(by: -1))
  }

  /// Whether the mark was written under another schedule than the document's, or at an end that has been lifted since.
  func isUnheard(_ entry: ScheduleEntry, _ mark: Mark?, now: UnixTime) -> Bool {
    guard let digest = mark?.digest else { return false }
    let own = entry.timing.digest
    return digest == own.finished ? entry.timing.enabled && !entry.isOver(at: now) : digest != own
  }

  /// Whether the document's clocked time is another one than the schedule's that the mark is of, and so is due even if it
  /// has passed. One that was only switched on is not.
  func isAnotherTime(_ timing: EntryTiming, _ mark: Mark?) -> Bool {
    guard timing.schedule.isClocked, let digest = mark?.digest, digest != .unusable, digest != .gone else {
      return false
    }
    return !timing.isMeant(by: digest) && digest != timing.digest(enabled: !timing.enabled)
  }

  /// After a look at bytes that are known: where the mark is of another schedule, somebody has switched there and back
  /// while we did not hear, or what we kept in the mark did not reach it. Where it waits to be kept, as we begin to lead,
  /// it is kept.
  mutating func agree(_ handle: DueHeap.Handle, _ mark: Mark?, now: UnixTime) {
    guard let mark, let entry = entries[handle], !entry.isFiring else { return }
    let fingerprint = Mark.Fingerprint(mark)
    let isNews = mark.digest != nil && fingerprint != entry.markSeen && isUnheard(entry, mark, now: now)
    if isNews {
      entries[handle]?.markSeen = fingerprint
      if isLoading, !isWatching, !isAnotherTime(entry.timing, mark), mark.digest != .gone || !remembersRuns(entry) {
        entries[handle]?.floor = now
        beginAnew(handle, mark, now: now)
        return schedule(handle)
      }
    }
    if case .unresolved(nil) = entry.phase, entry.floor != nil { return settle(handle, mark) }
    if isNews { settle(handle, mark) }
  }

  private func remembersRuns(_ entry: ScheduleEntry) -> Bool {
    guard let layout = try? DocumentLayout(entry.document), let slice = layout["last_run_at"] else { return false }
    return DocumentDate(slice, in: layout.bytes, zones: configuration.documents)?.instant != nil
  }

  /// The mark no longer says that it is of a schedule that can be used. Should one stand there again, it begins then.
  mutating func closeMark(of name: EntryName, _ mark: Mark?, as digest: ScheduleDigest) {
    guard isLeading, var mark, let old = mark.digest, old != digest, old != .gone else { return }
    mark.digest = digest
    actions.append(.rebase(name, from: mark.due, to: mark))
  }

  /// Keeps in the mark that a schedule has come to its end without a run, so that whoever loads it later knows.
  mutating func keepEnd(_ handle: DueHeap.Handle) {
    guard isLeading, let entry = entries[handle], !entry.isFiring, entry.isOver(at: .earliest) else { return }
    actions.append(.rebase(entry.name, from: entry.base, to: entry.anchor))
  }

  /// Now that this daemon leads: keeps in the marks what it counts from, of the schedules that nobody has kept there.
  /// What lies in the future is read: it would stay silent until then.
  mutating func beginLeading(now: UnixTime) {
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { continue }
      if entry.isBaseMeasured, let before = entry.markBeforeOurs, before != .earliest {
        actions.append(.rebase(name, from: before, to: entry.anchor))
      }
      if isAhead(entry, of: now) { touch(name) }
      // Whoever led may have kept in the mark from where an edit goes on, of which no event tells: not before it is read.
      if entry.floor != nil, case .waiting = entry.phase { resolve(handle, entry) }
    }
    for name in rejected.keys.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) { touch(name) }
  }

  /// An edit of a field that is the daemon's has no effect where it goes back: what stands in the mark counts, for
  /// nobody can tell it from a stale copy. That is said, as it may have been meant.
  mutating func remark(on document: ScheduleDocument, after before: [UInt8], _ entry: ScheduleEntry, _ mark: Mark?) {
    guard let mark, let old = try? DocumentLayout(before), let new = try? DocumentLayout(entry.document) else { return }
    func isEdited(_ field: String) -> Bool {
      guard let slice = new[field] else { return false }
      return old[field].map { old.bytes[$0.range] != new.bytes[slice.range] } ?? true
    }
    var ignored: [String] = []
    if document.totalRunCount < mark.totalRunCount, isEdited("total_run_count") {
      ignored.append("total_run_count \(document.totalRunCount)")
    }
    if let time = document.lastRunAt, time < mark.due, mark.taskID != nil, isEdited("last_run_at") {
      ignored.append("last_run_at \(time.iso8601)")
    }
    guard !ignored.isEmpty else { return }
    actions.append(
      .report(
        .warned(
          entry.name,
          "\(ignored.joined(separator: " and ")) has no effect: the daemon counts \(Plural.of(entry.totalRunCount, "run")), "
            + "the last one due \(mark.due.iso8601), and writes that back at the next one; to begin again, delete the "
            + "schedule and make it anew")))
  }
}

extension Schedule {
  /// Once, at an instant.
  package var isClocked: Bool {
    if case .clocked = self { true } else { false }
  }
}
