/// A date and time as a calendar and a clock on the wall show it: proleptic Gregorian, without a zone.
package struct CivilTime: Hashable, Comparable, Sendable {
  /// 1-9999 when made by the checking initializer; conversions of far instants may give more, or less than 1.
  package let year: Int
  /// 1-12.
  package let month: Int
  /// 1-31.
  package let day: Int
  /// 0-23.
  package let hour: Int
  /// 0-59.
  package let minute: Int
  /// 0-59; there are no leap seconds in Unix time.
  package let second: Int
  /// 0-999,999.
  package let microsecond: Int

  /// A checked date and time; nil if any part is out of its range or the month has no such day.
  package init?(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
  ) {
    guard (1...9999).contains(year), (1...12).contains(month), (0...23).contains(hour), (0...59).contains(minute),
      (0...59).contains(second), (0...999_999).contains(microsecond),
      day >= 1, Int64(day) <= Gregorian.daysInMonth(year: Int64(year), month: Int64(month))
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second, self.microsecond) = (hour, minute, second, microsecond)
  }

  /// What a clock that shows UTC shows at an instant.
  package init(utc time: UnixTime) {
    self.init(reading: time.microseconds)
  }

  /// A wall clock reading counted in microseconds, as if the wall clock were UTC.
  init(reading microseconds: Int64) {
    let seconds = microseconds.flooredDivision(by: 1_000_000)
    let days = seconds.flooredDivision(by: 86_400)
    let secondOfDay = Int(seconds &- days &* 86_400)
    let date = Gregorian.date(days: days)
    (year, month, day) = (Int(date.year), Int(date.month), Int(date.day))
    hour = secondOfDay / 3_600
    minute = secondOfDay / 60 % 60
    second = secondOfDay % 60
    microsecond = Int(microseconds.flooredRemainder(by: 1_000_000))
  }

  /// This reading counted in microseconds, as if the wall clock were UTC.
  var reading: Int64 {
    let seconds =
      daysSinceEpoch &* 86_400 &+ Int64(hour) &* 3_600 &+ Int64(minute) &* 60 &+ Int64(second)
    return seconds.saturatingMultiply(by: 1_000_000).saturatingAdd(Int64(microsecond))
  }

  private var daysSinceEpoch: Int64 {
    Gregorian.days(year: Int64(year), month: Int64(month), day: Int64(day))
  }

  /// The instant at which a clock that is `seconds` ahead of UTC (negative: behind) shows this. Saturates.
  package func instant(utcOffset seconds: Int) -> UnixTime {
    UnixTime(microseconds: reading.saturatingSubtract(Int64(seconds).saturatingMultiply(by: 1_000_000)))
  }

  /// 0 = Sunday … 6 = Saturday.
  package var dayOfWeek: Int { Int(Gregorian.dayOfWeek(days: daysSinceEpoch)) }

  /// 1 = 1 January … 365, or 366 in a leap year.
  package var dayOfYear: Int {
    Int(Gregorian.daysBefore(month: Int64(month), leap: Gregorian.isLeap(Int64(year)))) + day
  }

  package static func < (left: CivilTime, right: CivilTime) -> Bool {
    (left.year, left.month, left.day, left.hour, left.minute, left.second)
      == (right.year, right.month, right.day, right.hour, right.minute, right.second)
      ? left.microsecond < right.microsecond
      : (left.year, left.month, left.day, left.hour, left.minute, left.second)
        < (right.year, right.month, right.day, right.hour, right.minute, right.second)
  }
}
