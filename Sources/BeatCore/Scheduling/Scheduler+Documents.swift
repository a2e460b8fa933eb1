/// Takes in documents as they are read, changed and deleted.
extension Scheduler {
  mutating func touch(_ name: EntryName) { if reads.touch(name) { actions.append(.read(name)) } }

  mutating func received(_ read: DocumentRead, of name: EntryName, now: UnixTime) {
    if reads.answered(name) { touch(name) }
    noteWatermark(of: name, read)
    if read.watermarkState != .absent { reads.anchorIsKnown(name) }
    let count = actions.count
    let base = oddities.damaged.isEmpty ? nil : entries.handle(of: name).flatMap { entries[$0]?.progress.base }
    defer { mendWatermark(of: name, after: count, base: base, now: now) }
    switch read.content {
    case .absent:
      let isKnown = isPresent(name)
      secondLooks.doubtAbsence(of: name, isKnown: isKnown)
      if isKnown { closeWatermark(of: name, read.watermark, as: .gone) }
      return remove(name)
    case _ where Limit.nameLength.isExceeded(by: name.bytes.count):
      reject(name, nil, .nameTooLong(bytes: name.bytes.count))
    case .unusable(let content):
      closeWatermark(of: name, read.watermark, as: .unusable)
      reject(name, nil, .unusable(content))
    case .tooLong(let length):
      closeWatermark(of: name, read.watermark, as: .unusable)
      reject(name, nil, .tooLong(bytes: length, most: configuration.maximumDocumentLength))
    case .document(let bytes):
      if let handle = takeIn(name, bytes, read.watermark, now: now) {
        entries[handle]?.foundBy = load.number
        return lookAhead(handle, now: now)
      }
    }
    rejected[name]?.foundBy = load.number
  }

  /// - Returns: the entry's handle; nil: the document is set aside.
  private mutating func takeIn(
    _ name: EntryName, _ bytes: [UInt8], _ watermark: Watermark?, now: UnixTime
  ) -> DueHeap.Handle? {
    let known = entries.handle(of: name)
    if let known, entries[known]?.document == bytes {
      reread(known, watermark, now: now)
      return known
    }
    if isRejected(name, bytes) {
      closeWatermark(of: name, watermark, as: .unusable)
      return nil
    }
    var document: ScheduleDocument
    do { document = try ScheduleDocument(bytes, context: configuration.documents, memo: memo) } catch {
      closeWatermark(of: name, watermark, as: .unusable)
      reject(name, bytes, .problem(error))
      return nil
    }
    document.refineLastRun(by: watermark)
    let handle: DueHeap.Handle
    if let known {
      handle = known
      // What is doubtful in the document was told when a user wrote it. A run of another daemon adds nothing to that.
      guard edit(handle, bytes, document, watermark, now: now) else { return handle }
    } else {
      handle = adopt(name, bytes, document, watermark, now: now)
    }
    let voided = document.definition.enabled ? document.definition.voidSince(now) : nil
    for warning in document.warnings + [voided, overdue(handle, now: now)].compactMap(\.self) {
      actions.append(.report(.warned(name, warning)))
    }
    return handle
  }

  /// A sentence about a clocked time that had passed when a user wrote it, and that is made up for; nil: it had not, or
  /// it is not. What was found at the start was missed while nothing ran, and no user is to be told of that.
  private func overdue(_ handle: DueHeap.Handle, now: UnixTime) -> String? {
    guard load.isWatching, let entry = entries[handle], entry.timing.enabled,
      let time = entry.timing.schedule.onlyInstant, entry.nextDue == time
    else { return nil }
    let (age, catchup) = (now.microseconds(since: time), entry.timing.catchup)
    guard age > SchedulerConfiguration.missedAfter, catchup.policy != .none, catchup.window.map({ age <= $0 }) ?? true
    else { return nil }
    return "\(entry.timing.schedule.kind.rawValue) \(time.iso8601) has passed, and it has not run: it runs at once"
  }

  mutating func remove(_ name: EntryName) {
    guard drop(name) != nil || rejected.removeValue(forKey: name) != nil else { return }
    actions.append(.report(.removed(name)))
  }

  /// Sets a document aside. The schedule that it held before does not go on, since the document no longer says so.
  mutating func reject(_ name: EntryName, _ bytes: [UInt8]?, _ reason: Rejection.Reason) {
    let foundBy = drop(name)?.foundBy ?? rejected[name]?.foundBy ?? 0
    let document = bytes.map { DocumentDigest($0, configuration.sha1) }
    let old = rejected.updateValue(Rejection(document: document, reason: reason, foundBy: foundBy), forKey: name)
    // The same document was set aside for the same reason before, so no user has tried to mend it.
    if let old, old.reason == reason, old.document == nil || old.document == document { return }
    actions.append(.report(.rejected(name, reason: reason.description)))
  }

  /// Forgets an entry. A script that is on its way for it ends without it.
  ///
  /// - Returns: the entry; nil: there was none.
  private mutating func drop(_ name: EntryName) -> ScheduleEntry? {
    if !oddities.isEmpty { oddities.forget(name) }
    guard let (handle, entry) = entries.remove(name) else { return nil }
    unqueue(handle)
    busiest.forget(handle)
    keptPace.remove(handle)
    templates.remove(handle)
    reads.anchorIsKnown(name)
    return entry
  }

  mutating func reportFinish(_ handle: DueHeap.Handle) {
    // What waits has another occurrence.
    guard !entries.isWaiting(handle) else { return }
    guard let entry = entries[handle], entry.timing.enabled, let reason = entry.finish else { return }
    actions.append(.report(.finished(entry.name, reason: reason)))
  }
}
