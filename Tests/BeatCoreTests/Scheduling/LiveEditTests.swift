import Testing

@testable import BeatCore

@Suite("Edits while connected: in force at once, and nothing overdue is invented")
struct LiveEditTests {
  private let a = EntryName("a")
  private let every30 = #"{"every": 30, "period": "seconds"}"#

  /// A schedule of ten seconds since noon; 14 seconds have passed, and it has fired once.
  private func running(_ fields: String = "") -> SchedulerBench {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(fields))
    _ = bench.run(14)
    return bench
  }

  // MARK: what is edited

  @Test func otherArgumentsKeepThePhase() {
    var bench = running()
    let actions = bench.edit(a, Sample.document(#""args": [5], "queue": "math""#), .fired(10))
    #expect(actions.reports == [.changed(a, next: at(20))])
    let later = bench.run(20)
    #expect(later.dues == [20, 30])
    #expect(later.fires.map(\.route) == [.queue("math"), .queue("math")])
    #expect(later.timers.first != at(20), "the timer already was armed for it")
  }

  @Test func anotherIntervalCountsFromTheLastRun() {
    var bench = running()
    let actions = bench.edit(a, Sample.document(interval: every30), .fired(10))
    #expect(actions.reports == [.changed(a, next: at(40))])
    #expect(bench.run(60).dues == [40, 70])
  }

  @Test func aShorterIntervalIsNotOverdue() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(interval: #"{"every": 1, "period": "hours"}"#), .fired(-1_805))
    let actions = bench.edit(a, Sample.document(), .fired(-1_805))
    #expect(actions.reports == [.changed(a, next: at(5))])
    let later = bench.run(20)
    #expect(later.dues == [5, 15])
    #expect(!later.reports.contains { if case .skipped = $0 { true } else { false } })
  }

  @Test func anotherCrontabWaitsForItsNextMatch() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(#"{"minute": "30"}"#), .fired(-1_800))
    // 11:45 has passed, and would be due by the new schedule.
    let actions = bench.edit(a, Sample.crontab(#"{"minute": "45"}"#), .fired(-1_800))
    #expect(actions.reports == [.changed(a, next: at(2_700))])
    #expect(bench.run(3_000).dues == [2_700])
  }

  @Test func anotherZoneIsAnotherSchedule() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(#"{"minute": "0", "hour": "12"}"#), .fired(-86_400))
    let zoned = Sample.crontab(#"{"minute": "0", "hour": "12"}"#, #""timezone": "Europe/Berlin""#)
    #expect(bench.edit(a, zoned, .fired(-86_400)).reports == [.changed(a, next: time("2026-03-03T11:00:00Z"))])
  }

  @Test func theSameScheduleWrittenOtherwiseIsNoEditOfIt() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(#"{"minute": "*/20"}"#), .fired(-3_600))
    // The newest missed occurrence is still due.
    _ = bench.edit(a, Sample.crontab(#"{"minute": [0, 20, 40], "hour": "*"}"#), .fired(-3_600))
    #expect(bench.run(0).dues == [0])
  }

  // MARK: switching

  @Test func disabledItRests() {
    var bench = running()
    let actions = bench.edit(a, Sample.document(#""enabled": false"#), .fired(10))
    #expect(actions.reports == [.changed(a, next: nil)])
    #expect(actions.timers == [nil])
    #expect(bench.run(60).fires == [])
  }

  @Test func enabledAgainTheNextOccurrenceIsAfterNow() {
    var bench = running()
    _ = bench.edit(a, Sample.document(#""enabled": false"#), .fired(10))
    _ = bench.run(60)
    let actions = bench.edit(a, Sample.document(), .fired(10))
    #expect(actions.reports == [.changed(a, next: at(80))])
    let later = bench.run(20)
    #expect(later.dues == [80, 90])
    #expect(later.reports.count { if case .skipped = $0 { true } else { false } } == 0)
  }

  @Test func deletedItIsForgotten() {
    var bench = running()
    #expect(bench.receive(.touched(a)) == [.read(a)])
    #expect(bench.read(a, .absent) == [.report(.removed(a)), .armTimer(nil)])
    #expect(bench.run(60).fires == [])
    #expect(bench.scheduler.scheduleCount == 0)
    #expect(bench.read(a, .absent) == [])
  }

  // MARK: bookkeeping that a client overwrites

  @Test func aStaleLastRunAtMakesNothingFireAgain() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.run(25)
    let stale = Sample.document(#""last_run_at": "2026-03-02T11:00:00Z", "total_run_count": 0, "note": "saved""#)
    _ = bench.edit(a, stale, .fired(20, count: 2))
    let later = bench.run(10)
    #expect(later.dues == [30])
    // The next fire writes the daemon's own values into the document that the user saved.
    let written = try #require(later.fires.first?.newDocument)
    #expect(String(written).contains(#""note": "saved""#))
    #expect(try Sample.read(String(written)).totalRunCount == 3)
    #expect(try Sample.read(String(written)).lastRunAt == at(30))
  }

  @Test func bookkeepingThatIsDroppedReturnsToo() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T11:59:59Z", "total_run_count": 7"#))
    _ = bench.run(10)
    _ = bench.edit(a, Sample.document(), .fired(9, count: 8))
    let plan = try #require(bench.run(10).fires.first)
    #expect(plan.due == at(19))
    #expect(plan.watermark.totalRunCount == 9)
  }

  @Test func aLastRunAtThatIsSetForwardCounts() {
    var bench = running()
    let actions = bench.edit(a, Sample.document(#""last_run_at": "2026-03-02T12:00:13Z""#), .fired(10))
    #expect(actions.fires == [])
    #expect(bench.run(20).dues == [23, 33])
  }

  @Test func aHigherCountIsTakenOver() {
    var bench = running()
    _ = bench.edit(a, Sample.document(#""total_run_count": 100"#), .fired(10))
    #expect(bench.run(10).fires.map(\.watermark.totalRunCount) == [101])
  }

  /// What lay in the past when the edit came stays past after a restart: the watermark has the time of the edit.
  @Test func nothingOverdueIsInventedByARestartEither() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(#"{"minute": "30"}"#), .fired(-1_800))
    let edited = Sample.crontab(#"{"minute": "45"}"#)
    let actions = bench.edit(a, edited, .fired(-1_800))
    let watermark = Watermark(due: at(0), taskID: nil, totalRunCount: 1)
    #expect(actions.rebases == [Rebase(from: at(-1_800), to: watermark)])
    var restarted = SchedulerBench()
    restarted.now = at(60)
    #expect(restarted.load(a, edited, watermark).fires == [])
    #expect(restarted.run(3_600).dues == [2_700])
  }

  /// A name that was used before is made again. The other daemon saw it first and has fired it, so its series counts.
  /// The earlier schedule's watermark, which an answer on its way may still bring, does not count.
  @Test func whoeverSawANewScheduleFirstSetsItsBeat() {
    var bench = SchedulerBench.watching()
    bench.now = at(5)
    _ = bench.edit(a, Sample.document(), .fired(-3_600))
    _ = bench.edit(a, Sample.document(), .fired(-3_600))
    #expect(bench.timer == at(15))
    _ = bench.edit(a, Sample.document(), .fired(3, count: 1))
    #expect(bench.run(20).dues == [13, 23])
  }

  /// The other daemon has gone on by the new schedule, and this one hears of the edit late: what the other left due is
  /// due.
  @Test func anEditHeardOfLateLosesNothing() {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(0))
    _ = bench.pass(25)
    let faster = #"{"every": 4, "period": "seconds"}"#
    _ = bench.edit(a, Sample.document(#""catchup": "all""#, interval: faster), .fired(18, count: 3))
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(10).dues == [22, 26, 30, 34])
  }

  /// The schedule was made again without an event: the newer watermark counts from the beginning.
  @Test func aNewerWatermarkKnowsTheCountBetter() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(), .fired(0, count: 25))
    _ = bench.edit(a, Sample.document(#""description": "again""#), .fired(7, count: 1))
    #expect(bench.run(17).fires.map(\.watermark.totalRunCount) == [2])
  }

  /// Another daemon fired: the document and the watermark show it, and no user has edited.
  @Test func aFireOfAnotherDaemonIsNobodysEdit() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let ours = try #require(bench.run(14).fires.first).newDocument
    let theirs = try DocumentLayout(ours).fired(due: at(20), count: 2).bytes
    let watermark = try Watermark.fired(20, count: 2).under(Sample.document())
    #expect(bench.edit(a, String(theirs), watermark) == [.read(a), .armTimer(at(30))])
    #expect(bench.run(20).dues == [30])
  }

  /// A date in milliseconds says less than the watermark of the same run. That is no edit, and nobody is warned of it.
  @Test func aFireOfAnotherDaemonInMillisecondsIsNobodysEdit() throws {
    var bench = SchedulerBench()
    let first = at(0).advanced(by: 570)
    let document = Sample.document(#""last_run_at": {"$date": \#(first.microseconds / 1000)}, "total_run_count": 1"#)
    let layout = try DocumentLayout(Array(document.utf8))
    func watermark(_ due: UnixTime, _ count: Int64) -> Watermark {
      Watermark(due: due, taskID: TaskID(text: "theirs"), totalRunCount: count)
    }
    _ = bench.load(a, document, try watermark(first, 1).under(document))
    let second = first.advanced(by: 10_000_000)
    let theirs = layout.fired(due: second, count: 2).bytes
    let actions = bench.edit(a, String(theirs), try watermark(second, 2).under(document))
    #expect(actions == [.read(a), .armTimer(second.advanced(by: 10_000_000))])
    #expect(bench.run(20).dues == [])
  }

  @Test func aFireOfAnotherDaemonAfterAnEditIsAnEdit() throws {
    var bench = running()
    let edited = try DocumentLayout(Array(Sample.document(#""args": [5]"#).utf8)).fired(due: at(20), count: 2).bytes
    #expect(bench.edit(a, String(edited), .fired(20, count: 2)).reports == [.changed(a, next: at(30))])
  }

  @Test func ourOwnFireComesBackAsAnEventAndIsNoEdit() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let plan = try #require(bench.run(10).fires.first)
    #expect(bench.edit(a, String(plan.newDocument), plan.watermark) == [.read(a)])
  }

  // MARK: delete and make again

  @Test func madeAgainItIsANewSchedule() {
    var bench = running()
    _ = bench.receive(.touched(a))
    _ = bench.read(a, .absent)
    _ = bench.run(2)
    let actions = bench.edit(a, Sample.document(#""total_run_count": 40"#), .fired(10))
    #expect(actions.reports == [.loaded(a, next: at(26), initially: false)])
    #expect(actions.rebases == [Rebase(from: at(10), to: .seen(16, count: 40))], "the count is the document's")
    let later = bench.run(20)
    #expect(later.dues == [26, 36])
    #expect(later.fires.map(\.watermark.totalRunCount) == [41, 42])
  }

  /// The watermark has the time that was fired, even where the clock has been set back since.
  @Test func madeAgainItNeverFiresForATimeAlreadyFired() {
    var bench = SchedulerBench.watching()
    let actions = bench.edit(a, Sample.document(), .fired(60))
    #expect(actions.rebases == [Rebase(from: at(60), to: .seen(60))])
    #expect(bench.run(100).dues == [70, 80, 90, 100])
  }

  @Test func restoredWithItsLastRunItGoesOnFromThere() {
    var bench = SchedulerBench.watching()
    _ = bench.edit(a, Sample.document(#""last_run_at": "2026-03-02T11:59:56Z""#), nil)
    #expect(bench.run(20).dues == [6, 16])
  }
}
