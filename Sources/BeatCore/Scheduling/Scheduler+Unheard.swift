/// What happened to documents while nobody heard: told by the digest in the watermark, which is of the schedule that
/// was in force when a daemon, or one of our commands, looked last.
extension Scheduler {
  /// The watermark no longer says that it is of a schedule that can be used. Should one stand there again, it begins
  /// then.
  mutating func closeWatermark(of name: EntryName, _ watermark: Watermark?, as digest: ScheduleDigest) {
    guard isLeading, var watermark, let old = watermark.digest, old != digest, old != .gone else { return }
    watermark.digest = digest
    actions.append(.rebase(name, from: watermark.due, to: watermark))
  }

  /// Keeps in the watermark that a schedule has come to its end without a run, so that whoever loads it later knows.
  mutating func keepEnd(_ handle: DueHeap.Handle) {
    guard isLeading, let entry = entries[handle], !entry.isFiring, entry.isOver(at: .earliest) else { return }
    actions.append(.rebase(entry.name, from: entry.progress.base, to: entry.anchor))
  }

  /// Now that this daemon leads: keeps in the watermarks what it counts from, of the schedules that nobody has kept
  /// there. What lies in the future is read: it would stay silent until then.
  mutating func beginLeading(now: UnixTime) {
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { continue }
      if entry.progress.isMeasured, let before = entry.progress.watermarkBefore, before != .earliest {
        actions.append(.rebase(name, from: before, to: entry.anchor))
      }
      if entry.isAhead(of: now) { touch(name) }
      // Whoever led may have kept in the watermark from where an edit goes on, of which no event tells: not before it
      // is read.
      if entry.floor != nil, entry.isWaiting { resolve(handle) }
    }
    for name in rejected.keys.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) { touch(name) }
  }

  /// An edit of a field that is the daemon's has no effect where it goes back: what stands in the watermark counts, for
  /// nobody can tell it from a stale copy. That is said, as it may have been meant.
  mutating func remark(
    on document: ScheduleDocument, after before: [UInt8], _ entry: ScheduleEntry, _ watermark: Watermark?
  ) {
    guard let watermark, let old = try? DocumentLayout(before), let new = try? DocumentLayout(entry.document) else {
      return
    }
    func isEdited(_ field: String) -> Bool {
      guard let slice = new[field] else { return false }
      return old[field].map { old.bytes[$0.range] != new.bytes[slice.range] } ?? true
    }
    var ignored: [String] = []
    if document.totalRunCount < watermark.totalRunCount, isEdited("total_run_count") {
      ignored.append("total_run_count \(document.totalRunCount)")
    }
    if let time = document.lastRunAt, time < watermark.due, watermark.taskID != nil, isEdited("last_run_at") {
      ignored.append("last_run_at \(time.iso8601)")
    }
    guard !ignored.isEmpty else { return }
    actions.append(
      .report(
        .warned(
          entry.name,
          "\(ignored.joined(separator: " and ")) has no effect: the daemon counts \(Plural.of(entry.progress.totalRunCount, "run")), "
            + "the last one due \(watermark.due.iso8601), and writes that back at the next one; to begin again, delete the "
            + "schedule and make it anew")))
  }
}
