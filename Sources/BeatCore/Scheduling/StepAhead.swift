/// A step of the store's clock ahead. Times that were stored before it are earlier than the new clock would have shown.
struct StepAhead {
  /// The time on the old clock at the step.
  let at: UnixTime
  /// How far the clock was set ahead; microseconds.
  let length: Int64

  /// Makes the step; nil: the clock was set back.
  ///
  /// - Parameter now: by the new clock.
  init?(_ step: Int64, now: UnixTime) {
    guard step > 0 else { return nil }
    at = now.advanced(by: -step)
    length = step
  }
}

extension StepAhead? {
  /// A stored time of a schedule, by the present clock. It may come from before a known step. Only an interval's time
  /// moves: the step changed no elapsed time.
  func present(_ time: UnixTime, of schedule: Schedule) -> UnixTime {
    guard let self, time <= self.at, schedule.isElapsedTime else { return time }
    return time.advanced(by: self.length)
  }
}
