import Testing

@testable import BeatCore

@Suite("Late: a daemon that learns late what the leader has done, and then leads")
struct LateDaemonTests {
  private let a = EntryName("a")
  private let every10 = Sample.document(#""catchup": "all""#)
  private let every4 = Sample.document(#""catchup": "all""#, interval: #"{"every": 4, "period": "seconds"}"#)
  private let edited = Sample.document(#""catchup": "all", "args": [1]"#)

  /// The standby heard of the edit before the leader's runs by it: what came due since the leader's last run is due,
  /// and not left out.
  @Test func theLeadersRunsEndABeginningOfOurOwn() throws {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.pass(30)
    _ = bench.edit(a, every4, try Watermark.fired(0).under(every10))
    _ = bench.edit(a, every4 + " ", try Watermark.fired(8).under(every4))
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(0).dues == [12, 16, 20, 24, 28])
  }

  /// The new watermark was refused because another daemon led by then. That daemon's watermark counts, though it is
  /// older than the time from which this one counted.
  @Test func aBeginningThatWasRefusedIsTakenBack() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.pass(7)
    let actions = bench.edit(a, every4, try Watermark.fired(0).under(every10))
    #expect(actions.rebases == [Rebase(from: at(0), to: .seen(4, count: 1))])
    _ = bench.edit(a, every4, try Watermark.fired(3, count: 2).under(every4))
    #expect(bench.run(0).dues == [7])
  }

  /// A load reads the document twice while this daemon leads: the second answer is older than the watermark that it has
  /// made after the first.
  @Test func ourOwnBeginningIsNoStepBackOfTheStore() throws {
    var bench = SchedulerBench()
    let watermark = try Watermark.fired(0).under(every10)
    _ = bench.load(a, every10, watermark)
    _ = bench.receive(.disconnected)
    _ = bench.pass(7)
    _ = bench.load([(a, every4, watermark), (a, every4, watermark)])
    #expect(bench.run(0).dues == [])
    #expect(bench.run(2).dues == [8])
  }

  // MARK: the watermark of an earlier schedule with the same name

  /// For a standby, a schedule that it sees for the first time may have run already.
  @Test func onlyWhoLeadsReplacesIt() {
    var bench = SchedulerBench.watching()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.pass(5)
    #expect(bench.edit(a, every10, .fired(0, count: 3)).rebases == [])
    #expect(bench.receive(.leadershipChanged(true)).rebases == [Rebase(from: at(0), to: .seen(5))])
  }

  /// A watermark that an earlier schedule of this name has left, with the same or another schedule, does not count
  /// against a document with a later run.
  @Test(arguments: [nil, 4, 10] as [Int?]) func theDocumentMayRememberMore(every: Int?) throws {
    var watermark = Watermark.seen(0, count: 3)
    if let every { watermark = try watermark.under(every == 4 ? every4 : every10) }
    let document = Sample.document(#""catchup": "all", "last_run_at": "\#(at(7).iso8601)""#)
    var bench = SchedulerBench.watching()
    _ = bench.pass(8)
    _ = bench.edit(a, document, watermark)
    #expect(bench.run(10).dues == [17])
  }

  @Test func aWatermarkOfThisVeryScheduleGoesOn() throws {
    var bench = SchedulerBench.watching()
    _ = bench.pass(33)
    #expect(bench.edit(a, every10, try Watermark.fired(20, count: 2).under(every10)).rebases == [])
    #expect(bench.run(0).dues == [30])
  }

  /// When the document is deleted, its watermark is marked as gone, so that the same schedule is new when it is made
  /// again.
  @Test func theWatermarkOfWhatIsGoneIsNoSchedulesAnyMore() throws {
    var bench = SchedulerBench.watching()
    _ = bench.edit(a, every10)
    let watermark = try Watermark.fired(0).under(every10)
    let gone = bench.receive(.read(a, Scheduler.DocumentRead(.absent, watermark: watermark)))
    let watermarks = gone.compactMap { if case .rebase(_, at(0), let watermark) = $0 { watermark } else { nil } }
    #expect(watermarks == [Watermark.fired(0).ofGone])
    _ = bench.pass(33)
    #expect(bench.edit(a, every10, Watermark.fired(0).ofGone).rebases == [Rebase(from: at(0), to: .seen(33))])
  }

  // MARK: a store that was emptied

  /// Other daemons have fired what this one counts as due, and the emptied store no longer shows it.
  @Test func whatItHasForgottenIsNew() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.receive(.disconnected)
    _ = bench.pass(35)
    #expect(bench.load(a, edited, nil).anchors == [.seen(35, count: 1)])
    #expect(bench.run(15).dues == [45])
  }

  /// The document is read before this daemon's own script, which is on its way, has written the watermark.
  @Test func whatIsBeingFiredIsNotForgotten() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    let plan = try #require(bench.pass(10).fires.first)
    _ = bench.pass(1)
    _ = bench.load(a, edited, nil)
    _ = bench.end(plan, .fired)
    _ = bench.read(a, edited, .fired(10, count: 2))
    #expect(bench.run(10).dues == [20])
  }

  /// After this daemon read the document, the leader has stored in the watermark from where the edit counts. No event
  /// tells of a watermark, so the new leader reads again.
  @Test func whoTakesOverLooksOnceMoreAtWhatWasEdited() throws {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.load(a, every10, try Watermark.fired(0).under(every10))
    _ = bench.pass(12)
    let every3 = Sample.document(interval: #"{"every": 3, "period": "seconds"}"#)
    _ = bench.edit(a, every3, try Watermark.fired(10).under(every10))
    _ = bench.pass(1.5)
    #expect(bench.receive(.leadershipChanged(true)).reads == [a])
    #expect(bench.pass(5).dues == [], "the stored watermark is not known yet")
    _ = bench.read(a, every3, try Watermark.seen(10, count: 2).under(every3))
    #expect(bench.run(1).dues == [13, 16, 19])
  }

  /// The leader has stored in the watermark when it first saw a schedule that was made again, a moment after this daemon
  /// saw it. That time counts, and not this daemon's own.
  @Test(arguments: [3, 7]) func whoTakesOverLooksOnceMoreAtWhatWasMadeAgain(seen: Double) throws {
    var bench = SchedulerBench.watching()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.pass(5)
    _ = bench.edit(a, every10, Watermark.fired(0).ofGone)
    _ = bench.pass(7.5)
    let actions = bench.receive(.leadershipChanged(true))
    #expect(actions.rebases == [Rebase(from: at(0), to: .seen(5))])
    #expect(actions.reads == [a])
    #expect(bench.pass(5).dues == [], "the stored watermark is not known yet")
    _ = bench.read(a, every10, try Watermark.seen(seen).under(every10))
    #expect(bench.run(10).dues == [seen + 10, seen + 20].filter { $0 <= 27.5 })
  }
}
