extension ScheduleEntry {
  /// The digest for this entry's watermark: of its schedule, and of whether that has ended. It lets a daemon that loads
  /// the schedule later notice that the end was lifted.
  var digest: ScheduleDigest {
    let digest = timing.digest
    return timing.enabled && finish != nil ? digest.finished : digest
  }

  /// The digest after a run at `due`, the run number `count`.
  func digest(afterRun due: UnixTime, count: Int64) -> ScheduleDigest {
    guard timing.mayFinish else { return timing.digest }
    var next = self
    next.ran(due, count: count)
    return next.digest
  }

  /// Whether a watermark was written under another schedule than the document's, or at an end that was lifted since.
  func isUnheard(_ watermark: Watermark?, now: UnixTime) -> Bool {
    guard let digest = watermark?.digest else { return false }
    let own = timing.digest
    return digest == own.finished ? timing.enabled && !isOver(at: now) : digest != own
  }
}

extension EntryTiming {
  /// The digest of the schedule, of its `start_after`, and of whether it is enabled.
  var digest: ScheduleDigest { digest(enabled: enabled) }

  func digest(enabled: Bool) -> ScheduleDigest {
    var digest = ScheduleDigest()
    schedule.combine(into: &digest)
    digest.combine(startAfter?.microseconds ?? .min)
    digest.combine(enabled ? 1 : 0)
    return digest
  }

  /// Whether a digest belongs to this schedule, before its end or at it.
  func isMeant(by digest: ScheduleDigest) -> Bool {
    let own = self.digest
    return digest == own || digest == own.finished
  }

  /// Whether the document's clocked time differs from that of the watermark's schedule, so that it is due even if it
  /// has passed. A schedule that was only enabled or disabled does not differ.
  func isOtherInstant(than watermark: Watermark?) -> Bool {
    guard schedule.comesOnce, let digest = watermark?.digest, digest != .unusable, digest != .gone else { return false }
    return !isMeant(by: digest) && digest != self.digest(enabled: !enabled)
  }
}
