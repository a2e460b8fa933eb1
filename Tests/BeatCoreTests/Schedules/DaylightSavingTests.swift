import Testing

@testable import BeatCore

/// One row of the table of days on which clocks are changed: this project's occurrences, and Celery 5.7's where they
/// differ.
struct ChangeDay: CustomTestStringConvertible {
  var zone: String
  var line: String
  /// Occurrences in a row, each with its offset from UTC, which distinguishes two equal readings of the clock.
  var ours: [String]
  var celery: [String]?

  init(_ zone: String, _ line: String, _ ours: [String], celery: [String]? = nil) {
    (self.zone, self.line, self.ours, self.celery) = (zone, line, ours, celery)
  }

  var testDescription: String { "\(line) in \(zone) from \(ours.first ?? "")" }

  static let all: [ChangeDay] = [
    // New York, spring: 02:00 becomes 03:00.
    .init("America/New_York", "30 2 * * *", ["2026-03-07T02:30-05", "2026-03-08T03:30-04", "2026-03-09T02:30-04"]),
    .init("America/New_York", "0 * * * *", ["2026-03-08T01:00-05", "2026-03-08T03:00-04", "2026-03-08T04:00-04"]),
    .init("America/New_York", "*/15 * * * *", ["2026-03-08T01:45-05", "2026-03-08T03:00-04", "2026-03-08T03:15-04"]),
    .init("America/New_York", "0 9 * * *", ["2026-03-07T09:00-05", "2026-03-08T09:00-04", "2026-03-09T09:00-04"]),
    // 02:00 and 02:30 move to 03:00 and 03:30, which occur anyway: each occurs once.
    .init("America/New_York", "*/30 2,3 * * *", ["2026-03-08T03:00-04", "2026-03-08T03:30-04", "2026-03-09T02:00-04"]),
    .init(
      "America/New_York", "0,45 2,3 * * *",
      ["2026-03-08T03:00-04", "2026-03-08T03:45-04", "2026-03-09T02:00-04", "2026-03-09T02:45-04"]),
    // New York, autumn: 02:00 becomes 01:00.
    .init("America/New_York", "30 1 * * *", ["2026-10-31T01:30-04", "2026-11-01T01:30-04", "2026-11-02T01:30-05"]),
    .init("America/New_York", "0 9 * * *", ["2026-10-31T09:00-04", "2026-11-01T09:00-05"]),
    .init(
      "America/New_York", "0 * * * *", ["2026-11-01T01:00-04", "2026-11-01T01:00-05", "2026-11-01T02:00-05"],
      celery: ["2026-11-01T01:00-04", "2026-11-01T02:00-05"]),
    .init(
      "America/New_York", "*/15 * * * *",
      [
        "2026-11-01T01:45-04", "2026-11-01T01:00-05", "2026-11-01T01:15-05", "2026-11-01T01:30-05",
        "2026-11-01T01:45-05", "2026-11-01T02:00-05",
      ],
      celery: ["2026-11-01T01:45-04", "2026-11-01T02:00-05"]),
    .init("America/New_York", "0 0-22 * * *", ["2026-11-01T01:00-04", "2026-11-01T02:00-05"]),
    // Lord Howe changes by half an hour. In spring 02:00 becomes 02:30.
    .init(
      "Australia/Lord_Howe", "15 2 * * *", ["2026-10-03T02:15+10:30", "2026-10-04T02:45+11", "2026-10-05T02:15+11"]),
    .init(
      "Australia/Lord_Howe", "15 * * * *", ["2026-10-04T01:15+10:30", "2026-10-04T02:45+11", "2026-10-04T03:15+11"]),
    // In autumn 02:00 becomes 01:30.
    .init("Australia/Lord_Howe", "45 1 * * *", ["2026-04-05T01:45+11", "2026-04-06T01:45+10:30"]),
    .init(
      "Australia/Lord_Howe", "45 * * * *",
      ["2026-04-05T01:45+11", "2026-04-05T01:45+10:30", "2026-04-05T02:45+10:30"],
      celery: ["2026-04-05T01:45+11", "2026-04-05T02:45+10:30"]),
    // Dublin's rules take winter time for the daylight saving time, with an offset of minus one hour.
    .init("Europe/Dublin", "30 1 * * *", ["2026-03-28T01:30+00", "2026-03-29T02:30+01", "2026-03-30T01:30+01"]),
    .init("Europe/Dublin", "30 1 * * *", ["2026-10-24T01:30+01", "2026-10-25T01:30+01", "2026-10-26T01:30+00"]),
    .init(
      "Europe/Dublin", "0 * * * *", ["2026-10-25T01:00+01", "2026-10-25T01:00+00", "2026-10-25T02:00+00"],
      celery: ["2026-10-25T01:00+01", "2026-10-25T02:00+00"]),
    // Apia had no 30 December 2011.
    .init("Pacific/Apia", "0 9 * * *", ["2011-12-29T09:00-10", "2011-12-31T09:00+14", "2012-01-01T09:00+14"]),
    .init("Pacific/Apia", "0 9 30 12 *", ["2010-12-30T09:00-10", "2011-12-31T09:00+14", "2012-12-30T09:00+14"]),
    .init("Pacific/Apia", "0 * * * *", ["2011-12-29T23:00-10", "2011-12-31T00:00+14", "2011-12-31T01:00+14"]),
    // Sao Paulo changes at midnight. In spring there is no 00:00.
    .init("America/Sao_Paulo", "0 0 * * *", ["2018-11-03T00:00-03", "2018-11-04T01:00-02", "2018-11-05T00:00-02"]),
    .init("Asia/Beirut", "30 0 * * *", ["2026-03-28T00:30+02", "2026-03-29T01:30+03", "2026-03-30T00:30+03"]),
    .init("Asia/Beirut", "0 0 29 3 *", ["2026-03-29T01:00+03", "2027-03-29T00:00+03"]),
    // In autumn there are two 23:30, and two 00:00.
    .init("America/Sao_Paulo", "30 23 * * *", ["2018-02-17T23:30-02", "2018-02-18T23:30-03"]),
    .init("America/Havana", "0 0 * * *", ["2026-10-31T00:00-04", "2026-11-01T00:00-04", "2026-11-02T00:00-05"]),
    // Troll's clocks move by two hours.
    .init(
      "Antarctica/Troll", "30 1,2,3 * * *",
      ["2026-03-29T03:30+02", "2026-03-29T04:30+02", "2026-03-30T01:30+02", "2026-03-30T02:30+02"],
      celery: ["2026-03-29T03:30+02", "2026-03-30T01:30+02", "2026-03-30T02:30+02"]),
  ]
}

@Suite struct DaylightSavingTests {
  @Test(arguments: ChangeDay.all)
  func follows(row: ChangeDay) throws {
    let zone = try TimeTesting.zone(row.zone)
    let crontab = try Crontab(line: row.line, zone: zone)
    var time = try #require(row.ours.first.flatMap { UnixTime(iso8601: $0) }).advanced(by: -1)
    for text in row.ours {
      let due = try #require(crontab.nextDue(after: time))
      #expect(due.iso8601 == UnixTime(iso8601: text)?.iso8601)
      time = due
    }
  }

  /// The table's statements about Celery are checked with Celery itself.
  @Test func differsFromCeleryWhereTheTableSaysSo() throws {
    let rows = ChangeDay.all
    let times = try rows.map { row in
      try (row.celery ?? row.ours).map { try #require(UnixTime(iso8601: $0)).seconds }
    }
    let answers = try TimeTesting.ask(
      "celery_oracle.py", python: TimeTesting.celeryPython,
      requests: zip(rows, times).map { row, times in
        let fields = row.line.split(separator: " ").map { "\"\($0)\"" }
        let order = [0, 1, 4, 2, 3].map { fields[$0] }.joined(separator: ", ")
        return #"{"crontab": [\#(order)], "zone": "\#(row.zone)", "times": [\#(times[0])], "#
          + #""count": \#(times.count - 1)}"#
      })
    for (index, answer) in answers.enumerated() {
      let expected = times[index].dropFirst().map(String.init).joined(separator: " ")
      let got = answer.split(separator: " ").compactMap { Int64($0) }.map { UnixTime(seconds: $0).iso8601 }
      #expect(answer == expected, "\(rows[index].testDescription): Celery says \(got)")
    }
  }

  /// Invented zones whose clocks are changed many times in three days, the last times by the rule at the end of the
  /// file. The model looks at each minute in turn and remembers the latest reading of the clock. Zones are left out in
  /// which a change comes before all occurrences that the last change moved are over: there occurrences may be lost,
  /// and no real zone is like that.
  @Test func followsTheModelInInventedZones() throws {
    var chance = SeededChance(seed: 4)
    let start: Int64 = 1_772_236_800  // 2026-02-28T00:00:00Z; day J60 is 1 March.
    var (zones, compared) = (0, 0)
    for _ in 0..<600 where zones < 50 {
      var file = TZifBytes(footer: "")
      file.types = (0..<6).map { _ in (Int32(chance.number(-8...8)) * 1_800, false) }
      var time = start
      while time < start + 100_000 {
        time += Int64(chance.one(of: [30, 45, 90, 200, 400, 700])) * 60
        file.transitions.append((time, UInt8(chance.number(0...5))))
      }
      let hours = (0..<4).map { _ in chance.number(0...30) }
      file.footer = "AAA\(chance.number(-2...2))BBB\(chance.number(-3...3)),J60/\(hours[0]),J60/\(hours[1])"
      let zone = try ZoneRules(name: "Invented", tzif: file.bytes)
      let offsets = (0..<(4 * 1_440)).map { minute in
        Int64(zone.utcOffset(at: UnixTime(seconds: start + Int64(minute) * 60)))
      }
      let changes = offsets.indices.dropFirst().filter { offsets[$0] != offsets[$0 - 1] }
      let isOrderly = zip(changes, changes.dropFirst()).allSatisfy { first, second in
        Int(offsets[first] - offsets[first - 1]) <= (second - first) * 60
      }
      guard isOrderly, changes.count > 3 else { continue }
      zones += 1
      for _ in 0..<10 {
        var random = RandomCrontab(using: &chance)
        random.fields[2...4] = [.text("*"), .text("*"), .text("*")]
        guard let crontab = try? random.crontab(in: zone) else { continue }
        let sets = try zip(RandomCrontab.order, random.fields).map { field, value in
          var warnings = CrontabWarnings()
          return try field.numbers(of: value, warnings: &warnings)
        }
        func matches(_ reading: Int64) -> Bool {
          let minute = reading.flooredRemainder(by: 86_400) / 60
          return sets[0].contains(Int(minute % 60)) && sets[1].contains(Int(minute / 60))
        }
        let takesAllHours = sets[1] == CrontabField.hour.everything
        var expected: Set<Int64> = []
        var shownUpTo = Int64.min
        for (minute, offset) in offsets.enumerated() {
          let time = start + Int64(minute) * 60
          let reading = time + offset
          if minute > 0, offset > offsets[minute - 1] {
            let before = offsets[minute - 1]
            for skipped in stride(from: max(shownUpTo, time + before), to: reading, by: 60) where matches(skipped) {
              expected.insert(skipped - before)
            }
          }
          if matches(reading), reading >= shownUpTo || takesAllHours { expected.insert(time) }
          shownUpTo = max(shownUpTo, reading + 60)
        }
        // On the first and the last day, occurrences may move across the border of the compared time.
        var cursor = UnixTime(seconds: start)
        for time in expected.sorted() where time > start && time < start + 3 * 86_400 {
          let due = crontab.nextDue(after: cursor)
          if due != UnixTime(seconds: time) {
            Issue.record("\(random), \(file.transitions), \(file.footer): \(due?.iso8601 ?? "none"), not \(time)")
            break
          }
          cursor = UnixTime(seconds: time)
          compared += 1
        }
      }
    }
    #expect(zones == 50 && compared > 10_000)
  }

  /// Random crontabs on days of change are compared with the definition, applied to each minute of the wall clock.
  @Test func followsTheDefinitionOnDaysOfChange() throws {
    var chance = SeededChance(seed: 3)
    let zones = try (CrontabDifferentialTests.zones + ["Asia/Manila", "Africa/El_Aaiun", "America/Scoresbysund"]).map {
      try TimeTesting.zone($0)
    }
    var compared = 0
    for _ in 0..<30 {
      let zone = chance.one(of: zones)
      // A zone without changes from that time on is checked on an ordinary day.
      let random = chance.time(from: 0, to: 5_000_000_000)
      let middle = zone.nextTransition(after: random) ?? random
      let day: Int64 = 86_400_000_000
      let firstDay = CivilTime(utc: middle.advanced(by: -2 * day))
      let firstReading = firstDay.instant(utcOffset: 0).seconds / 86_400 * 86_400
      let minutes = (0..<(5 * 1_440)).map { minute in
        let civil = CivilTime(utc: UnixTime(seconds: firstReading + Int64(minute) * 60))
        return (civil: civil, resolution: zone.resolve(civil))
      }
      for _ in 0..<25 {
        var random = RandomCrontab(using: &chance)
        // Most random days would not fall on the few that are compared.
        if !chance.once(in: 4) { random.fields[2...4] = [.text("*"), .text("*"), .text("*")] }
        guard let crontab = try? random.crontab(in: zone) else { continue }
        let sets = try zip(RandomCrontab.order, random.fields).map { field, value in
          var warnings = CrontabWarnings()
          return try field.numbers(of: value, warnings: &warnings)
        }
        let takesAllHours = sets[1] == CrontabField.hour.everything
        var expected: Set<UnixTime> = []
        for (civil, resolution) in minutes {
          guard sets[0].contains(civil.minute), sets[1].contains(civil.hour), sets[2].contains(civil.dayOfWeek),
            sets[3].contains(civil.day), sets[4].contains(civil.month)
          else { continue }
          switch resolution {
          case .unique(let time): expected.insert(time)
          case .gap(let shifted, _): expected.insert(shifted)
          case .overlap(let first, let second):
            expected.insert(first)
            if takesAllHours { expected.insert(second) }
          }
        }
        // The first and the last day are not complete.
        var time = middle.advanced(by: -day)
        let end = middle.advanced(by: day)
        for instant in expected.sorted() where instant > time && instant <= end {
          let due = crontab.nextDue(after: time)
          if due != instant {
            Issue.record("\(random) in \(zone.name): \(due?.iso8601 ?? "none"), not \(instant.iso8601)")
          }
          // A question from any earlier time gets the same answer.
          if crontab.nextDue(after: instant.advanced(by: -1)) != instant { Issue.record("\(random): no fixed point") }
          time = instant
          compared += 1
        }
        if let due = crontab.nextDue(after: time), due <= end {
          Issue.record("\(random) in \(zone.name): \(due.iso8601) is one too many")
        }
      }
    }
    #expect(compared > 10_000)
  }
}
