/// The store's clock was set ahead: what had been kept before shows an earlier time than it would now.
struct StepAhead {
  /// What the old clock showed.
  let at: UnixTime
  /// Microseconds.
  let length: Int64

  /// nil: the clock was set back.
  ///
  /// - Parameter now: by the new clock.
  init?(_ step: Int64, now: UnixTime) {
    guard step > 0 else { return nil }
    at = now.advanced(by: -step)
    length = step
  }
}

extension StepAhead? {
  /// A time that was kept for a schedule, by the clock as it is now: what is read may be from before a step of which we
  /// know. Elapsed time did not change by it.
  func present(_ time: UnixTime, of schedule: Schedule) -> UnixTime {
    guard let self, time <= self.at, schedule.isElapsedTime else { return time }
    return time.advanced(by: self.length)
  }
}
