import Testing

@testable import BeatCore

/// The daemon was down, or disconnected, while occurrences came due.
@Suite("Catch-up: what becomes of occurrences that were missed")
struct CatchupTests {
  private let a = EntryName("a")

  private let every100 = #"{"every": 100, "period": "seconds"}"#

  /// A daemon that starts at noon. The last fire was 470 seconds ago, and four occurrences were missed since then:
  /// those of 370, 270, 170 and 70 seconds ago.
  private func restarted(_ fields: String) -> SchedulerBench {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(fields, interval: every100), .fired(-470))
    return bench
  }

  @Test func theLatestIsRunAtOnceAndTheOthersAreToldOf() {
    var bench = restarted("")
    let actions = bench.run(200)
    #expect(actions.dues == [-70, 30, 130])
    #expect(actions.reports.first == .skipped(a, count: 3, from: at(-370), through: at(-170)))
  }

  @Test func latestIsTheRuleUnlessAnotherIsGiven() {
    var (without, with) = (restarted(""), restarted(#""catchup": "latest""#))
    #expect(without.run(200).dues == with.run(200).dues)
  }

  @Test func withNoneAllAreSkipped() {
    var bench = restarted(#""catchup": "none""#)
    let actions = bench.run(200)
    #expect(actions.dues == [30, 130])
    #expect(actions.reports.first == .skipped(a, count: 4, from: at(-370), through: at(-70)))
  }

  @Test func withAllEachIsRunOldestFirst() {
    var bench = restarted(#""catchup": "all""#)
    let actions = bench.run(200)
    #expect(actions.dues == [-370, -270, -170, -70, 30, 130])
    #expect(!actions.reports.contains { if case .skipped = $0 { true } else { false } })
  }

  @Test func whatIsOlderThanTheWindowIsSkipped() {
    var bench = restarted(#""catchup": "all", "catchup_window": 200"#)
    let actions = bench.run(200)
    #expect(actions.dues == [-170, -70, 30, 130])
    #expect(actions.reports.first == .skipped(a, count: 2, from: at(-370), through: at(-270)))
  }

  @Test func ifEvenTheLatestIsTooOldNothingIsRun() {
    var bench = restarted(#""catchup_window": 50"#)
    let actions = bench.run(200)
    #expect(actions.dues == [30, 130])
    #expect(actions.reports.first == .skipped(a, count: 4, from: at(-370), through: at(-70)))
  }

  @Test func whatIsSkippedIsToldOfOnce() {
    for policy in ["latest", "none"] {
      var bench = restarted(#""catchup": "\#(policy)""#)
      let actions = bench.run(1_000)
      #expect(actions.reports.count { if case .skipped = $0 { true } else { false } } == 1, "\(policy)")
    }
  }

  /// Ten seconds are enough for a restart of Redis or of the daemon, so such a restart leaves nothing out.
  @Test func tenSecondsLateIsInTime() {
    for (late, skipped) in [(10.0, false), (10.000_001, true)] {
      var bench = SchedulerBench()
      _ = bench.load(a, Sample.document(#""catchup": "none""#, interval: every100))
      bench.now = at(100 + late)
      let actions = bench.receive(.timerFired)
      #expect(actions.dues == (skipped ? [] : [100]))
    }
  }

  @Test func crontabsAreCaughtUpOnTheSameWay() {
    for (policy, dues) in [("latest", [-60.0, 60]), ("none", [60]), ("all", [-540, -420, -300, -180, -60, 60])] {
      var bench = SchedulerBench()
      _ = bench.load(a, Sample.crontab(#"{"minute": "1-59/2"}"#, #""catchup": "\#(policy)""#), .fired(-660))
      #expect(bench.run(60).dues == dues, "\(policy)")
    }
  }

  @Test func oneInstantThatPassedIsRunUnlessNoneIsSaid() {
    for (policy, dues) in [("latest", [-100.0]), ("all", [-100]), ("none", [])] {
      var bench = SchedulerBench()
      let clocked = #""clocked": {"clocked_time": "2026-03-02T11:58:20Z"}"#
      _ = bench.load(a, Sample.document(clocked, #""catchup": "\#(policy)""#, interval: nil), .seen(-200))
      #expect(bench.run(60).dues == dues, "\(policy)")
    }
  }

  /// An interval of a second was missed for a year: the work is bounded, and so is the count.
  @Test func aLongAbsenceCostsNoTime() {
    for (schedule, next) in [
      (#""interval": {"every": 1, "period": "seconds"}"#, 1.0), (#""crontab": {}"#, 60),
      (#""interval": {"every": 1, "period": "seconds", "align": true}"#, 1),
    ] {
      var bench = SchedulerBench()
      _ = bench.load(a, Sample.document(schedule, interval: nil), .fired(-31_536_000))
      let actions = bench.run(next)
      #expect(actions.dues == [0, next], "\(schedule)")
      guard case .skipped(_, let count, _, let through) = actions.reports.first else {
        Issue.record("nothing was told of")
        continue
      }
      #expect(count == Scheduler.countedSkips || count > 500_000)
      #expect(through == at(-next))
    }
  }

  /// Several occurrences may have passed in those ten seconds: each of them is run.
  @Test func aShortAbsenceLeavesNothingOut() {
    let document = Sample.document(#""catchup": "none""#, interval: #"{"every": 2, "period": "seconds"}"#)
    var bench = SchedulerBench()
    _ = bench.load(a, document)
    _ = bench.receive(.disconnected)
    _ = bench.pass(8.5)
    _ = bench.load(a, document, .seen(0))
    #expect(bench.run(2).dues == [2, 4, 6, 8, 10])
  }
}
