import Testing

@testable import BeatCore

@Suite struct IntervalTests {
  // MARK: Making

  @Test(
    arguments: [
      (0.1, Period.seconds, 100_000), (1.5, .hours, 5_400_000_000), (30, .seconds, 30_000_000),
      (0.0000015, .seconds, 2), (0.0000025, .seconds, 2), (2.5, .microseconds, 2), (3.5, .microseconds, 4),
      (1, .weeks, 604_800_000_000), (20, .milliseconds, 20_000), (36_525, .days, Interval.longest),
    ] as [(Double, Period, Int64)])
  func roundsToMicroseconds(every: Double, period: Period, microseconds: Int64) throws {
    #expect(try Interval.microseconds(every: every, period: period) == microseconds)
  }

  @Test(arguments: [
    (Double.nan, "nan seconds is not a number"), (.infinity, "inf seconds is not a number"),
    (-.infinity, "-inf seconds is not a number"), (0, "0.0 seconds is not positive"),
    (-0.0, "-0.0 seconds is not positive"), (-5, "-5.0 seconds is not positive"),
    (1e-9, "1e-09 seconds is less than a microsecond"), (1e300, "1e+300 seconds is over 100 years"),
    (3_155_760_001, "3155760001.0 seconds is over 100 years"),
  ])
  func refuses(every: Double, message: String) {
    let error = #expect(throws: IntervalError.self) { try Interval.microseconds(every: every, period: .seconds) }
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test func refusesWholeNumbers() throws {
    for every in [0, -1, Int64.min, .max, 36_526] {
      #expect(throws: IntervalError.self) { try Interval.microseconds(every: every, period: .days) }
    }
    #expect(try Interval.microseconds(every: Int64(36_525), period: .days) == Interval.longest)
  }

  @Test func hasAFloor() throws {
    let error = #expect(throws: IntervalError.self) { try Interval(microseconds: 9_999) }
    #expect(error?.message == "9999 microseconds is too short; the shortest interval is 10 milliseconds")
    #expect(try Interval(microseconds: 9_999, floor: 1).microseconds == 9_999)
    #expect(throws: IntervalError.self) { try Interval(microseconds: 0, floor: 0) }
    #expect(throws: IntervalError.self) { try Interval(microseconds: .max) }
  }

  @Test func readsPeriods() {
    for period in Period.allCases {
      #expect(Period.parse(period.rawValue).map { $0.0 == period && $0.warning == nil } == true)
    }
    let minute = Period.parse("minute")
    #expect(minute?.0 == .minutes)
    #expect(minute?.warning == #"period "minute" is read as "minutes""#)
    #expect(Period.parse("Days").map { $0.0 == .days && $0.warning != nil } == true)
    for text in ["", "s", "sec", "month", "years", "minutes ", String(repeating: "m", count: 1_000_000)] {
      #expect(Period.parse(text) == nil)
    }
  }

  // MARK: Occurrences

  @Test func countsFromTheBase() throws {
    let base = try time("2026-01-01T00:00:07.5")
    let schedule = Schedule.interval(try Interval(microseconds: 300_000_000))
    func next(_ text: String) throws -> String? { schedule.nextDue(after: try time(text), base: base)?.iso8601 }
    #expect(try next("2026-01-01T00:00:07.5") == "2026-01-01T00:05:07.5Z")
    #expect(try next("2025-12-31T23:40") == "2026-01-01T00:05:07.5Z")
    // A question at a later time does not move the following occurrences.
    #expect(try next("2026-01-01T00:07") == "2026-01-01T00:10:07.5Z")
    #expect(try next("2026-01-01T00:10:07.5") == "2026-01-01T00:15:07.5Z")
    let now = try time("2027-01-01")
    #expect(schedule.latestDue(atOrBefore: now, after: base, base: base)?.iso8601 == "2026-12-31T23:55:07.5Z")
    #expect(schedule.occurrences(after: base, atOrBefore: now, base: base, limit: 1_000_000) == 105_119)
    #expect(schedule.occurrences(after: base, atOrBefore: now, base: base, limit: 10) == 10)
  }

  @Test func staysWithinTime() throws {
    let schedule = Schedule.interval(try Interval(microseconds: Interval.longest))
    let ends = [UnixTime(microseconds: .min), .earliest, .latest, UnixTime(microseconds: .max)]
    for base in ends {
      for after in ends {
        if let due = schedule.nextDue(after: after, base: base) { #expect(due > after && due <= .latest) }
        _ = schedule.latestDue(atOrBefore: ends[3], after: after, base: base)
        #expect((0...5).contains(schedule.occurrences(after: after, atOrBefore: ends[3], base: base, limit: 5)))
      }
    }
    #expect(schedule.nextDue(after: .latest, base: .earliest) == nil)
    #expect(schedule.nextDue(after: .earliest, base: .earliest) == UnixTime.earliest.advanced(by: Interval.longest))
  }

  /// Intervals are rounded down as Celery does it: plain and relative ones, in UTC and, away from changes, in zones.
  @Test func roundsAsCeleryDoes() throws {
    var chance = SeededChance(seed: 90)
    var cases: [(every: Int, relative: Bool, zone: ZoneRules, start: Int64, ours: [Int64])] = []
    let zones = try ["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Kiritimati"].map {
      try TimeTesting.zone($0)
    }
    for _ in 0..<4_000 {
      let zone = chance.one(of: zones)
      let every = chance.number(1...chance.one(of: [59, 3_599, 86_399, 1_000_000, 10_000_000]))
      let relative = !chance.once(in: 4)
      let start = UnixTime(seconds: chance.time(from: 0, to: 4_000_000_000).seconds)
      let schedule = Schedule.interval(
        try Interval(microseconds: Int64(every) * 1_000_000, relative: relative, alignedIn: relative ? zone : nil))
      var times: [Int64] = []
      var time = start
      for _ in 0..<3 {
        time = try #require(schedule.nextDue(after: time, base: start))
        times.append(time.seconds)
      }
      if relative, zone != .utc, let change = zone.nextTransition(after: start.advanced(by: -86_400_000_000)),
        change <= time.advanced(by: 86_400_000_000), every < 86_400
      {
        // Hours are real ones in both, but over a change only the first step is rounded alike.
        times = [times[0]]
        if change <= UnixTime(seconds: times[0] + 86_400) { continue }
      }
      cases.append((every, relative, zone, start.seconds, times))
    }
    #expect(cases.count > 3_500)
    let answers = try TimeTesting.ask(
      "celery_oracle.py", python: TimeTesting.celeryPython,
      requests: cases.map {
        #"{"every": \#($0.every), "relative": \#($0.relative), "zone": "\#($0.zone.name)", "times": [\#($0.start)], "#
          + #""count": \#($0.ours.count)}"#
      })
    for (example, answer) in zip(cases, answers) {
      #expect(
        answer == example.ours.map(String.init).joined(separator: " "),
        "every \(example.every) s in \(example.zone.name) relative \(example.relative) from \(example.start)")
    }
  }

  @Test(arguments: [
    // Measured with Celery: an hour from 23:17:05, ninety seconds from 23:59:50.
    (3_600, "UTC", "2026-01-01T23:17:05", ["2026-01-02T00:00", "2026-01-02T01:00"]),
    (90, "UTC", "2026-01-01T23:59:50", ["2026-01-02T00:01", "2026-01-02T00:02"]),
    (86_400, "America/New_York", "2026-03-06T12:00-05", ["2026-03-07-05", "2026-03-08-05", "2026-03-09-04"]),
    (
      86_400, "Asia/Beirut", "2026-03-27T12:00+02",
      ["2026-03-28T00:00+02", "2026-03-29T01:00+03", "2026-03-30T00:00+03"]
    ),
    (7_200, "Asia/Kolkata", "2026-01-01T10:40+05:30", ["2026-01-01T12:00+05:30", "2026-01-01T14:00+05:30"]),
    (30, "UTC", "2026-01-01T23:59:50.25", ["2026-01-02T00:00:20.25", "2026-01-02T00:00:50.25"]),
  ])
  func roundsDown(seconds: Int64, zone: String, base: String, expected: [String]) throws {
    let interval = try Interval(
      microseconds: seconds * 1_000_000, relative: true, alignedIn: TimeTesting.zone(zone))
    try expect(.interval(interval), from: base, expected)
  }

  @Test(arguments: [
    // A day ends at midnight and a week on Thursday at midnight, by the zone's clock.
    (86_400, "America/New_York", "2026-03-07T12:00Z", ["2026-03-08T00:00-05", "2026-03-09T00:00-04"]),
    (604_800, "Europe/Berlin", "2026-01-01T12:00Z", ["2026-01-08T00:00+01", "2026-01-15T00:00+01"]),
    (900, "UTC", "2026-01-01T12:07Z", ["2026-01-01T12:15Z", "2026-01-01T12:30Z"]),
    (420, "UTC", "1970-01-01T00:01Z", ["1970-01-01T00:07Z", "1970-01-01T00:14Z"]),
    // A midnight that clocks skip, and a midnight that they show twice.
    (86_400, "Asia/Beirut", "2026-03-28T12:00Z", ["2026-03-29T01:00+03", "2026-03-30T00:00+03"]),
    (86_400, "America/Havana", "2026-10-31T12:00Z", ["2026-11-01T00:00-04", "2026-11-02T00:00-05"]),
    // Two hours are more than the change, so 02:00 moves; the second 01:00 is no multiple.
    (7_200, "America/New_York", "2026-03-08T06:00Z", ["2026-03-08T03:00-04", "2026-03-08T04:00-04"]),
    (7_200, "America/New_York", "2026-11-01T04:30Z", ["2026-11-01T02:00-05", "2026-11-01T04:00-05"]),
    // Half an hour is not more than the change, so it follows the clock as it is shown.
    (1_800, "America/New_York", "2026-03-08T06:00Z", ["2026-03-08T01:30-05", "2026-03-08T03:00-04"]),
    (
      1_800, "America/New_York", "2026-11-01T05:00Z",
      ["2026-11-01T01:30-04", "2026-11-01T01:00-05", "2026-11-01T01:30-05"]
    ),
    (1_200, "Australia/Lord_Howe", "2026-10-03T15:00Z", ["2026-10-04T01:40+10:30", "2026-10-04T02:40+11"]),
    (1_800, "Australia/Lord_Howe", "2026-04-04T14:30Z", ["2026-04-05T01:30+10:30", "2026-04-05T02:00+10:30"]),
  ])
  func aligns(seconds: Int64, zone: String, after: String, expected: [String]) throws {
    let interval = try Interval(microseconds: seconds * 1_000_000, alignedIn: TimeTesting.zone(zone))
    try expect(.interval(interval), from: after, expected)
  }

  private func expect(_ schedule: Schedule, from start: String, _ expected: [String]) throws {
    let base = try time(start)
    var cursor = base
    for text in expected {
      let instant = text.count == 13 ? try time("\(text.prefix(10))T00:00\(text.suffix(3))") : try time(text)
      let due = try #require(schedule.nextDue(after: cursor, base: base))
      #expect(due.iso8601 == instant.iso8601)
      cursor = due
    }
  }

  private func time(_ text: String) throws -> UnixTime {
    try #require(UnixTime(iso8601: text), "\(text)")
  }
}
