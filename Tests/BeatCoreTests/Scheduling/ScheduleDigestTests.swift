import Testing

@testable import BeatCore

@Suite("Digest: the schedule by which a watermark was written, to tell an edit that is heard late from a new one")
struct ScheduleDigestTests {
  private let a = EntryName("a")
  private let every10 = Sample.document(#""catchup": "all""#)
  private let every4 = Sample.document(#""catchup": "all""#, interval: #"{"every": 4, "period": "seconds"}"#)
  private let disabled = Sample.document(#""catchup": "all""#, #""enabled": false"#)

  private func digest(_ document: String) throws -> String {
    try #require(Watermark.seen(0).under(document).digest).description
  }

  // MARK: the digest itself

  /// Daemons of different versions must agree on the digest.
  @Test func isTheSameInEachVersion() throws {
    #expect(try digest(Sample.document()) == "42f27b1a")
    #expect(try digest(Sample.crontab(#"{"minute": "45"}"#)) == "5e13e4a0")
  }

  @Test func whatMeansTheSameHasTheSame() throws {
    #expect(try digest(every10) == digest(Sample.document(#""args": [1]"#)))
    #expect(try digest(every10) == digest(Sample.document(interval: #"{"every": 10000, "period": "milliseconds"}"#)))
    #expect(
      try digest(Sample.crontab(#"{"minute": "*/20"}"#)) == digest(Sample.crontab(#"{"minute": [40, 0, 20]}"#)))
  }

  @Test func whatDecidesWhenItIsDueChangesIt() throws {
    let documents = [
      every10, every4, disabled, Sample.document(#""start_after": "2026-04-01T00:00:00Z""#),
      Sample.document(interval: #"{"every": 10, "period": "seconds", "relative": true}"#),
      Sample.document(interval: nil).dropLast() + #", "clocked": {"clocked_time": "2026-04-01T00:00:00Z"}}"#,
      Sample.crontab(#"{"minute": "1"}"#), Sample.crontab(#"{"minute": "2"}"#), Sample.crontab(#"{"hour": "1"}"#),
      Sample.crontab(#"{"day_of_week": "1"}"#), Sample.crontab(#"{"day_of_month": "1"}"#),
      Sample.crontab(#"{"month_of_year": "1"}"#), Sample.crontab(#"{"day_of_year": "1"}"#),
      Sample.crontab(#"{"minute": "1"}"#, #""timezone": "Europe/Berlin""#),
    ]
    #expect(try Set(documents.map { try digest(String($0)) }).count == documents.count)
  }

  @Test func standsInTheWatermark() throws {
    let watermark = try Watermark.seen(0, count: 3).under(Sample.document())
    #expect(String(watermark.bytes) == "00001772452800000000||3|42f27b1a")
    #expect(Watermark(watermark.bytes) == watermark)
  }

  @Test(arguments: ["42f27b1", "42f27b1aa", "+2f27b1a", "-2f27b1a", "42f27b1g", ""])
  func otherTextsAreNone(_ text: String) {
    #expect(Watermark(Array("00001772452800000001||0|\(text)".utf8)) == nil)
  }

  // MARK: a daemon that stands by

  /// A standby that knows the schedule as every ten seconds, fired at noon; 25 seconds have passed.
  private func standby(_ watermark: Watermark) -> SchedulerBench {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, every10, watermark)
    _ = bench.pass(25)
    return bench
  }

  private func takeOver(_ bench: inout SchedulerBench) -> [Double] {
    _ = bench.receive(.leadershipChanged(true))
    return bench.run(0).dues
  }

  /// The leader had taken the edit in, and has not come to a run by it: what it left due is due.
  @Test func anEditThatWasInForceAlreadyLosesNothing() throws {
    let fired = Watermark.fired(0)
    var bench = standby(try fired.under(every10))
    #expect(bench.edit(a, every4, try fired.under(every4)).rebases == [], "only the leader writes")
    #expect(takeOver(&bench) == [4, 8, 12, 16, 20, 24])
  }

  /// No daemon has taken the edit in before this one: nothing overdue is invented, though the leader has fired by the
  /// old schedule since.
  @Test func anEditThatIsNewsToAllBeginsNow() throws {
    var bench = standby(try Watermark.fired(0).under(every10))
    let watermark = try Watermark.fired(20, count: 3).under(every10)
    _ = bench.edit(a, every4, watermark)
    #expect(takeOver(&bench) == [])
    _ = bench.read(a, every4, watermark)
    #expect(bench.run(10).dues == [28, 32])
  }

  /// The schedule was changed and changed back, while no daemon led: the watermark is the one that was read before, and
  /// shows nothing new.
  @Test func backToTheOldOneIsAnEditToo() throws {
    let watermark = try Watermark.fired(0).under(every10)
    var bench = standby(watermark)
    _ = bench.edit(a, every4, watermark)
    _ = bench.edit(a, every10, watermark)
    #expect(takeOver(&bench) == [])
    _ = bench.read(a, every10, watermark)
    #expect(bench.run(10).dues == [30])
  }

  /// A leader switched the schedule off and on again in its watermark, and then died.
  @Test func switchedOnIsAnEditThatMayBeHeardLate() throws {
    let fired = Watermark.fired(0)
    var bench = standby(try fired.under(every10))
    _ = bench.edit(a, disabled, try fired.under(disabled))
    _ = bench.edit(a, every10, try fired.under(every10))
    #expect(takeOver(&bench) == [10, 20])
  }

  // MARK: the one that fires

  /// The leader writes the new digest for the others. The watermark's due time stays, and so does the task id of the
  /// run.
  @Test func theLeaderKeepsTheWatermarkUpToDate() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.pass(2)
    let watermarks = bench.edit(a, every4, try Watermark.fired(0).under(every10)).compactMap { action -> Watermark? in
      if case .rebase(_, at(0), let watermark) = action { watermark } else { nil }
    }
    #expect(watermarks == [try Watermark.fired(0).under(every4)])
    #expect(
      bench.edit(a, disabled, try Watermark.fired(0).under(every4)).rebases == [Rebase(from: at(0), to: .fired(0))])
    #expect(bench.edit(a, disabled + " ", try Watermark.fired(0).under(disabled)).rebases == [])
  }

  /// A user has set `last_run_at` forward: the next leader must count from there, even if the field is overwritten
  /// again.
  @Test func aLastRunAtOfAPersonIsKept() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.pass(2)
    let edited = Sample.document(#""catchup": "all""#, #""last_run_at": "2026-03-02T12:00:01Z""#)
    let actions = bench.edit(a, edited, try Watermark.fired(0).under(every10))
    #expect(actions.rebases == [Rebase(from: at(0), to: .seen(1, count: 1))])
  }

  /// The daemon heard of the edit while it stood by, and leads now: it stores the new schedule's digest with the time
  /// from which the schedule counts.
  @Test func anEditThatWasHeardWhileStandingByIsKeptFromThen() throws {
    let watermark = try Watermark.fired(0).under(every10)
    var bench = standby(watermark)
    _ = bench.edit(a, every4, watermark)
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.edit(a, every4 + " ", watermark).rebases == [Rebase(from: at(0), to: .seen(24, count: 1))])
    #expect(bench.run(10).dues == [28, 32])
  }

  // MARK: a standby that hears an edit before the leader

  /// The standby took the edit for new before the leader did. What the leader left due since then is due.
  @Test func theLeadersWatermarkEndsOurFloor() throws {
    var bench = standby(try Watermark.fired(0).under(every10))
    _ = bench.edit(a, every4, try Watermark.fired(0).under(every10))
    _ = bench.edit(a, every4, try Watermark.seen(20, count: 1).under(every4))
    #expect(takeOver(&bench) == [24])
  }

  /// The standby took the edit for new, but the leader has gone on from before it: so does the standby.
  @Test func aFireOfTheLeaderEndsOurFloor() throws {
    var bench = standby(try Watermark.fired(0).under(every10))
    _ = bench.edit(a, every4, try Watermark.fired(0).under(every10))
    _ = bench.edit(a, every4 + " ", try Watermark.fired(4, count: 2).under(every4))
    #expect(takeOver(&bench) == [8, 12, 16, 20, 24])
  }

  /// A name was made again, and the leader has run the new schedule already: a standby that sees it later must not move
  /// its watermark.
  @Test func aStandbyTakesNoWatermarkForAnEarlierOnes() throws {
    var bench = SchedulerBench.watching()
    _ = bench.receive(.leadershipChanged(false))
    bench.now = at(15)
    #expect(bench.edit(a, every10, try Watermark.fired(7).under(every4)).rebases == [])
    // If no daemon has stored it until this one leads, this one does.
    #expect(bench.receive(.leadershipChanged(true)).rebases == [Rebase(from: at(7), to: .seen(15))])
  }

  /// The schedule is first seen late, after a run that its document does not have. The watermark's digest shows that
  /// the run is this schedule's.
  @Test func aScheduleThatIsSeenLateIsNotNew() throws {
    var bench = SchedulerBench.watching()
    _ = bench.receive(.leadershipChanged(false))
    bench.now = at(15)
    _ = bench.edit(a, every10, try Watermark.fired(7, count: 3).under(every10))
    _ = bench.receive(.leadershipChanged(true))
    let plan = try #require(bench.run(5).fires.first)
    #expect(plan.due == at(17))
    #expect(plan.watermark.totalRunCount == 4)
  }

  /// A daemon that hears of the deletion marks the watermark as gone, so the same schedule made again is new.
  @Test func theSameScheduleMadeAgainIsNew() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.pass(4)
    _ = bench.receive(.touched(a))
    let gone = Scheduler.DocumentRead(.absent, watermark: try Watermark.fired(0).under(every10))
    let watermarks = bench.receive(.read(a, gone)).compactMap { action -> Watermark? in
      if case .rebase(a, at(0), let watermark) = action { watermark } else { nil }
    }
    let watermark = try #require(watermarks.first)
    #expect(watermark == Watermark.fired(0).ofGone)
    bench.now = at(6)
    _ = bench.edit(a, every10, watermark)
    #expect(bench.run(15).dues == [16])
  }
}
