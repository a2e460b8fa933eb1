import Testing

@testable import BeatCore

@Suite("Beginning and end of a schedule: run_immediately, one_off, max_run_count, start_after, expires_at, jitter")
struct ScheduleLimitsTests {
  private let a = EntryName("a")

  private func finishes(_ actions: [Scheduler.Action]) -> [String] {
    actions.reports.compactMap { if case .finished(_, let reason) = $0 { reason } else { nil } }
  }

  // MARK: run_immediately

  @Test func runImmediatelyRunsOnceAsSoonAsItIsSeen() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""run_immediately": true"#), .seen(-5))
    let actions = bench.run(25)
    #expect(actions.dues == [0, 10, 20], "an interval counts on from there")
    #expect(try !Sample.read(String(actions.fires[0].newDocument)).definition.runImmediately)
    #expect(String(actions.fires[0].newDocument).contains(#""run_immediately": false"#))
  }

  /// Each due time is later than the watermark, and a schedule that is seen first gets a watermark of this very
  /// microsecond.
  @Test func firstSeenItRunsAMicrosecondLater() {
    var bench = SchedulerBench()
    #expect(bench.load(a, Sample.document(#""run_immediately": true"#)).anchors == [.seen(0)])
    #expect(bench.run(15).dues == [0.000_001, 10.000_001])
  }

  @Test func anEditCanAskForIt() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.run(14)
    _ = bench.edit(a, Sample.document(#""run_immediately": true"#), .fired(10))
    #expect(bench.run(20).dues == [14, 24, 34])
  }

  @Test func takenBackInTimeItIsNotRun() {
    var bench = SchedulerBench()
    _ = bench.receive(.loadStarted(.direct))
    _ = bench.read(a, Sample.document(#""run_immediately": true"#))
    _ = bench.read(a, Sample.document(#""run_immediately": false"#), .seen(0))
    _ = bench.receive(.loadFinished)
    #expect(bench.run(20).dues == [10, 20])
  }

  @Test func disabledItWaitsUntilItIsEnabled() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""enabled": false, "run_immediately": true"#))
    #expect(bench.run(20).dues == [])
    _ = bench.edit(a, Sample.document(#""run_immediately": true"#), .seen(0))
    // The interval's occurrence at that moment is left out with those before it, and the run is later than the
    // watermark.
    #expect(bench.run(5).dues == [20.000001])
  }

  /// Its due time is the time at which it was seen, so a repeat after a lost answer has the same task id.
  @Test func refusedItKeepsItsDueTime() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""run_immediately": true"#), .seen(-5))
    let first = try #require(bench.pass(0).fires.first)
    _ = bench.end(first, .refused("no"))
    let second = try #require(bench.pass(30).fires.first)
    #expect(second.due == at(0))
    #expect(second.taskID == first.taskID)
  }

  // MARK: one_off, max_run_count

  @Test func oneOffRunsOnce() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""one_off": true"#))
    let actions = bench.run(60)
    #expect(actions.dues == [10])
    #expect(finishes(actions) == ["one_off has run"])
    #expect(bench.timer == nil)
  }

  @Test func oneOffThatHasRunIsFinishedWhenItIsLoaded() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""one_off": true, "total_run_count": 1"#))
    #expect(actions.reports.first == .loaded(a, next: nil, initially: true))
    #expect(finishes(actions) == ["one_off has run"])
    #expect(bench.run(60).fires == [])
  }

  @Test func maxRunCountIsTheLastRun() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""max_run_count": 5, "total_run_count": 3"#))
    let actions = bench.run(60)
    #expect(actions.dues == [10, 20])
    #expect(finishes(actions) == ["max_run_count 5 is reached"])
  }

  /// mongoengine writes a 0 into every document of celerybeat-mongo.
  @Test func maxRunCountZeroIsNoLimit() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""max_run_count": 0"#))
    #expect(finishes(actions) == [])
    #expect(bench.run(30).dues == [10, 20, 30])
  }

  @Test func raisedItGoesOn() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""max_run_count": 1"#))
    _ = bench.run(35)
    _ = bench.edit(a, Sample.document(#""max_run_count": 2"#), .fired(10))
    // What came due while the schedule was finished is not missed.
    #expect(bench.run(15).dues == [40])
  }

  @Test func aFinishedScheduleIsNotDelayedByAnother() {
    var bench = SchedulerBench()
    let b = EntryName("b")
    _ = bench.load([(a, Sample.document(#""one_off": true"#), nil), (b, Sample.document(), nil)])
    #expect(bench.run(30).fires.map(\.entry) == [a, b, b, b])
  }

  // MARK: start_after, expires_at

  @Test func anIntervalThatWaitsForStartAfterBeginsThere() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""start_after": "2026-03-02T12:00:33Z""#))
    #expect(actions.reports.first == .loaded(a, next: at(33), initially: true))
    #expect(bench.run(60).dues == [33, 43, 53])
  }

  /// django-celery-beat's `start_time` means the same.
  @Test func aStartWithinTheFirstIntervalIsTheFirstRun() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""start_after": "2026-03-02T12:00:07Z""#))
    #expect(actions.reports.first == .loaded(a, next: at(7), initially: true))
    #expect(bench.run(25).dues == [7, 17])
  }

  /// This holds after a restart, before the start and after it.
  @Test func aRestartDoesNotChangeTheFirstRun() throws {
    let document = Sample.document(#""start_after": "2026-03-02T12:00:07Z""#)
    for (now, dues) in [(4.0, [7.0, 17]), (9, [7, 17]), (40, [37, 47])] {
      var bench = SchedulerBench()
      bench.now = at(now)
      _ = bench.load(a, document, try Watermark.seen(0).under(document))
      #expect(bench.run(at(20).microseconds(since: at(now)) > 0 ? 20 - now : 10).dues == dues)
    }
  }

  @Test func aStartThatIsMovedIsStillTheFirstRun() throws {
    let before = Sample.document(#""start_after": "2026-03-02T12:00:07Z""#)
    for (start, dues) in [(4.0, [4.0, 14, 24]), (9, [9, 19, 29]), (25, [25])] {
      var bench = SchedulerBench()
      _ = bench.load(a, before)
      _ = bench.run(2)
      let after = Sample.document(#""start_after": "\#(at(start).iso8601)""#)
      _ = bench.edit(a, after, try Watermark.seen(0).under(before))
      #expect(bench.run(28).dues == dues)
    }
  }

  /// A schedule that has run, or whose document says so, keeps its phase. Documents of celerybeat-mongo always say so.
  @Test func whatHasRunKeepsItsBeatThroughAStart() {
    let start = #""start_after": "2026-03-02T12:00:07Z""#
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(start, #""last_run_at": "2026-03-02T11:59:59Z""#))
    #expect(bench.run(25).dues == [9, 19])
    bench = SchedulerBench()
    _ = bench.load(a, Sample.document(start), .fired(-1))
    #expect(bench.run(25).dues == [9, 19])
  }

  @Test func aStartLongAgoChangesNothing() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""start_after": "2020-01-01""#), .fired(-4))
    #expect(bench.run(20).dues == [6, 16])
  }

  @Test func aCrontabBeginsWithTheFirstMatchFromStartAfterOn() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab("{}", #""start_after": "2026-03-02T12:03:00Z""#))
    #expect(bench.run(300).dues == [180, 240, 300])
  }

  @Test func runImmediatelyWaitsForStartAfterToo() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""start_after": "2026-03-02T12:00:33Z", "run_immediately": true"#))
    #expect(bench.run(50).dues == [33, 43])
  }

  @Test func nothingIsDueAfterExpiresAt() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""expires_at": "2026-03-02T12:00:20Z""#))
    let actions = bench.run(60)
    #expect(actions.dues == [10])
    #expect(finishes(actions) == ["expires_at 2026-03-02T12:00:20Z comes before its next occurrence"])
  }

  // MARK: jitter

  @Test func jitterDelaysTheSendingAndNotTheDueTime() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""jitter": 4"#))
    var delays: Set<Int64> = []
    for due in stride(from: 10.0, through: 100, by: 10) {
      #expect(bench.pass(at(due).microseconds(since: bench.now).seconds).fires == [] || delays.isEmpty)
      let actions = bench.run(4)
      #expect(actions.dues == [due])
      let fired = actions.reports.compactMap { if case .fired(_, let time, _) = $0 { time } else { nil } }
      delays.formUnion(fired.map { $0.microseconds(since: at(due)) })
    }
    #expect(delays.allSatisfy { (0..<4_000_000).contains($0) })
    #expect(delays.count == 10)
  }

  @Test func jitterIsTheSameOnEveryDaemon() {
    let due = at(10)
    let delay = Jitter.delay(of: a, due: due, limit: 4_000_000)
    #expect(delay == Jitter.delay(of: a, due: due, limit: 4_000_000))
    #expect(delay != Jitter.delay(of: EntryName("b"), due: due, limit: 4_000_000))
    #expect(delay != Jitter.delay(of: a, due: at(20), limit: 4_000_000))
    #expect(Jitter.delay(of: a, due: due, limit: 0) == 0)
  }

  @Test func jitterSpreadsEvenly() {
    var tenths = [Int](repeating: 0, count: 10)
    for number in 0..<10_000 {
      tenths[Int(Jitter.delay(of: EntryName("report-\(number)"), due: at(0), limit: 10))] += 1
    }
    #expect(tenths.allSatisfy { (850...1_150).contains($0) }, "\(tenths)")
  }
}

extension Int64 {
  fileprivate var seconds: Double { Double(self) / 1_000_000 }
}
