/// Instants at equal distances: `first`, `first + period`, `first + 2 * period`, … All in microseconds.
///
/// Callers keep `first` and every argument within some centuries of the years 1-9999, where nothing here overflows.
struct EvenSeries {
  let first: Int64
  let period: Int64

  func next(after time: Int64) -> Int64 {
    time < first ? first : first &+ ((time &- first) / period &+ 1) &* period
  }

  func latest(atOrBefore time: Int64) -> Int64? {
    time < first ? nil : first &+ (time &- first) / period &* period
  }

  func count(after start: Int64, atOrBefore end: Int64) -> Int64 {
    func upTo(_ time: Int64) -> Int64 { time < first ? 0 : (time &- first) / period &+ 1 }
    return max(0, upTo(end) &- upTo(start))
  }
}

/// Wall clock readings at equal distances, from `first` on.
struct EvenReadings: WallClockSeries {
  let first: Int64
  let period: Int64

  func nextReading(from reading: Int64) -> Int64? {
    let next = reading <= first ? first : EvenSeries(first: first, period: period).next(after: reading &- 1)
    // Some days beyond the year 9999, as no zone's clock is further ahead.
    return next <= UnixTime.latest.microseconds &+ 172_800_000_000 ? next : nil
  }

  // A period not longer than the change comes again soon enough on the clock as it is shown.
  func repeats(overlap: Int64) -> Bool { period <= overlap }
  func fills(gap: Int64) -> Bool { period > gap }
}

extension Interval {
  /// How the occurrences that belong to a base are found.
  enum Series {
    case even(EvenSeries)
    case wallClock(EvenReadings, ZoneRules)
  }

  private static let day: Int64 = 86_400_000_000

  /// The occurrences in the series that `base`, the previous due time or the time first seen, belongs to.
  func series(base: UnixTime) -> Series {
    let base = base.clamped
    guard relative else {
      guard let zone else { return .even(EvenSeries(first: base.microseconds &+ microseconds, period: microseconds)) }
      return .wallClock(EvenReadings(first: Self.firstMultiple(of: microseconds), period: microseconds), zone)
    }
    guard let unit = [Self.day, Self.day / 24, Self.day / 1_440].first(where: { microseconds >= $0 }) else {
      return .even(EvenSeries(first: base.microseconds &+ microseconds, period: microseconds))
    }
    // Once on a whole unit, what exceeds whole units is rounded away again and again: 90 s come every 60 s, as in Celery.
    let period = microseconds &- microseconds % unit
    let zone = zone ?? .utc
    if unit == Self.day {
      let reading = base.microseconds &+ Int64(zone.utcOffset(at: base)) &* 1_000_000
      let end = reading &+ microseconds
      return .wallClock(EvenReadings(first: end &- end.flooredRemainder(by: unit), period: period), zone)
    }
    let end = base.advanced(by: microseconds)
    let reading = end.microseconds &+ Int64(zone.utcOffset(at: end)) &* 1_000_000
    return .even(EvenSeries(first: end.microseconds &- reading.flooredRemainder(by: unit), period: period))
  }

  /// The first multiple of a period in the year 0, from where all readings of the years 1-9999 are reached.
  private static func firstMultiple(of period: Int64) -> Int64 {
    let start = UnixTime.earliest.microseconds &- 2 &* day
    return start &- start.flooredRemainder(by: period)
  }
}
