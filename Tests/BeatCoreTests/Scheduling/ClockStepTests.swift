import Testing

@testable import BeatCore

@Suite("The clock is set: nothing fires twice, nothing stalls, nothing floods")
struct ClockStepTests {
  private let a = EntryName("a")
  private let hourly = #"{"minute": "0"}"#

  /// Sets the clock by so many seconds, and gives the scheduler the event.
  private func step(_ bench: inout SchedulerBench, by seconds: Double) -> [Scheduler.Action] {
    let step = Int64(seconds * 1_000_000)
    bench.now = bench.now.advanced(by: step)
    return bench.receive(.clockStepped(by: step))
  }

  // MARK: intervals are elapsed time

  @Test(arguments: [3_600.0, -3_600, 86_400, -86_400]) func anIntervalIsNeitherEarlyNorLate(_ seconds: Double) {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.run(14)
    let actions = step(&bench, by: seconds)
    // Four of ten seconds have passed. After a step back the due time differs by a microsecond, so that no time comes
    // twice.
    let due = at(20 + seconds).advanced(by: seconds < 0 ? 1 : 0)
    #expect(actions.timers == [due])
    #expect(bench.run(20).fires.map(\.due) == [due, due.advanced(by: 10_000_000)])
  }

  /// This daemon's clock was an hour ahead. The watermark is another daemon's, whose clock was right: what that one
  /// fired stays fired.
  @Test func aBaseThatWasFoundDoesNotMoveWithOurClock() {
    var bench = SchedulerBench()
    bench.now = at(3_605)
    _ = bench.load(a, Sample.document(#""catchup": "none""#), .fired(0))
    let actions = step(&bench, by: -3_600)
    #expect(!actions.contains { if case .rebase = $0 { true } else { false } })
    #expect(bench.run(20).dues == [10, 20])
  }

  /// The watermark moves too, so that a daemon which reads it later counts from the same time.
  @Test func theWatermarkMovesAlong() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.run(14)
    #expect(step(&bench, by: -3_600).rebases == [Rebase(from: at(10), to: .seen(-3_589.999_999, count: 1))])
  }

  @Test func aScriptOnItsWayIsWaitedForFirst() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let plan = try #require(bench.pass(10).fires.first)
    #expect(step(&bench, by: -3_600) == [])
    let actions = bench.end(plan, .fired)
    #expect(actions.rebases == [Rebase(from: at(10), to: .seen(-3_589.999_999, count: 1))])
    #expect(bench.run(21).dues == [-3_579.999_999, -3_569.999_999])
  }

  @Test func aStepIsForgottenWithTheScheduleItWasFor() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let plan = try #require(bench.pass(10).fires.first)
    _ = step(&bench, by: -3_600)
    _ = bench.receive(.touched(a))
    _ = bench.read(a, .absent)
    _ = bench.end(plan, .gone)
    _ = bench.edit(a, Sample.document(), nil)
    #expect(bench.run(30).dues == [-3_580, -3_570, -3_560])
  }

  /// The clock goes two seconds ahead and back: a time that it shows twice is due once.
  @Test func thereAndBackAgainNothingIsDueTwice() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(interval: #"{"every": 500, "period": "milliseconds"}"#))
    var dues = bench.run(2).dues
    _ = step(&bench, by: 2)
    dues += bench.run(2).dues
    _ = step(&bench, by: -2)
    dues += bench.run(3).dues
    #expect(dues.count == 13)
    #expect(Set(dues).count == dues.count)
  }

  /// A fire that a standby heard of as it happened moves with the clock, like a fire of its own.
  @Test func aStandbyThatTakesOverAfterAStepInventsNothing() {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(-10))
    _ = bench.pass(3)
    _ = bench.edit(a, Sample.document(#""catchup": "all""#, #""total_run_count": 2"#), .fired(0, count: 2))
    _ = step(&bench, by: 3_600)
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(17).dues == [3_610, 3_620])
  }

  /// The clock was ahead for a moment. The standby has read the watermark of that time, but has learned neither that
  /// the clock was set back, nor that the watermark was.
  @Test func whatLiesInTheFutureIsLookedAtWhenWeLead() {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, Sample.document(), .fired(-10))
    _ = bench.pass(3)
    _ = bench.edit(a, Sample.document(#""total_run_count": 2"#), .fired(3_600, count: 2))
    #expect(bench.receive(.leadershipChanged(true)).reads == [a])
    _ = bench.read(a, Sample.document(#""total_run_count": 2"#), .seen(1, count: 2))
    #expect(bench.run(10).dues == [11])
  }

  /// All daemons share the watermark. A standby moves its own memory only, or it would move what the leader has moved
  /// already.
  @Test func aStandbyLeavesTheWatermarkAlone() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.run(14)
    _ = bench.receive(.leadershipChanged(false))
    #expect(step(&bench, by: 3_600).rebases == [])
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(10).dues == [3_620])
  }

  // MARK: watermarks that were read, and those in the future

  private static let years = 30 * 365.0 * 86_400

  /// A time that was read from the store moves ahead with the clock. Otherwise all of thirty years would be missed.
  @Test func yearsAheadNothingIsMadeUpFor() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(-5))
    _ = step(&bench, by: Self.years)
    #expect(bench.run(10).dues == [Self.years + 5])
  }

  @Test func yearsAheadAndBackNothingIsMadeUpForEither() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(-5))
    _ = step(&bench, by: Self.years)
    _ = bench.run(6)
    _ = step(&bench, by: -Self.years)
    #expect(bench.run(20).dues == [15.000_001, 25.000_001])
  }

  /// A process that starts while the clock is years ahead catches up on years, and so has fires that lie after the true
  /// time.
  @Test func whatWasMadeUpForWhileTheClockWasAheadIsNoReasonToGoBackToThePast() throws {
    var bench = SchedulerBench()
    bench.now = at(Self.years)
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(0))
    for _ in 0..<3 {
      let plan = try #require(bench.pass(0).fires.first)
      _ = bench.end(plan, .fired)
    }
    _ = step(&bench, by: -Self.years)
    #expect(bench.run(20).dues == [10, 20])
  }

  /// The leader's watermark is of the time when the clock was years ahead. No daemon has noticed that the clock went
  /// back.
  @Test func aWatermarkOfTheFutureIsBroughtToThePresent() {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, Sample.document(), .fired(Self.years))
    _ = bench.pass(1)
    #expect(bench.receive(.clockTold).rebases == [], "only the leader writes watermarks")
    #expect(bench.receive(.leadershipChanged(true)).reads == [a])
    #expect(bench.receive(.clockTold).rebases == [], "the stored watermark is not known yet")
    _ = bench.read(a, Sample.document(), .fired(Self.years))
    #expect(bench.receive(.clockTold).rebases == [Rebase(from: at(Self.years), to: .seen(1, count: 1))])
    #expect(bench.run(20).dues == [11, 21])
  }

  /// Without Redis' time this daemon may itself be the one that has not noticed a step ahead.
  @Test func whatLiesAheadOfUsOnlyStays() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(), .fired(-5))
    _ = bench.edit(a, Sample.document(#""total_run_count": 2"#), .fired(3_600, count: 2))
    _ = step(&bench, by: 3_601)
    #expect(bench.receive(.clockTold).rebases == [])
    #expect(bench.run(10).dues == [3_610])
  }

  /// No daemon led when the clock was set: a watermark that is read after the step was written before it.
  @Test func whatIsReadAfterAStepAheadMayBeFromBefore() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(-5))
    _ = bench.receive(.disconnected)
    _ = bench.receive(.leadershipChanged(false))
    _ = step(&bench, by: Self.years)
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(-5))
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(10).dues == [Self.years + 5])
  }

  /// The document has a run of the time when the clock was ahead, and the watermark has gone back since.
  @Test func aMemoryOfTheFutureDoesNotCountBesideAMark() {
    var bench = SchedulerBench()
    let document = Sample.document(#""last_run_at": {"$date": "2026-03-02T12:00:30Z"}, "total_run_count": 7"#)
    _ = bench.load(a, document, .fired(-4))
    #expect(bench.run(10).dues == [6])
  }

  @Test func anOccurrenceThatIsEarlyByANewClockIsNotDeferred() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let plan = try #require(bench.pass(10).fires.first)
    _ = step(&bench, by: -3_600)
    _ = bench.end(plan, .early(serverTime: bench.now))
    #expect(bench.run(1).dues == [-3_590 + 0.000_001])
  }

  @Test func whatHasToRunAtOnceDoesNotWaitForTheFuture() throws {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    bench.now = at(Self.years)
    _ = bench.load(a, Sample.crontab(hourly, #""run_immediately": true"#), .fired(0))
    _ = step(&bench, by: -Self.years)
    #expect(bench.receive(.leadershipChanged(true)).timers == [at(0)])
  }

  // MARK: crontabs follow the wall clock

  /// The due time is the same, but its moment is another: the timer goes off half an hour sooner.
  @Test func theTimerIsSetAgain() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(hourly), .fired(0))
    #expect(step(&bench, by: 1_800).timers == [at(3_600)])
  }

  @Test func aJumpAheadAndBackDoesNotLeaveItSilent() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(hourly), .fired(0))
    _ = step(&bench, by: Self.years)
    _ = step(&bench, by: -Self.years)
    #expect(bench.run(3_600).dues == [3_600])
  }

  @Test func aSmallStepForwardIsCaughtUpOn() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(hourly), .fired(0))
    _ = step(&bench, by: 2 * 3_600 + 60)
    let actions = bench.run(3_600)
    #expect(actions.dues == [7_200, 10_800])
    #expect(actions.reports.first == .skipped(a, count: 1, from: at(3_600), through: at(3_600)))
  }

  @Test func ofAJumpForwardNothingIsCaughtUpOn() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(hourly, #""catchup": "all""#), .fired(0))
    let actions = step(&bench, by: 5 * 3_600 + 60)
    #expect(actions.reports == [.skipped(a, count: 5, from: at(3_600), through: at(18_000))])
    #expect(bench.run(3_600).dues == [21_600])
  }

  @Test func backNothingFiresTwice() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(hourly), .fired(-3_600))
    #expect(bench.run(3_700).dues == [0, 3_600])
    _ = step(&bench, by: -3_600)
    #expect(bench.run(7_200).dues == [7_200])
  }

  @Test func backByAJumpItBeginsAnew() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(hourly), .fired(-3_600))
    _ = bench.run(60)
    _ = step(&bench, by: -30 * 86_400)
    #expect(bench.run(3_600).dues == [3_600 - 30 * 86_400])
  }

  // MARK: changed zone rules

  @Test func newZoneRulesAreInForceAtOnce() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.crontab(#"{"minute": "0", "hour": "13"}"#, #""timezone": "Europe/Berlin""#), .fired(0))
    #expect(bench.timer == time("2026-03-03T12:00:00Z"))
    let tokyo = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
      do { return try TimeTesting.zone("Asia/Tokyo") } catch { throw ZoneError(zone: name, message: "there is none") }
    }
    let next = time("2026-03-03T04:00:00Z")
    #expect(bench.receive(.documentsChanged(tokyo)) == [.report(.changed(a, next: next)), .armTimer(next)])
  }

  @Test func aZoneThatIsGoneSetsTheDocumentAsideAndBackItReturns() {
    var bench = SchedulerBench()
    let document = Sample.crontab(#"{"minute": "0", "hour": "13"}"#, #""timezone": "Europe/Berlin""#)
    _ = bench.load(a, document, .fired(0))
    let none = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
      throw ZoneError(zone: name, message: "there is none")
    }
    let reason = #"timezone "Europe/Berlin": there is none"#
    #expect(bench.receive(.documentsChanged(none)).reports == [.rejected(a, reason: reason)])
    #expect(bench.scheduler.rejectedCount == 1)
    // A second refresh reports nothing new.
    #expect(bench.receive(.documentsChanged(none)) == [.read(a)])
    #expect(bench.read(a, document, .fired(0)).reports == [])
    #expect(bench.receive(.documentsChanged(Sample.context)) == [.read(a)])
    _ = bench.read(a, document, .fired(0))
    #expect(bench.scheduler.scheduleCount == 1)
    #expect(bench.timer == time("2026-03-03T12:00:00Z"))
  }
}
