/// The newest of many occurrences that have passed, found without looking at each of them.
extension Schedule {
  /// A time after which at most `count` occurrences lie up to `now`: as many as that, but for the days on which clocks are
  /// changed. nil: no more than that lie between `time` and `now`.
  ///
  /// Arithmetic for intervals; for crontabs months are looked at, 24,000 of them at most (0.4 ms). `base` as in `nextDue`.
  func beginning(ofNewest count: Int, atOrBefore now: UnixTime, after time: UnixTime) -> UnixTime? {
    let count = Int64(count)
    switch self {
    case .clocked: return nil
    case .interval: return beginning(ofNewest: count, each: shortestGap ?? .max, atOrBefore: now, after: time)
    case .crontab(let crontab):
      // A crontab has one occurrence a minute at most.
      guard let bound = beginning(ofNewest: count, each: 60_000_000, atOrBefore: now, after: time) else { return nil }
      guard let start = crontab.beginning(ofNewest: count, atOrBefore: now, after: time) else { return nil }
      return start > time ? min(start, bound) : nil
    }
  }

  private func beginning(
    ofNewest count: Int64, each period: Int64, atOrBefore now: UnixTime, after time: UnixTime
  ) -> UnixTime? {
    let start = now.advanced(by: -count.saturatingMultiply(by: period))
    return start > time ? start : nil
  }
}

extension Crontab {
  /// What the crontab's clock shows at an instant, in minutes since 1970, as `CrontabCalendar` counts.
  private func reading(_ time: UnixTime) -> Int64 {
    let offset = Int64(zone.utcOffset(at: time)) &* 1_000_000
    return time.clamped.microseconds.saturatingAdd(offset).flooredDivision(by: 60_000_000)
  }

  /// Occurrences after `time` and not after `now`, without regard to changes of clocks.
  func count(after time: UnixTime, atOrBefore now: UnixTime) -> Int64 {
    calendar.count(after: reading(time), atOrBefore: reading(now))
  }

  fileprivate func beginning(
    ofNewest count: Int64, atOrBefore now: UnixTime, after time: UnixTime
  ) -> UnixTime? {
    guard let first = calendar.newest(count, atOrBefore: reading(now), after: reading(time)) else { return nil }
    // Its own reading, a minute before: what is shown then may be another offset's, of an hour or so.
    let shown = UnixTime(microseconds: first &* 60_000_000)
    return shown.advanced(by: -Int64(zone.utcOffset(at: shown)) &* 1_000_000).advanced(by: -1)
  }
}

extension CrontabCalendar {
  private var perHour: Int64 { Int64(minutes.nonzeroBitCount) }
  private var perDay: Int64 { perHour &* Int64(hours.nonzeroBitCount) }

  /// The n-th minute of a matching day, from 0.
  private func minute(_ n: Int64) -> Int64 {
    Int64(UInt64(hours).place(ofBit: n / perHour)) &* 60 &+ Int64(minutes.place(ofBit: n % perHour))
  }

  /// How many minutes of a matching day come after one.
  private func left(after minuteOfDay: Int64) -> Int64 {
    let (hour, minute) = (minuteOfDay / 60, minuteOfDay % 60)
    let later = Int64(((hours >> UInt32(hour)) >> 1).nonzeroBitCount) &* perHour
    guard hours >> UInt32(hour) & 1 == 1 else { return later }
    return later &+ Int64(((minutes >> UInt64(minute)) >> 1).nonzeroBitCount)
  }

  /// Walks the months back from a reading, with the matching days of each, until it is told to stop.
  private func walkBack(from day: Int64, _ visit: (_ firstOfMonth: Int64, _ days: UInt32) -> Bool) {
    var date = Gregorian.date(days: day)
    var firstOfMonth = day &- date.day &+ 1
    var passed = UInt32.max >> UInt32(truncatingIfNeeded: 32 &- date.day)
    while true {
      let days = matchingDays(
        month: date.month, leap: Gregorian.isLeap(date.year),
        length: Gregorian.daysInMonth(year: date.year, month: date.month),
        firstWeekday: Gregorian.dayOfWeek(days: firstOfMonth))
      guard visit(firstOfMonth, days & passed) else { return }
      passed = .max
      date.month &-= 1
      if date.month < 1 { (date.year, date.month) = (date.year &- 1, 12) }
      firstOfMonth &-= Gregorian.daysInMonth(year: date.year, month: date.month)
    }
  }

  /// Occurrences after `floor` and not after `reading`. In minutes, as in `nextMinute`, and without regard to changes of
  /// clocks; so in the next one.
  func count(after floor: Int64, atOrBefore reading: Int64) -> Int64 {
    func upTo(_ reading: Int64, _ days: UInt32, _ firstOfMonth: Int64) -> Int64 {
      let day = reading.flooredDivision(by: 1_440)
      let place = day &- firstOfMonth
      guard place >= 0 else { return 0 }
      guard place < 31 else { return Int64(days.nonzeroBitCount) &* perDay }
      let whole = days & (UInt32.max >> UInt32(truncatingIfNeeded: 31 &- place))
      let isOn = days >> UInt32(truncatingIfNeeded: place) & 1 == 1
      return Int64(whole.nonzeroBitCount) &* perDay &- (isOn ? left(after: reading &- day &* 1_440) : 0)
    }
    guard floor < reading else { return 0 }
    var count: Int64 = 0
    walkBack(from: reading.flooredDivision(by: 1_440)) { firstOfMonth, days in
      count &+= upTo(reading, days, firstOfMonth) &- upTo(floor, days, firstOfMonth)
      return firstOfMonth &* 1_440 > floor
    }
    return count
  }

  /// The reading of the newest occurrence but `count - 1` at or before one; nil: fewer lie after `floor`.
  func newest(_ count: Int64, atOrBefore reading: Int64, after floor: Int64) -> Int64? {
    let today = reading.flooredDivision(by: 1_440)
    var left = count
    var found: Int64?
    walkBack(from: today) { firstOfMonth, days in
      // Today's that are still to come do not count.
      let place = today &- firstOfMonth
      if place < 31, days >> UInt32(truncatingIfNeeded: place) & 1 == 1 {
        left &+= self.left(after: reading &- today &* 1_440)
      }
      let here = Int64(days.nonzeroBitCount) &* perDay
      guard left > here else {
        // From the month's last one back, counted from its first.
        let place = here &- left
        let day = firstOfMonth &+ Int64(UInt64(days).place(ofBit: place / perDay))
        found = day &* 1_440 &+ minute(place % perDay)
        return false
      }
      left &-= here
      return firstOfMonth &* 1_440 > floor
    }
    return found.flatMap { $0 > floor ? $0 : nil }
  }
}

extension UInt64 {
  /// The place of the n-th bit that is set, from 0; 64: fewer are set.
  fileprivate func place(ofBit n: Int64) -> Int {
    var bits = self
    for _ in 0..<Swift.max(0, n) { bits &= bits &- 1 }
    return bits.trailingZeroBitCount
  }
}
