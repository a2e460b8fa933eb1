/// The least time from one occurrence to the next.
extension Schedule {
  /// Microseconds, and no more than it is: what is known without looking at a crontab's fields.
  var pace: Int64 {
    switch self {
    case .clocked: .max
    case .crontab: Period.minutes.microseconds
    case .interval(let interval): interval.microseconds
    }
  }

  /// The least time between two occurrences where it is less than `limit`, microseconds; nil: it is not. A crontab's
  /// fields are looked at only where a minute is less, too.
  func shortestGap(below limit: Int64) -> Int64? {
    switch self {
    case .crontab where limit <= Period.minutes.microseconds: nil
    case .interval, .crontab, .clocked: shortestGap.flatMap { $0 < limit ? $0 : nil }
    }
  }

  /// Microseconds, on days on which clocks are not changed; nil for one that comes once. Of a crontab that leaves days
  /// out it may be less than what ever comes, but for its minutes and hours.
  var shortestGap: Int64? {
    switch self {
    case .clocked: return nil
    case .crontab(let crontab): return crontab.calendar.shortestGap
    case .interval(let interval):
      guard interval.relative else { return interval.microseconds }
      // What exceeds whole units is rounded away each time.
      let unit = [Period.days, .hours, .minutes].first { interval.microseconds >= $0.microseconds }
      return unit.map { interval.microseconds - interval.microseconds % $0.microseconds } ?? interval.microseconds
    }
  }
}

extension CrontabCalendar {
  /// From one matching minute of a day to the next one, the first of the next day included.
  fileprivate var shortestGap: Int64 {
    let hours = (0..<24).filter { self.hours >> UInt32($0) & 1 == 1 }
    let minutes = (0..<60).filter { self.minutes >> UInt64($0) & 1 == 1 }
    let times = hours.flatMap { hour in minutes.map { hour * 60 + $0 } }
    guard let first = times.first, let last = times.last else { return 86_400_000_000 }
    var shortest = first + 1_440 - last
    for (time, next) in zip(times, times.dropFirst()) { shortest = min(shortest, next - time) }
    return Int64(shortest) * 60_000_000
  }
}
