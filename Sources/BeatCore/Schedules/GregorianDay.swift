/// Arithmetic of the proleptic Gregorian calendar on whole days counted from 1970-01-01.
///
/// Years are shifted to begin in March, so that the leap day is the last day of a year and the lengths of the months
/// follow one linear formula; 400 years, 146,097 days, are one cycle. (The method is well known; see Howard Hinnant,
/// "chrono-compatible low-level date algorithms".)
enum Gregorian {
  static let daysPerCycle: Int64 = 146_097
  /// Days from 0000-03-01, where a cycle begins, to 1970-01-01.
  private static let cycleStart: Int64 = 719_468

  /// Days since 1970-01-01. `month` is 1-12; a day beyond the month's end counts on into the next month.
  /// Years must lie within about ±290,000, which every `UnixTime` does.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month > 2 ? year : year &- 1
    let cycle = shifted.flooredDivision(by: 400)
    let yearOfCycle = shifted &- cycle &* 400
    let monthFromMarch = month > 2 ? month &- 3 : month &+ 9
    let dayOfYear = (153 &* monthFromMarch &+ 2) / 5 &+ day &- 1
    let dayOfCycle = yearOfCycle &* 365 &+ yearOfCycle / 4 &- yearOfCycle / 100 &+ dayOfYear
    return cycle &* daysPerCycle &+ dayOfCycle &- cycleStart
  }

  /// The calendar date of a day counted from 1970-01-01.
  static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days &+ cycleStart
    let cycle = shifted.flooredDivision(by: daysPerCycle)
    let dayOfCycle = shifted &- cycle &* daysPerCycle
    // Undo the leap days: one every 1,461 days, none every 36,524, one every 146,096.
    let yearOfCycle = (dayOfCycle &- dayOfCycle / 1_460 &+ dayOfCycle / 36_524 &- dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle &- (365 &* yearOfCycle &+ yearOfCycle / 4 &- yearOfCycle / 100)
    let monthFromMarch = (5 &* dayOfYear &+ 2) / 153
    let day = dayOfYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1
    let month = monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9
    let year = cycle &* 400 &+ yearOfCycle &+ (month <= 2 ? 1 : 0)
    return (year, month, day)
  }

  static func isLeap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  /// Days of a month; `month` is 1-12.
  static func daysInMonth(year: Int64, month: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days of the year before the first of a month; `month` is 1-12.
  static func daysBefore(month: Int64, leap: Bool) -> Int64 {
    let firstOfMarch: Int64 = leap ? 60 : 59
    return month > 2 ? (153 &* (month &- 3) &+ 2) / 5 &+ firstOfMarch : (month &- 1) &* 31
  }

  /// 0 = Sunday … 6 = Saturday. 1970-01-01 was a Thursday.
  static func dayOfWeek(days: Int64) -> Int64 { (days &+ 4).flooredRemainder(by: 7) }
}
