import Testing

@testable import BeatCore

/// `catchup` all catches up on a limited number of occurrences.
@Suite struct BoundedBacklogTests {
  private let a = EntryName("a")
  private let all = #""catchup": "all""#
  private static let minute = #"{"every": 1, "period": "minutes"}"#

  /// The first fire after a start, and the reports of skipped occurrences.
  private func first(_ document: String, since watermark: Double) throws -> (due: UnixTime, skips: [Scheduler.Report]) {
    var bench = SchedulerBench { $0.maximumInFlight = 1 }
    _ = bench.load(a, document, .fired(watermark))
    let actions = bench.pass(0)
    let due = try #require(actions.fires.first?.due)
    return (due, actions.reports.filter { if case .skipped = $0 { true } else { false } })
  }

  @Test(arguments: [
    (9_999, 9_999), (10_000, 10_000), (10_001, 9_001), (10_500, 9_500), (11_000, 10_000), (50_000, 10_000),
  ])
  func theNewestAreLeft(behind: Int, left: Int) throws {
    let (due, skips) = try first(Sample.document(all, interval: Self.minute), since: -60 * Double(behind))
    #expect(due == at(-60 * Double(left - 1)))
    #expect(skips.count == (behind == left ? 0 : 1))
    if case .skipped(_, let count, let from, let through)? = skips.first {
      #expect(
        (count, from, through) == (
          min(10_000, behind - left), at(-60 * Double(behind - 1)), due.advanced(by: -60_000_000)
        ))
    }
  }

  /// Since the year 1, an interval of ten milliseconds has had 6,000,000,000,000 occurrences.
  @Test(arguments: [
    #""interval": {"every": 10, "period": "milliseconds"}"#,
    #""interval": {"every": 10, "period": "milliseconds", "align": true}"#,
    #""interval": {"every": 10, "period": "milliseconds", "align": true}, "timezone": "Europe/Berlin""#,
    #""interval": {"every": 90, "period": "seconds", "relative": true}"#,
    #""interval": {"every": 1, "period": "days", "relative": true}, "timezone": "Europe/Berlin""#,
    #""crontab": {}"#, #""crontab": {}, "timezone": "America/New_York""#, #""crontab": {"minute": "0,1"}"#,
    #""crontab": {"minute": "7", "hour": "*/6", "day_of_week": "mon"}"#,
    #""crontab": {"minute": "0", "hour": "0", "day_of_month": "1"}"#,
    #""crontab": {"minute": "*", "month_of_year": "1"}"#,
  ])
  func whateverTheSchedule(_ fields: String) throws {
    let document = Sample.document(fields, all, interval: nil)
    let sinceYearOne = Double(UnixTime.earliest.microseconds(since: Sample.noon)) / 1_000_000 + 86_400
    let (due, skips) = try first(document, since: sinceYearOne)
    let schedule = try Sample.read(document).definition.schedule
    let count = schedule.occurrences(
      after: due.advanced(by: -1), atOrBefore: Sample.noon, base: UnixTime.earliest.advanced(by: 86_400_000_000),
      limit: 20_000)
    // A change of the clocks may add an hour's occurrences.
    #expect((9_900...10_060).contains(count), "\(count)")
    #expect(skips.count == 1)
  }

  @Test func oneThatComesSeldomIsCaughtUpOnWhole() throws {
    let fields = #""crontab": {"minute": "0", "hour": "0", "day_of_month": "29", "month_of_year": "2"}"#
    let sinceYearOne = Double(UnixTime.earliest.microseconds(since: Sample.noon)) / 1_000_000 + 86_400
    let (due, skips) = try first(Sample.document(fields, all, interval: nil), since: sinceYearOne)
    #expect(due == time("0004-02-29T00:00:00Z"))
    #expect(skips.isEmpty)
  }

  /// For crontabs of every kind, `newest` finds the same occurrence as counting step by step.
  @Test func theNewestOfRandomCrontabs() throws {
    var random = SeededChance(seed: 7)
    for _ in 0..<300 {
      func field(_ range: ClosedRange<Int>) -> String {
        random.number(0...2) == 0
          ? "*" : (0...random.number(0...3)).map { _ in "\(random.number(range))" }.joined(separator: ",")
      }
      let line = [field(0...59), field(0...23), field(1...28), field(1...12), field(0...6)].joined(separator: " ")
      guard let crontab = try? Crontab(line: line, zone: .utc) else { continue }
      let schedule = Schedule.crontab(crontab)
      let now = Sample.noon.advanced(by: Int64(random.number(0...40_000_000)) * 1_000_000)
      let wanted = random.number(1...300)
      let floor = now.advanced(by: -Int64(random.number(1...40_000)) * 3_600_000_000)
      let found = crontab.calendar.newest(
        Int64(wanted), atOrBefore: now.microseconds.flooredDivision(by: 60_000_000),
        after: floor.microseconds.flooredDivision(by: 60_000_000))
      if let found {
        let start = UnixTime(microseconds: found * 60_000_000).advanced(by: -1)
        let count = schedule.occurrences(after: start, atOrBefore: now, base: now, limit: 1_000)
        #expect(count == wanted, "\(line) from \(start.iso8601) to \(now.iso8601)")
      } else {
        #expect(schedule.occurrences(after: floor, atOrBefore: now, base: now, limit: 1_000) <= wanted, "\(line)")
      }
    }
  }

  /// A backlog that was counted once is not counted again at each run.
  @Test func whatIsFarBehindIsNotCountedAtEachRun() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""crontab": {"minute": "0,1"}"#, all, interval: nil), .fired(-400 * 86_400))
    let first = bench.run(0)
    #expect(first.fires.count == 10_000)
    #expect(first.reports.filter { if case .skipped = $0 { true } else { false } }.count == 1)
    #expect(bench.scheduler.entries.handle(of: a).flatMap { bench.scheduler.entries[$0] }?.lookedAt == Sample.noon)
  }

  /// A schedule that falls behind for good leaves out many occurrences at a time, and reports it seldom.
  @Test func oneThatNeverCatchesUpIsSaidSeldom() {
    var server = BusyServer(capacity: 50)
    server.load([(a, Sample.document(all, interval: #"{"every": 10, "period": "milliseconds"}"#), .fired(0))])
    server.run(600)
    #expect(server.skipped.count < 40)
    let behind = server.sent.last.map { server.now.microseconds(since: $0.due) } ?? .max
    #expect(behind <= 100_100_000)
    #expect(server.sent.map(\.due) == server.sent.map(\.due).sorted())
  }

  @Test func whatIsForecastIsThat() throws {
    let document = Array(
      Sample.document(
        all, #""last_run_at": "0001-01-02T00:00:00Z""#, interval: #"{"every": 10, "period": "milliseconds"}"#
      ).utf8)
    let preview = SchedulePreview(
      a, Scheduler.DocumentRead(.document(document), watermark: nil), context: Sample.context, now: Sample.noon)
    #expect(preview.upcoming(2).map(\.due) == [at(-99.99), at(-99.98)])
    let read = Scheduler.DocumentRead(.document(document), watermark: nil)
    let account = try #require(ScheduleAccount(preview, read, context: Sample.context))
    #expect(account.dues(from: .earliest, to: Sample.noon, limit: 3).count == 3)
    let forecast = try ScheduleForecast(document, context: Sample.context, now: Sample.noon)
    #expect(forecast.coming(1).runs.first?.due == at(-99.99))
  }
}
