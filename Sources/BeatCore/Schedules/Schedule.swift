/// When a document's task is due.
///
/// Everything here is a pure function of the schedule and the instants given; no clock is read.
package enum Schedule: Hashable, Sendable {
  case interval(Interval)
  /// A crontab is three times as large as the others: it is allocated by itself, and shared by the schedules that were
  /// read from the same text.
  indirect case crontab(Crontab)
  /// Once, at an instant.
  case clocked(UnixTime)

  /// The first occurrence strictly after `time`, in the series that `base` (the previous due time, or the time the
  /// schedule was first seen) belongs to. Nil if there is none any more, up to the end of year 9999.
  ///
  /// A plain interval gives `base + k * every` with k of 1 or more, so a late look does not shift what follows.
  /// Crontabs and aligned intervals follow the wall clock, and `base` does not matter.
  package func nextDue(after time: UnixTime, base: UnixTime) -> UnixTime? {
    occurrences(base: base).next(after: time)
  }

  /// The newest occurrence after `time` and not after `now`; nil if there is none. However long the span, the work is
  /// bounded: one division for plain intervals, about a hundred steps of `nextDue` at most for the others.
  package func latestDue(atOrBefore now: UnixTime, after time: UnixTime, base: UnixTime) -> UnixTime? {
    occurrences(base: base).latest(atOrBefore: now, after: time)
  }

  /// The number of occurrences after `time` and not after `now`, counted up to `limit`. Of a crontab or an interval on the
  /// wall clock, more than a thousand may be an hour's worth wrong for each change of clocks.
  package func occurrences(after time: UnixTime, atOrBefore now: UnixTime, base: UnixTime, limit: Int) -> Int {
    occurrences(base: base).count(after: time, atOrBefore: now, limit: limit)
  }

  private func occurrences(base: UnixTime) -> Occurrences {
    switch self {
    case .crontab(let crontab): .crontab(crontab)
    case .clocked(let time): .once(time)
    case .interval(let interval):
      switch interval.series(base: base) {
      case .even(let series): .even(series)
      case .wallClock(let readings, let zone): .readings(readings, zone)
      }
    }
  }
}

/// The occurrences of a schedule, its base settled.
private enum Occurrences {
  case even(EvenSeries)
  case readings(EvenReadings, ZoneRules)
  case crontab(Crontab)
  case once(UnixTime)

  func next(after time: UnixTime) -> UnixTime? {
    switch self {
    case .crontab(let crontab): return crontab.nextDue(after: time)
    case .readings(let readings, let zone): return readings.nextDue(after: time, in: zone)
    case .once(let due): return due > time && due <= .latest ? due : nil
    case .even(let series):
      let next = UnixTime(microseconds: series.next(after: time.clamped.microseconds))
      return next > time && next <= .latest ? next : nil
    }
  }

  func latest(atOrBefore now: UnixTime, after time: UnixTime) -> UnixTime? {
    guard time < now else { return nil }
    if case .even(let series) = self {
      guard let latest = series.latest(atOrBefore: now.clamped.microseconds) else { return nil }
      let due = UnixTime(microseconds: latest)
      return due > time && due <= now ? due : nil
    }
    guard var newest = next(after: time), newest <= now else { return nil }
    // Below `bound` some occurrence up to `now` still follows; from `bound` on none does.
    var bound = now
    var lookBack: Int64 = 60_000_000
    while true {
      let probe = now.advanced(by: -lookBack)
      guard probe > newest else { break }
      if let found = next(after: probe), found <= now {
        newest = found
        break
      }
      bound = probe
      lookBack = lookBack.saturatingMultiply(by: 8)
    }
    while let found = next(after: newest), found <= now {
      newest = found
      let middle = newest.advanced(by: bound.microseconds(since: newest) / 2)
      if let far = next(after: middle), far <= now { newest = far } else { bound = middle }
    }
    return newest
  }

  /// The most occurrences that are counted one by one.
  private static let mostSteps = 1_000

  /// The number of occurrences, but for the days on which clocks are changed; without looking at each.
  private func estimate(after time: UnixTime, atOrBefore now: UnixTime) -> Int {
    switch self {
    case .even, .once: 0
    case .readings(let readings, _): Int(clamping: now.microseconds(since: time) / readings.period)
    case .crontab(let crontab): Int(clamping: crontab.count(after: time, atOrBefore: now))
    }
  }

  func count(after time: UnixTime, atOrBefore now: UnixTime, limit: Int) -> Int {
    guard limit > 0, time < now else { return 0 }
    if case .even(let series) = self {
      let after = max(time, UnixTime.earliest.advanced(by: -1)).microseconds
      let count = series.count(after: min(after, UnixTime.latest.microseconds), atOrBefore: now.clamped.microseconds)
      return min(limit, Int(count))
    }
    var (count, cursor) = (0, time)
    while count < min(limit, Self.mostSteps), let due = next(after: cursor), due <= now {
      count += 1
      cursor = due
    }
    guard count == Self.mostSteps, count < limit else { return count }
    return min(limit, count + estimate(after: cursor, atOrBefore: now))
  }
}
