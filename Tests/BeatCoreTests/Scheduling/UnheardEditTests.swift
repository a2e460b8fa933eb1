import Testing

@testable import BeatCore

/// An edit that is made while no daemon runs begins when a daemon loads it. A restart alone is no edit.
@Suite("Edits that no daemon heard: the watermark shows after a downtime which schedule was in force before")
struct UnheardEditTests {
  private let a = EntryName("a")
  private let hourly = Sample.document(interval: #"{"every": 1, "period": "hours"}"#)
  private let every10 = Sample.document()
  private let disabled = Sample.document(#""enabled": false"#)

  private func skips(_ actions: [Scheduler.Action]) -> Int {
    actions.reports.count { if case .skipped = $0 { true } else { false } }
  }

  /// A daemon that starts at noon; the watermark's digest is that of the document `before`.
  private func restarted(_ document: String, _ watermark: Watermark, under before: String) throws -> SchedulerBench {
    var bench = SchedulerBench()
    let actions = bench.load(a, document, try watermark.under(before))
    #expect(skips(actions) == 0)
    return bench
  }

  // MARK: what was edited

  @Test func aShorterIntervalIsNotOverdue() throws {
    let every5 = Sample.document(interval: #"{"every": 5, "period": "seconds"}"#)
    var bench = try restarted(every5, .seen(-7), under: hourly)
    let actions = bench.run(14)
    #expect(actions.dues == [3, 8, 13], "it keeps the beat of what it is counted from, as after an edit that is heard")
    #expect(skips(actions) == 0)
  }

  @Test func anotherCrontabWaitsForItsNextMatch() throws {
    let before = Sample.crontab(#"{"minute": "0", "hour": "16"}"#)
    var bench = try restarted(
      Sample.crontab(#"{"minute": "55", "hour": "11"}"#), .fired(-72_000), under: before)
    #expect(bench.run(80_000).dues == [], "five minutes ago is not made up for")
    #expect(bench.run(7_000).dues == [86_100])
  }

  @Test func switchedOnItWaitsForItsNextMatch() throws {
    let off = Sample.crontab(#"{"minute": "59", "hour": "11"}"#, #""enabled": false"#)
    let on = off.replacing("false", with: "true").replacing(#""enabled": true, "#, with: "", maxReplacements: 1)
    var bench = try restarted(on, .seen(-180), under: off)
    #expect(bench.run(80_000).dues == [])
    #expect(bench.run(7_000).dues == [86_340])
  }

  @Test func anotherZoneIsAnotherSchedule() throws {
    let berlin = Sample.crontab(#"{"minute": "30", "hour": "12"}"#, #""timezone": "Europe/Berlin""#)
    let utc = Sample.crontab(#"{"minute": "30", "hour": "12"}"#)
    var bench = try restarted(berlin, .fired(-84_600), under: utc)
    #expect(bench.run(3_600).dues == [], "11:30 UTC has passed")
    #expect(bench.run(86_400).dues == [84_600])
  }

  @Test func anotherBeginningIsAnEdit() throws {
    let later = Sample.document(#""start_after": "2026-03-02T11:00:00Z""#)
    var bench = try restarted(later, .fired(-3_605), under: every10)
    let actions = bench.run(20)
    #expect(actions.dues == [5, 15])
    #expect(skips(actions) == 0)
  }

  @Test func anIntervalThatBecomesACrontabAndBack() throws {
    let crontab = Sample.crontab(#"{"minute": "*"}"#)
    var bench = try restarted(crontab, .fired(-125), under: every10)
    #expect(bench.run(60).dues == [60])
    bench = try restarted(every10, .fired(-120), under: crontab)
    #expect(bench.run(20).dues == [10, 20])
  }

  /// What was missed before a document was set aside is not caught up when it is mended, whether a daemon hears that or
  /// not.
  @Test func mendedItBeginsAnew() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(-5).under(every10))
    _ = bench.pass(1)
    let broken = Scheduler.DocumentRead(.document(Array("{".utf8)), watermark: try Watermark.fired(-5).under(every10))
    let watermarks = bench.receive(.read(a, broken)).compactMap { action -> Watermark? in
      if case .rebase(a, at(-5), let watermark) = action { watermark } else { nil }
    }
    let watermark = try #require(watermarks.first)
    #expect(watermark.undigested == .fired(-5))
    var restarted = SchedulerBench()
    restarted.now = at(33)
    _ = restarted.load(a, every10, watermark)
    #expect(restarted.run(15).dues == [35, 45])
  }

  /// The document was deleted while a daemon heard it, and made again while none did.
  @Test func madeAgainItIsNew() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(-5, count: 7).under(every10))
    let gone = Scheduler.DocumentRead(.absent, watermark: try Watermark.fired(-5, count: 7).under(every10))
    let watermarks = bench.receive(.read(a, gone)).compactMap { action -> Watermark? in
      if case .rebase(a, at(-5), let watermark) = action { watermark } else { nil }
    }
    let watermark = try #require(watermarks.first)
    var restarted = SchedulerBench()
    restarted.now = at(33)
    _ = restarted.load(a, every10, watermark)
    let fires = restarted.run(15).fires
    #expect(fires.map(\.due) == [at(43)])
    #expect(fires.first?.watermark.totalRunCount == 1)
  }

  /// A document was renamed to this name, or restored, where another one was deleted. It has its last run, and goes on
  /// from there, as when a daemon hears it.
  @Test func oneThatRemembersItsRunsGoesOn() throws {
    let renamed = Sample.document(#""last_run_at": "\#(at(15).iso8601)""#)
    for gone in [Watermark.fired(7, count: 7).ofGone, Watermark.seen(2).ofGone] {
      var restarted = SchedulerBench()
      restarted.now = at(33)
      _ = restarted.load(a, renamed, gone)
      #expect(restarted.run(0).dues == [25])
      #expect(restarted.run(5).dues == [35])
    }
  }

  /// The same holds for a daemon that heard neither the deletion nor the new document: with the same or with other
  /// bytes, and with another schedule.
  @Test(arguments: [10, 5]) func oneThatRemembersItsRunsGoesOnWhereNeitherWasHeard(every: Int) throws {
    let interval = #"{"every": \#(every), "period": "seconds"}"#
    let restored = Sample.document(#""last_run_at": "\#(at(15).iso8601)""#, interval: interval)
    let gone = Watermark.fired(7, count: 7).ofGone
    for before in [every10, restored] {
      var heard = SchedulerBench()
      heard.now = at(16)
      _ = heard.load(a, before, try Watermark.fired(5, count: 6).under(before))
      heard.now = at(33)
      _ = heard.edit(a, restored, gone)
      #expect(heard.run(0).dues == [every == 10 ? 25 : 30])
      var loaded = SchedulerBench()
      loaded.now = at(16)
      _ = loaded.load(a, before, try Watermark.fired(5, count: 6).under(before))
      loaded.now = at(33)
      _ = loaded.receive(.disconnected)
      _ = loaded.load(a, restored, gone)
      #expect(loaded.run(0).dues == [every == 10 ? 25 : 30])
    }
  }

  /// A document with a last run comes back while the daemon watches, and loses it by a later edit of the arguments. The
  /// daemon has stored in the watermark that the schedule is in force, so what is missed then is made up for. The old
  /// watermark says that the schedule before was deleted, or no daemon noticed that.
  @Test(arguments: [true, false]) func oneThatCameBackIsInForce(isGone: Bool) throws {
    let old = isGone ? Watermark.fired(0).ofGone : try Watermark.fired(0).under(hourly)
    var bench = SchedulerBench.watching()
    _ = bench.pass(5)
    let actions = bench.edit(a, Sample.document(#""last_run_at": "\#(at(0).iso8601)""#), old)
    let watermarks = actions.compactMap { if case .rebase(a, at(0), let watermark) = $0 { watermark } else { nil } }
    var restarted = SchedulerBench()
    restarted.now = at(13)
    _ = restarted.load(a, every10, watermarks.first ?? old)
    #expect(restarted.run(7).dues == [10, 20])
  }

  /// The schedule was switched off and on again, and a standby heard only the second edit: the leader's watermark shows
  /// the first.
  @Test func theWatermarkTellsOfAnEditInBetween() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(-5).under(every10))
    _ = bench.receive(.leadershipChanged(false))
    bench.now = at(33)
    let off = Sample.document(#""enabled": false"#)
    _ = bench.edit(a, Sample.document(#""args": [1]"#), try Watermark.fired(-5).under(off))
    _ = bench.receive(.leadershipChanged(true))
    _ = bench.edit(a, Sample.document(#""args": [1]"#), try Watermark.fired(-5).under(off))
    #expect(bench.run(5).dues == [35])
  }

  // MARK: what is no edit

  @Test func aRestartMakesUpForWhatWasMissed() throws {
    var bench = try restarted(every10, .fired(-35), under: every10)
    #expect(bench.run(0).dues == [-5])
  }

  @Test func otherArgumentsAreNoEditOfTheSchedule() throws {
    var bench = try restarted(Sample.document(#""args": [1]"#), .fired(-35), under: every10)
    #expect(bench.run(0).dues == [-5])
  }

  /// No daemon can know that the schedule was another one in between: it counts as unchanged.
  @Test func thereAndBackAgainIsNoEdit() throws {
    var bench = try restarted(every10, .fired(-35), under: every10)
    #expect(bench.run(0).dues == [-5])
  }

  /// A watermark without a digest, of an old version, counts for any schedule.
  @Test func aWatermarkOfAnOldVersionIsBelieved() {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, .fired(-35))
    #expect(bench.run(0).dues == [-5])
  }

  // MARK: the first daemon that hears it

  /// The first daemon that leads stores the edit in the watermark: for the next one it is no edit any more.
  @Test func theSecondDaemonGoesOnFromThere() throws {
    var first = SchedulerBench()
    let actions = first.load(a, every10, try Watermark.fired(-3_605).under(hourly))
    let kept = try #require(
      actions.compactMap { action -> Watermark? in
        if case .rebase(a, at(-3_605), let watermark) = action { watermark } else { nil }
      }
      .first)
    #expect(kept.digest == EntryTiming(try Sample.read(every10).definition).digest)
    var second = SchedulerBench()
    second.now = at(27)
    _ = second.load(a, every10, kept)
    #expect(second.run(0).dues == [25], "5 and 15 were missed since the first one heard it; the newest is made up for")
  }

  /// The daemon is killed before it writes anything: the next one hears the edit for the first time.
  @Test func whatWasNotKeptIsHeardAgain() throws {
    let watermark = try Watermark.fired(-3_605).under(hourly)
    var first = SchedulerBench()
    _ = first.load(a, every10, watermark)
    var second = SchedulerBench()
    second.now = at(27)
    _ = second.load(a, every10, watermark)
    #expect(second.run(10).dues == [35])
  }

  /// A standby has loaded the edit, and leads later: what came due since the load was missed, and the watermark gets
  /// the time of the load.
  @Test func aStandbyKeepsItWhenItLeads() throws {
    let watermark = try Watermark.fired(-3_605).under(hourly)
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    #expect(bench.load(a, every10, watermark).rebases == [])
    _ = bench.pass(27)
    #expect(bench.receive(.leadershipChanged(true)).reads == [a])
    let actions = bench.read(a, every10, watermark)
    #expect(actions.rebases == [Rebase(from: at(-3_605), to: .seen(-5, count: 1))])
    #expect(bench.run(0).dues == [25])
  }

  /// If the leader before it has gone on by the edit, that leader's watermark counts instead.
  @Test func aStandbyTakesTheLeadersWord() throws {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, every10, try Watermark.fired(-3_605).under(hourly))
    _ = bench.pass(27)
    _ = bench.receive(.leadershipChanged(true))
    _ = bench.read(a, every10, try Watermark.fired(15, count: 2).under(every10))
    #expect(bench.run(0).dues == [25])
  }

  /// The watermark was refused, because another daemon had the lease by then: the reads that follow lead to no other
  /// attempt.
  @Test func aWatermarkThatIsNotTakenIsNotWrittenForEver() throws {
    var bench = SchedulerBench()
    let watermark = try Watermark.fired(-3_605).under(hourly)
    _ = bench.load(a, every10, watermark)
    for _ in 0..<3 {
      _ = bench.receive(.touched(a))
      #expect(bench.read(a, every10, watermark).rebases == [])
    }
  }

  /// This daemon was disconnected, and another one has heard an edit that was undone since.
  @Test func thereAndBackAgainWhileWeWereAway() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(-5).under(every10))
    _ = bench.receive(.disconnected)
    _ = bench.pass(33)
    _ = bench.load(a, every10, try Watermark.fired(-5).under(disabled))
    #expect(bench.run(10).dues == [35])
  }
}
