import Testing

@testable import BeatCore

@Suite("Jitter: the delay of one occurrence never reaches the next one")
struct JitterTests {
  private let a = EntryName("a")

  /// With a jitter that is longer than the interval two runs could fall into one instant, and the next could be left
  /// out.
  @Test func aLongOneLeavesEachMinuteItsRun() {
    for number in 0..<20 {
      var bench = SchedulerBench()
      let name = EntryName("report-\(number)")
      _ = bench.load(name, Sample.crontab(#"{"minute": "*"}"#, #""jitter": 170"#))
      let actions = bench.run(660)
      #expect(actions.dues.prefix(10) == Array(stride(from: 60.0, through: 600, by: 60))[...])
      let sent = actions.reports.compactMap { if case .fired(_, let time, _) = $0 { time } else { nil } }
      for (plan, time) in zip(actions.fires, sent) {
        #expect(time >= plan.due && time.microseconds(since: plan.due) < 60_000_000)
      }
      #expect(Set(sent).count == sent.count)
      #expect(!actions.reports.contains { if case .skipped = $0 { true } else { false } })
    }
  }

  private static let schedules: [(String, Int)] = [
    (#""crontab": {"minute": "0,1,59"}"#, 1_000_000),
    (#""crontab": {"minute": "*/7", "hour": "1-3"}, "timezone": "Europe/Berlin""#, 1_000_000),
    (#""crontab": {"minute": "15,45", "hour": "*"}, "timezone": "Australia/Lord_Howe""#, 1_000_000),
    (#""interval": {"every": 90, "period": "seconds", "relative": true}"#, 89),
    (#""interval": {"every": 1, "period": "days", "relative": true}, "timezone": "America/New_York""#, 86_399),
    (#""interval": {"every": 6, "period": "hours", "align": true}, "timezone": "America/New_York""#, 21_599),
    (#""interval": {"every": 20, "period": "minutes", "align": true}, "timezone": "Australia/Lord_Howe""#, 1_199),
  ]

  /// This holds on the days on which clocks are changed, too.
  @Test(arguments: schedules) func itIsSentBeforeTheNextOneIsDue(_ schedule: String, _ jitter: Int) throws {
    let document = Sample.document(schedule, #""jitter": \#(jitter)"#, interval: nil)
    let timing = EntryTiming(try Sample.read(document).definition)
    for start in ["2026-03-07T20:00:00Z", "2026-03-28T20:00:00Z", "2026-04-04T10:00:00Z", "2026-10-31T20:00:00Z"] {
      var entry = ScheduleEntry(name: a, document: [], timing: timing, base: time(start), totalRunCount: 0)
      for _ in 0..<60 {
        let due = try #require(entry.nextDue)
        let sent = entry.sending(of: due)
        // Another daemon, which counts from another time, gets the same result.
        var other = entry
        other.progress.base = due
        #expect(other.sending(of: due) == sent)
        entry.progress.base = due
        let next = try #require(entry.nextDue)
        #expect(sent >= due && sent < next, "\(schedule): due \(due.iso8601), sent \(sent.iso8601)")
      }
    }
  }

  @Test(arguments: [
    (#""crontab": {}"#, 60, true), (#""crontab": {}"#, 59, false), (#""crontab": {"minute": "0,59"}"#, 60, true),
    (#""crontab": {"minute": "0,59"}"#, 59, false), (#""crontab": {"minute": "0,59", "hour": 3}"#, 3_539, false),
    (#""crontab": {"minute": "0,59", "hour": 3}"#, 3_540, true),
    (#""crontab": {"minute": 0, "hour": 0}"#, 86_399, false),
    (#""crontab": {"minute": 0, "hour": 0}"#, 86_400, true),
    (#""crontab": {"minute": 0, "hour": "23,0"}"#, 3_600, true),
    (#""interval": {"every": 90, "period": "seconds", "relative": true}"#, 59, false),
    (#""interval": {"every": 90, "period": "seconds", "relative": true}"#, 60, true),
  ]) func oneThatIsTooLongIsWarnedOf(_ schedule: String, _ seconds: Int, _ isWarned: Bool) throws {
    let document = try Sample.read(Sample.document(schedule, #""jitter": \#(seconds)"#, interval: nil))
    #expect(document.warnings.contains { $0.hasPrefix("jitter") } == isWarned, "\(document.warnings)")
  }
}
