/// A crontab's fields as bit masks, and the search for the next matching minute on a wall clock.
struct CrontabCalendar: Hashable, Sendable {
  /// Bit n is minute n.
  var minutes: UInt64
  /// `day_of_year`, bit n is day n (1-366), in six words; nil if it takes every day.
  var daysOfYear: [UInt64]?
  /// Bit n is hour n.
  var hours: UInt32
  /// Bit n is day n (1-31).
  var daysOfMonth: UInt32
  /// Bit n is month n (1-12).
  var months: UInt16
  /// Bit n is weekday n, 0 = Sunday.
  var daysOfWeek: UInt8

  static let allMinutes: UInt64 = 0x0FFF_FFFF_FFFF_FFFF
  static let allHours: UInt32 = 0xFF_FFFF
  static let allDaysOfMonth: UInt32 = 0xFFFF_FFFE
  static let allMonths: UInt16 = 0x1FFE
  static let allDaysOfWeek: UInt8 = 0x7F

  func combine(into digest: inout ScheduleDigest) {
    digest.combine(Int64(bitPattern: minutes))
    for word in daysOfYear ?? [] { digest.combine(Int64(bitPattern: word)) }
    for field in [hours, daysOfMonth, UInt32(months), UInt32(daysOfWeek)] { digest.combine(Int64(field)) }
  }

  /// The matching days of a month: bit n is day n + 1. `firstWeekday` is that of the month's first day.
  func matchingDays(month: Int64, leap: Bool, length: Int64, firstWeekday: Int64) -> UInt32 {
    guard months >> UInt16(truncatingIfNeeded: month) & 1 == 1 else { return 0 }
    // The week's pattern nine times in a row, from which 31 days beginning at any weekday are cut.
    let weeks = UInt64(daysOfWeek) &* 0x0102_0408_1020_4081
    var days = daysOfMonth >> 1 & UInt32(truncatingIfNeeded: weeks >> UInt64(firstWeekday))
    days &= UInt32.max >> UInt32(truncatingIfNeeded: 32 &- length)
    if let daysOfYear {
      let first = Int(Gregorian.daysBefore(month: month, leap: leap)) + 1
      let (word, shift) = (first >> 6, UInt64(first & 63))
      var slice = daysOfYear[word] >> shift
      if shift > 0, word + 1 < daysOfYear.count { slice |= daysOfYear[word + 1] << (64 - shift) }
      days &= UInt32(truncatingIfNeeded: slice)
    }
    return days
  }

  /// Whether any year has a matching day. There are fourteen kinds of years, by their length and the weekday they
  /// begin with, and the Gregorian calendar has all of them; so this is exact.
  var canMatch: Bool {
    guard minutes != 0, hours != 0 else { return false }
    for leap in [false, true] {
      for firstWeekday in Int64(0)..<7 {
        for month in Int64(1)...12 {
          let weekday = (firstWeekday + Gregorian.daysBefore(month: month, leap: leap)) % 7
          let length = Gregorian.daysInMonth(year: leap ? 4 : 1, month: month)
          if matchingDays(month: month, leap: leap, length: length, firstWeekday: weekday) != 0 { return true }
        }
      }
    }
    return false
  }

  /// The first matching day at or after one, counted from 1970-01-01; nil if there is none up to the year 10000.
  ///
  /// The longest wait of a crontab that matches at all is 40 years, for a 29 February on a given weekday around a year
  /// such as 2100, which has none. Fifty years of months are the bound of the search.
  private func nextDay(from day: Int64) -> Int64? {
    var date = Gregorian.date(days: day)
    var firstOfMonth = day &- date.day &+ 1
    var passed = UInt32(truncatingIfNeeded: date.day &- 1)
    for _ in 0..<600 {
      guard date.year <= 10_000 else { return nil }
      let leap = Gregorian.isLeap(date.year)
      let length = Gregorian.daysInMonth(year: date.year, month: date.month)
      var days = matchingDays(
        month: date.month, leap: leap, length: length, firstWeekday: Gregorian.dayOfWeek(days: firstOfMonth))
      days &= UInt32.max << passed
      if days != 0 { return firstOfMonth &+ Int64(days.trailingZeroBitCount) }
      passed = 0
      firstOfMonth &+= length
      date.month &+= 1
      if date.month > 12 { (date.year, date.month) = (date.year &+ 1, 1) }
    }
    return nil
  }

  /// The first matching minute at or after a reading; both in minutes since 1970-01-01 as the wall clock counts.
  func nextMinute(from reading: Int64) -> Int64? {
    let day = reading.flooredDivision(by: 1_440)
    guard let match = nextDay(from: day) else { return nil }
    if match == day {
      let minuteOfDay = reading &- day &* 1_440
      let (hour, minute) = (UInt32(truncatingIfNeeded: minuteOfDay / 60), UInt64(minuteOfDay % 60))
      if hours >> hour & 1 == 1 {
        let left = minutes & (UInt64.max << minute)
        if left != 0 { return day &* 1_440 &+ Int64(hour) &* 60 &+ Int64(left.trailingZeroBitCount) }
      }
      let left = hours & (UInt32.max << (hour &+ 1))
      if left != 0 { return firstMinute(day: day, hours: left) }
      return nextDay(from: day &+ 1).map { firstMinute(day: $0, hours: hours) }
    }
    return firstMinute(day: match, hours: hours)
  }

  private func firstMinute(day: Int64, hours: UInt32) -> Int64 {
    day &* 1_440 &+ Int64(hours.trailingZeroBitCount) &* 60 &+ Int64(minutes.trailingZeroBitCount)
  }
}
