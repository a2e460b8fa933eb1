/// What happened to documents while no daemon watched. The digest in the watermark shows it: it names the schedule that
/// was in force when a daemon, or a command of this project, last looked.
extension Scheduler {
  /// Changes the watermark of a document that cannot be used or is gone, so that it names no schedule. If a usable
  /// document comes later, its schedule begins then.
  mutating func closeWatermark(of name: EntryName, _ watermark: Watermark?, as digest: ScheduleDigest) {
    guard isLeading, var watermark, let old = watermark.digest, old != digest, old != .gone else { return }
    watermark.digest = digest
    actions.append(.rebase(name, from: watermark.due, to: watermark))
  }

  /// Stores in the watermark that a schedule has come to its end without a run, for a daemon that loads it later.
  mutating func keepEnd(_ handle: DueHeap.Handle) {
    guard isLeading, let entry = entries[handle], !entry.isFiring, entry.isOver(at: .earliest) else { return }
    actions.append(.rebase(entry.name, from: entry.progress.base, to: entry.anchor))
  }

  /// Begins to lead: stores in the watermarks the times that this daemon counts from, where no leader has stored them.
  /// A schedule whose time lies in the future is read: it would be silent until then.
  mutating func beginLeading(now: UnixTime) {
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { continue }
      var isStored = entry.floor == nil
      if entry.progress.isMeasured, let before = entry.progress.watermarkBefore, before != .earliest {
        actions.append(.rebase(name, from: before, to: entry.anchor))
        isStored = false
      }
      if entry.isAhead(of: now) { touch(name) }
      // The earlier leader may have stored in the watermark where an edit goes on, or when it first saw a schedule that
      // was made again, and no event tells of that. So the schedule fires only after its watermark is read.
      if !isStored, entry.isWaiting { resolve(handle) }
    }
    for name in rejected.keys.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) { touch(name) }
  }

  /// Warns of an edit that sets a field of the daemon's bookkeeping back. It has no effect: the watermark counts, since
  /// such an edit cannot be told from a stale copy. The user may have meant it.
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
