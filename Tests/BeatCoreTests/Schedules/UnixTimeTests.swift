import Testing

@testable import BeatCore

@Suite struct UnixTimeTests {
  @Test func saturates() {
    let end = UnixTime(microseconds: .max)
    let start = UnixTime(microseconds: .min)
    #expect(end.advanced(by: 1) == end)
    #expect(start.advanced(by: -1) == start)
    #expect(end.microseconds(since: start) == .max)
    #expect(start.microseconds(since: end) == .min)
    #expect(UnixTime(seconds: .max) == end)
    #expect(UnixTime(seconds: .min) == start)
    #expect(UnixTime(seconds: -1).advanced(by: 1).seconds == -1)
  }

  @Test(
    arguments: [
      ("2026-03-08T02:30:00Z", 1_772_937_000_000_000),
      ("2026-03-08 02:30:00", 1_772_937_000_000_000),
      ("2026-03-08t02:30z", 1_772_937_000_000_000),
      ("2026-03-08T02:30:00.5+01:00", 1_772_933_400_500_000),
      ("2026-03-08T02:30:00,000001-0530", 1_772_956_800_000_001),
      ("2026-03-08T02:30:00.123456789-05", 1_772_955_000_123_456),
      ("2026-03-08", 1_772_928_000_000_000),
      ("1969-12-31T23:59:59.999999Z", -1),
      ("2000-02-29", 951_782_400_000_000),
      ("0001-01-01T00:00:00Z", UnixTime.earliest.microseconds),
      ("9999-12-31T23:59:59.999999Z", UnixTime.latest.microseconds),
    ] as [(String, Int64)])
  func reads(text: String, microseconds: Int64) {
    #expect(UnixTime(iso8601: text)?.microseconds == microseconds)
    #expect(UnixTime(iso8601: Substring(text))?.microseconds == microseconds)
  }

  @Test(arguments: [
    "", "2026", "2026-3-8", "2026-02-30", "2100-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "0000-01-01",
    "2026-03-08T", "2026-03-08T24:00:00", "2026-03-08T02:60:00", "2026-03-08T02:30:60", "2026-03-08T02:30:00.",
    "2026-03-08T02:30:00+24:00", "2026-03-08T02:30:00+01:60", "2026-03-08T02:30:00+1", "2026-03-08T02:30:00Z ",
    " 2026-03-08", "2026-03-08Z", "+2026-03-08", "2026-03-08T02:30:00 Z", "2026-03-08T02", "99999-01-01",
    "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "２０２６-03-08",
    "2026-03-08T02:30:00.0000000000000000000000000000000000000000000000000000000001Z",
  ])
  func refuses(text: String) {
    #expect(UnixTime(iso8601: text) == nil)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (1_500_000, "1970-01-01T00:00:01.5Z"),
      (-1, "1969-12-31T23:59:59.999999Z"), (Int64.max, "+294247-01-10T04:00:54.775807Z"),
      (Int64.min, "-290308-12-21T19:59:05.224192Z"),
    ] as [(Int64, String)])
  func writes(microseconds: Int64, text: String) {
    #expect(UnixTime(microseconds: microseconds).iso8601 == text)
  }

  @Test func readsWhatItWrites() {
    var chance = SeededChance(seed: 8601)
    for _ in 0..<20_000 {
      let time = chance.time(from: -62_135_596_800, to: 253_402_300_799)
      #expect(UnixTime(iso8601: time.iso8601) == time)
    }
  }

  /// Each day of two cycles of 400 years follows the one before it, by a calendar that only counts.
  @Test(arguments: [(1, -719_162, 1), (1_601, -134_774, 1)])
  func countsEveryDay(firstYear: Int, firstDay: Int, firstWeekday: Int) {
    var (year, month, day, dayOfYear, weekday) = (firstYear, 1, 1, 1, firstWeekday)
    var failures = 0
    for days in firstDay..<(firstDay + 146_097) {
      let civil = CivilTime(utc: UnixTime(seconds: Int64(days) * 86_400))
      if (civil.year, civil.month, civil.day) != (year, month, day) || civil.dayOfYear != dayOfYear
        || civil.dayOfWeek != weekday || civil.instant(utcOffset: 0).seconds != Int64(days) * 86_400
      {
        failures += 1
      }
      weekday = (weekday + 1) % 7
      dayOfYear += 1
      day += 1
      let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month, dayOfYear) = (year + 1, 1, 1) }
    }
    #expect(failures == 0)
    #expect((year, month, day) == (firstYear + 400, 1, 1))
  }

  @Test func refusesDatesThatDoNotExist() {
    #expect(CivilTime(year: 2026, month: 2, day: 29) == nil)
    #expect(CivilTime(year: 2028, month: 2, day: 29)?.dayOfYear == 60)
    #expect(CivilTime(year: 10_000, month: 1, day: 1) == nil)
    #expect(CivilTime(year: 2026, month: 1, day: 1, hour: 24) == nil)
    #expect(CivilTime(year: 2026, month: 1, day: 1, microsecond: 1_000_000) == nil)
    #expect(CivilTime(year: 2026, month: .max, day: .min) == nil)
  }

  @Test func ordersCivilTimes() throws {
    let early = try #require(CivilTime(year: 2026, month: 1, day: 31, hour: 23, microsecond: 1))
    let late = try #require(CivilTime(year: 2026, month: 2, day: 1))
    let later = try #require(CivilTime(year: 2026, month: 2, day: 1, microsecond: 1))
    #expect(early < late && late < later && !(later < early))
    #expect(early.instant(utcOffset: .max) < .earliest)
  }
}
