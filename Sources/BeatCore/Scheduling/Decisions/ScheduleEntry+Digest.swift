extension ScheduleEntry {
  /// Under which schedule it stands, and whether that has come to its end: so that whoever loads it later can tell an
  /// end that was lifted.
  var digest: ScheduleDigest {
    let digest = timing.digest
    return timing.enabled && finish != nil ? digest.finished : digest
  }

  /// The same after a run.
  func digest(afterRun due: UnixTime, count: Int64) -> ScheduleDigest {
    guard timing.mayFinish else { return timing.digest }
    var next = self
    next.ran(due, count: count)
    return next.digest
  }

  /// Whether a watermark was written under another schedule than the document's, or at an end that has been lifted
  /// since.
  func isUnheard(_ watermark: Watermark?, now: UnixTime) -> Bool {
    guard let digest = watermark?.digest else { return false }
    let own = timing.digest
    return digest == own.finished ? timing.enabled && !isOver(at: now) : digest != own
  }
}

extension EntryTiming {
  /// Of the schedule, of when it begins, and of whether it is switched on.
  var digest: ScheduleDigest { digest(enabled: enabled) }

  func digest(enabled: Bool) -> ScheduleDigest {
    var digest = ScheduleDigest()
    schedule.combine(into: &digest)
    digest.combine(startAfter?.microseconds ?? .min)
    digest.combine(enabled ? 1 : 0)
    return digest
  }

  /// Whether a digest was written by this schedule, at its end or before.
  func isMeant(by digest: ScheduleDigest) -> Bool {
    let own = self.digest
    return digest == own || digest == own.finished
  }

  /// Whether the document's clocked time is another one than the schedule's that the watermark is of, and so is due
  /// even if it has passed. One that was only switched on is not.
  func isOtherInstant(than watermark: Watermark?) -> Bool {
    guard schedule.comesOnce, let digest = watermark?.digest, digest != .unusable, digest != .gone else { return false }
    return !isMeant(by: digest) && digest != self.digest(enabled: !enabled)
  }
}
