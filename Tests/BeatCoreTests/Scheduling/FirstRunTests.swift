import Testing

@testable import BeatCore

@Suite("First run: a schedule is never fired because it was seen")
struct FirstRunTests {
  private let a = EntryName("a")

  @Test func anIntervalCountsFromTheTimeItIsFirstSeen() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document())
    #expect(actions.fires == [])
    #expect(actions.reports.first == .loaded(a, next: at(10), initially: true))
    #expect(bench.run(35).dues == [10, 20, 30])
  }

  @Test func aCrontabWaitsForItsNextMatch() {
    var bench = SchedulerBench()
    bench.now = at(1)
    _ = bench.load(a, Sample.crontab(#"{"minute": "*/2"}"#))
    #expect(bench.run(250).dues == [120, 240])
  }

  @Test func noonItselfIsNotAfterNoon() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(#"{"minute": "0"}"#))
    #expect(bench.run(3_600).dues == [3_600])
  }

  /// Without a watermark each restart would begin the interval again, and a daily task might never run.
  @Test func theTimeFirstSeenIsKeptInTheWatermark() {
    var bench = SchedulerBench()
    let first = bench.load(a, Sample.document())
    #expect(first.anchors == [.seen(0)])
    #expect(bench.edit(a, Sample.document(), .seen(0)).anchors == [])

    var restarted = SchedulerBench()
    restarted.now = at(7)
    let second = restarted.load(a, Sample.document(), .seen(0))
    #expect(second.anchors == [])
    #expect(restarted.run(30).dues == [10, 20, 30])
  }

  @Test func aRestartKeepsThePhaseOfTheWatermark() {
    var bench = SchedulerBench()
    bench.now = at(3)
    _ = bench.load(a, Sample.document(), .fired(-4.5))
    #expect(bench.run(20).dues == [5.5, 15.5])
  }

  @Test func withoutAMarkLastRunAtIsThePreviousRun() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T11:59:57Z", "total_run_count": 4"#))
    #expect(actions.anchors == [.seen(-3, count: 4)])
    #expect(bench.run(20).dues == [7, 17])
  }

  @Test func ofWatermarkAndLastRunAtTheLaterCounts() {
    for (watermark, last) in [(Watermark.fired(-8), "11:59:58"), (.fired(-2), "11:59:52")] {
      var bench = SchedulerBench()
      _ = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T\#(last)Z""#), watermark)
      #expect(bench.run(20).dues == [8, 18])
    }
  }

  @Test func aLastRunInTheFutureIsWarnedOfAndNotUsed() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T14:00:00""#))
    #expect(
      actions.warnings == [
        "last_run_at 2026-03-02T14:00:00Z is in the future and is not used; is it local time without its zone?"
      ])
    #expect(bench.run(20).dues == [10, 20])
  }

  @Test func clocksMayDisagreeByAMinute() {
    var bench = SchedulerBench()
    let actions = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T12:01:00Z""#))
    #expect(actions.warnings == [])
    #expect(bench.run(80).dues == [70, 80])
  }

  @Test func aScheduleMadeWhileWeWatchBeginsNow() {
    var bench = SchedulerBench.watching()
    _ = bench.pass(2.5)
    let actions = bench.edit(a, Sample.document())
    #expect(actions.anchors == [.seen(2.5)])
    #expect(actions.reports == [.loaded(a, next: at(12.5), initially: false)])
    #expect(bench.run(20).dues == [12.5, 22.5])
  }

  @Test func eachOccurrenceCountsFromTheOneBeforeNotFromNow() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    // The timer is late, and so is the answer.
    bench.now = at(10.9)
    let plan = bench.receive(.timerFired).fires
    #expect(plan.map(\.due) == [at(10)])
    bench.now = at(11.7)
    for plan in plan { _ = bench.end(plan, .fired) }
    #expect(bench.run(30).dues == [20, 30, 40])
  }

  @Test func nothingIsFiredBeforeItIsDue() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    bench.now = at(10).advanced(by: -1)
    #expect(bench.receive(.timerFired) == [.armTimer(at(10))])
    bench.now = at(10)
    #expect(bench.receive(.timerFired).dues == [10])
  }

  // MARK: what is sent

  @Test func aPlanHoldsAllThatTheScriptNeeds() throws {
    var bench = SchedulerBench()
    let document = Sample.document(#""args": [1], "queue": "math", "priority": 6, "total_run_count": 4"#)
    _ = bench.load(a, document)
    let plan = try #require(bench.pass(10).fires.first)
    #expect(plan.entry == a)
    #expect(plan.task == "proj.tasks.add")
    #expect(plan.due == at(10))
    #expect(plan.taskID == TaskID(key: Array("tasks:meta:a".utf8), due: at(10), sha1: SHA1.digest))
    #expect(String(plan.oldDocument) == document)
    let written = try Sample.read(String(plan.newDocument))
    #expect(written.lastRunAt == at(10))
    #expect(written.totalRunCount == 5)
    #expect(plan.watermark.undigested == Watermark(due: at(10), taskID: plan.taskID, totalRunCount: 5))
    #expect(plan.route == .queue("math"))
    #expect(plan.priority == 6)
    #expect(String(plan.message).contains("\"id\": \"\(plan.taskID)\""))
  }

  @Test func theNextPlanIsMadeFromTheDocumentThatTheFireWrote() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let plans = bench.run(20).fires
    #expect(plans.count == 2)
    #expect(plans.first?.newDocument == plans.last?.oldDocument)
    #expect(try Sample.read(String(plans[1].newDocument)).totalRunCount == 2)
  }
}
