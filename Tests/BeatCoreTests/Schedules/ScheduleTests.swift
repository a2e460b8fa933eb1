import Testing

@testable import BeatCore

@Suite struct ScheduleTests {
  @Test func occursOnceWhenClocked() throws {
    let time = try #require(UnixTime(iso8601: "2026-03-08T02:30:00Z"))
    let schedule = Schedule.clocked(time)
    let before = time.advanced(by: -1)
    #expect(schedule.nextDue(after: before, base: before) == time)
    #expect(schedule.nextDue(after: time, base: before) == nil)
    #expect(schedule.latestDue(atOrBefore: time, after: before, base: before) == time)
    #expect(schedule.latestDue(atOrBefore: before, after: .earliest, base: before) == nil)
    #expect(schedule.latestDue(atOrBefore: .latest, after: time, base: before) == nil)
    #expect(schedule.occurrences(after: before, atOrBefore: .latest, base: before, limit: 5) == 1)
    #expect(Schedule.clocked(UnixTime(microseconds: .max)).nextDue(after: before, base: before) == nil)
  }

  @Test func speaks() throws {
    let berlin = try TimeTesting.zone("Europe/Berlin")
    func words(_ microseconds: Int64, relative: Bool = false, zone: ZoneRules? = nil) throws -> String {
      Schedule.interval(try Interval(microseconds: microseconds, relative: relative, alignedIn: zone)).inWords
    }
    #expect(try words(300_000_000) == "every 5 minutes")
    #expect(try words(86_400_000_000) == "every day")
    #expect(try words(90_000_000) == "every 90 seconds")
    #expect(try words(1_500_000) == "every 1500 milliseconds")
    #expect(try words(21_600_000_000, zone: berlin) == "every 6 hours on the clock of Europe/Berlin")
    #expect(try words(3_600_000_000, relative: true) == "every hour, rounded down (relative) in UTC")
    #expect(
      Schedule.crontab(try Crontab(line: "30 2 * * mon", zone: berlin)).inWords
        == "crontab 30 2 * * 1 (m/h/dom/mon/dow) Europe/Berlin")
    let yearly = try Crontab(
      minute: .number(0), hour: .text("9-17/4,20"), dayOfWeek: nil, dayOfMonth: nil, monthOfYear: .text("*/3"),
      dayOfYear: .list([.number(100), .number(101), .number(102), .number(200)]), zone: .utc)
    #expect(
      Schedule.crontab(yearly).inWords
        == "crontab 0 9,13,17,20 * */3 * day_of_year 100-102,200 (m/h/dom/mon/dow) UTC")
    #expect(Schedule.clocked(UnixTime(seconds: 0)).inWords == "once at 1970-01-01T00:00:00Z")
  }

  /// The fields that a crontab prints mean the same crontab.
  @Test func readsTheFieldsItSpeaks() throws {
    var chance = SeededChance(seed: 11)
    for _ in 0..<2_000 {
      guard let crontab = try? RandomCrontab(using: &chance).crontab(in: .utc) else { continue }
      #expect(try Crontab(line: crontab.fieldsInWords, zone: .utc) == crontab)
    }
  }

  /// `nextDue` is later than the time asked about, and its own fixed point. `latestDue` and `occurrences` agree with
  /// walking by `nextDue`. The schedules are random ones of every kind, in every zone, over spans with up to thousands
  /// of occurrences.
  @Test func agreesWithItself() throws {
    var chance = SeededChance(seed: 42)
    let zones = try TimeTesting.zoneNames().map { try TimeTesting.zone($0) }
    var found = 0
    for _ in 0..<2_500 {
      let schedule = try Self.schedule(zone: chance.one(of: zones), using: &chance)
      let base = chance.time(from: -1_000_000_000, to: 10_000_000_000)
      let after = base.advanced(by: Int64(chance.number(-10_000_000_000...1_000_000_000_000)))
      // Half of the spans end at an occurrence or just before one.
      var walked: [UnixTime] = []
      var cursor = after
      for _ in 0..<chance.number(0...60) {
        guard let due = schedule.nextDue(after: cursor, base: base) else { break }
        #expect(due > cursor && due > base || schedule.ignoresBase && due > cursor)
        #expect(schedule.nextDue(after: due.advanced(by: -1), base: base) == due)
        walked.append(due)
        cursor = due
      }
      var now = walked.last ?? after.advanced(by: Int64(chance.number(0...1_000_000)))
      if chance.once(in: 3) { now = now.advanced(by: -1) }
      if chance.once(in: 3), let next = schedule.nextDue(after: now, base: base) { now = next.advanced(by: -1) }
      let expected = walked.filter { $0 <= now }
      if now < after { continue }
      let latest = schedule.latestDue(atOrBefore: now, after: after, base: base)
      if latest != expected.last {
        let (got, wanted) = (latest?.iso8601 ?? "none", expected.last?.iso8601 ?? "none")
        Issue.record("\(schedule.inWords) up to \(now.iso8601): \(got), not \(wanted)")
      }
      #expect(schedule.occurrences(after: after, atOrBefore: now, base: base, limit: 1_000) == expected.count)
      #expect(schedule.occurrences(after: after, atOrBefore: now, base: base, limit: 3) == min(3, expected.count))
      found += expected.count
    }
    #expect(found > 20_000)
  }

  /// Finding the newest occurrence takes few steps, however far back it is.
  @Test(arguments: ["* * * * *", "0 0 29 2 1", "* 0-22 * 1 *", "59 23 31 12 *", "*/7 1-5 13 * fri"])
  func findsTheLatestOfAllTime(line: String) throws {
    let crontab = try Crontab(line: line, zone: TimeTesting.zone("Europe/Berlin"))
    let schedule = Schedule.crontab(crontab)
    let clock = ContinuousClock()
    let now = try #require(UnixTime(iso8601: "2026-11-20T22:00:30Z"))
    let start = clock.now
    let latest = try #require(schedule.latestDue(atOrBefore: now, after: UnixTime(microseconds: .min), base: now))
    // Some hundred steps take less than a second, even in a build without optimisation on a busy machine.
    #expect(start.duration(to: clock.now) < .seconds(1))
    #expect(latest <= now && crontab.nextDue(after: latest).map { $0 > now } == true)
    #expect(schedule.latestDue(atOrBefore: latest, after: latest.advanced(by: -1), base: now) == latest)
    #expect(schedule.latestDue(atOrBefore: now, after: latest, base: now) == nil)
    #expect(schedule.latestDue(atOrBefore: .earliest, after: .latest, base: now) == nil)
  }

  private static func schedule(zone: ZoneRules, using chance: inout SeededChance) throws -> Schedule {
    switch chance.number(0...5) {
    case 0:
      return .interval(try Interval(microseconds: Int64(chance.number(10_000...100_000_000_000))))
    case 1:
      let every = chance.one(of: [1, 60, 900, 1_800, 3_600, 7_200, 43_200, 86_400, 604_800]) * chance.number(1...3)
      return .interval(try Interval(microseconds: Int64(every) * 1_000_000, alignedIn: zone))
    case 2:
      let every = chance.number(1...400_000)
      return .interval(try Interval(microseconds: Int64(every) * 1_000_000, relative: true, alignedIn: zone))
    default:
      while true {
        if let crontab = try? RandomCrontab(using: &chance).crontab(in: zone) { return .crontab(crontab) }
      }
    }
  }
}

extension Schedule {
  /// Whether the schedule follows the wall clock alone.
  fileprivate var ignoresBase: Bool {
    if case .interval(let interval) = self { return !interval.relative && interval.zone != nil }
    return true
  }
}
