import Testing

@testable import BeatCore

@Suite("Connection: nothing fires unless documents are loaded and events are heard")
struct ConnectionTests {
  /// The watermark is older because nothing was fired since the document's run, and not because the store went back.
  @Test func aReloadDoesNotForgetTheDocumentsOwnLastRun() {
    var bench = SchedulerBench()
    let document = Sample.document(#""last_run_at": "2026-03-02T12:00:00Z""#)
    _ = bench.load(EntryName("a"), document, .fired(-60))
    _ = bench.receive(.disconnected)
    _ = bench.load(EntryName("a"), document, .fired(-60))
    #expect(bench.run(20).dues == [10, 20])
  }

  private let a = EntryName("a")
  private let b = EntryName("b")
  private let c = EntryName("c")

  // MARK: loading

  @Test func nothingFiresBeforeTheLoadHasFinished() {
    var bench = SchedulerBench()
    #expect(bench.receive(.loadStarted(.direct)) == [])
    let actions = bench.read(a, Sample.document(), .fired(-15))
    #expect(actions.timers == [])
    #expect(bench.receive(.timerFired).fires == [])
    #expect(bench.receive(.loadFinished) == [.report(.ready(schedules: 1, rejected: 0)), .armTimer(at(-5))])
    #expect(bench.pass(0).dues == [-5])
  }

  @Test func disconnectedNothingFires() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    #expect(bench.receive(.disconnected) == [.armTimer(nil)])
    #expect(bench.pass(60).fires == [])
    bench.now = at(60)
    #expect(bench.receive(.timerFired).fires == [])
  }

  @Test func aNewLoadStopsFiringUntilItHasFinished() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    #expect(bench.receive(.loadStarted(.direct)) == [.armTimer(nil)])
    #expect(bench.pass(5).fires == [])
    _ = bench.read(a, Sample.document(), .seen(0))
    _ = bench.receive(.loadFinished)
    #expect(bench.run(20).dues == [10, 20])
  }

  /// Loads that were begun and not finished do not count, however many they were and whatever they found.
  @Test(arguments: [1, 2, 65_534, 65_535, 65_536]) func aLoadCountsOnlyWhatItFindsItself(abandoned: Int) {
    var bench = SchedulerBench()
    _ = bench.load([(a, Sample.document(), nil), (b, Sample.document(), nil), (c, "{}", nil)])
    for _ in 0..<abandoned { _ = bench.receive(.loadStarted(.direct)) }
    let actions = bench.load(b, Sample.document(), .seen(0))
    #expect(actions.reports == [.removed(a), .removed(c), .ready(schedules: 1, rejected: 0)])
  }

  @Test func aLoadForgetsWhatItDoesNotFind() {
    var bench = SchedulerBench()
    _ = bench.load([(a, Sample.document(), nil), (b, Sample.document(), nil), (c, Sample.document(), nil)])
    _ = bench.receive(.disconnected)
    let actions = bench.load(b, Sample.document(), .seen(0))
    #expect(actions.reports == [.removed(a), .removed(c), .ready(schedules: 1, rejected: 0)])
    #expect(bench.run(10).fires.map(\.entry) == [b])
  }

  @Test func aScheduleMadeDuringALoadIsKept() {
    var bench = SchedulerBench()
    _ = bench.receive(.loadStarted(.direct))
    #expect(bench.receive(.touched(a)) == [.read(a)])
    _ = bench.read(a, Sample.document())
    #expect(bench.receive(.loadFinished).reports == [.ready(schedules: 1, rejected: 0)])
    #expect(bench.run(10).dues == [10])
  }

  @Test func aScheduleDeletedDuringALoadIsNot() {
    var bench = SchedulerBench()
    _ = bench.receive(.loadStarted(.direct))
    _ = bench.read(a, Sample.document())
    _ = bench.receive(.touched(a))
    #expect(bench.read(a, .absent).reports == [.removed(a)])
    #expect(bench.receive(.loadFinished).reports == [.ready(schedules: 0, rejected: 0)])
  }

  /// A read of the lost connection is never answered: the key must not wait for it.
  @Test func readsOfALostConnectionAreForgotten() {
    var bench = SchedulerBench.watching()
    #expect(bench.receive(.touched(a)) == [.read(a)])
    _ = bench.receive(.disconnected)
    _ = bench.receive(.loadStarted(.direct))
    #expect(bench.receive(.touched(a)) == [.read(a)])
  }

  @Test func whatChangedMeanwhileIsInForceAfterTheLoad() {
    var bench = SchedulerBench()
    _ = bench.load([(a, Sample.document(), nil), (b, Sample.document(), nil)])
    _ = bench.receive(.disconnected)
    let actions = bench.load([
      (a, Sample.document(#""args": [1]"#), .seen(0)), (b, Sample.document(#""enabled": false"#), .seen(0)),
    ])
    #expect(
      actions.reports == [.changed(a, next: at(10)), .changed(b, next: nil), .ready(schedules: 2, rejected: 0)])
    #expect(bench.run(10).fires.map(\.entry) == [a])
  }

  /// Another daemon went on firing while this one was disconnected.
  @Test func firedMeanwhileByAnotherDaemonIsNotFiredAgain() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.receive(.disconnected)
    _ = bench.pass(35)
    _ = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T12:00:30Z""#), .fired(30, count: 3))
    #expect(bench.run(15).dues == [40, 50])
  }

  /// The document was rolled back, or restored without its bookkeeping: only the watermark has the fires.
  @Test func theWatermarkAloneTellsWhatWasFiredMeanwhile() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.receive(.disconnected)
    _ = bench.pass(35)
    _ = bench.load(a, Sample.document(), .fired(30, count: 3))
    let actions = bench.run(15)
    #expect(actions.dues == [40, 50])
    #expect(actions.fires.map(\.watermark.totalRunCount) == [4, 5])
  }

  /// The watermark was deleted, or its write was lost with the connection. Without it a restart would begin the
  /// interval again.
  @Test func aWatermarkThatIsMissingIsKeptAgain() {
    var bench = SchedulerBench()
    #expect(bench.load(a, Sample.document()).anchors == [.seen(0)])
    _ = bench.receive(.disconnected)
    _ = bench.pass(4)
    #expect(bench.load(a, Sample.document(), nil).anchors == [.seen(0)])
    _ = bench.run(8)
    #expect(bench.edit(a, Sample.document(#""args": [1]"#), nil).anchors == [.seen(10, count: 1)])
    #expect(bench.edit(a, Sample.document(), .seen(10, count: 1)).anchors == [])
  }

  /// The store was emptied and filled again while this daemon was disconnected and others fired. Their fires are no
  /// longer recorded, so the schedule counts as new, and does not go on from this daemon's memory.
  @Test func whatTheStoreHasForgottenIsNew() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(0))
    _ = bench.receive(.disconnected)
    _ = bench.pass(35)
    #expect(bench.load(a, Sample.document(#""catchup": "all""#), nil).anchors == [.seen(35, count: 1)])
    #expect(bench.run(10).dues == [45])
  }

  /// The same happens, and the new document has the run from which it counts.
  @Test func whatTheStoreHasForgottenCountsFromItsDocument() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""catchup": "all""#), .fired(-20))
    _ = bench.receive(.disconnected)
    bench.now = at(7)
    let every4 = Sample.document(
      #""catchup": "all""#, #""last_run_at": "2026-03-02T12:00:00Z""#,
      interval: #"{"every": 4, "period": "seconds"}"#)
    _ = bench.load(a, every4, nil)
    #expect(bench.run(0).dues == [4])
  }

  @Test func anAnswerThatComesAfterTheConnectionDiedIsTakenAsItIs() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let plan = try #require(bench.pass(10).fires.first)
    _ = bench.receive(.disconnected)
    _ = bench.end(plan, .fired)
    _ = bench.load(a, String(plan.newDocument), plan.watermark)
    #expect(bench.run(10).dues == [20])
  }

  // MARK: the lease

  @Test func withoutTheLeaseNothingFires() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""catchup": "all""#))
    #expect(bench.receive(.leadershipChanged(false)) == [.armTimer(nil)])
    #expect(bench.pass(25).fires == [])
    bench.now = at(26)
    #expect(bench.receive(.timerFired).fires == [])
    #expect(bench.receive(.leadershipChanged(true)) == [.armTimer(at(10))])
    #expect(bench.run(5).dues == [10, 20, 30])
  }

  /// A standby follows what the leader does, and takes over where the leader stopped.
  @Test func aStandByKnowsWhatWasFired() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.pass(20.5)
    _ = bench.edit(a, Sample.document(#""last_run_at": "2026-03-02T12:00:20Z""#), .fired(20, count: 2))
    #expect(
      bench.edit(a, Sample.document(#""args": [1]"#), .fired(20, count: 2)).reports == [.changed(a, next: at(30))])
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(20).dues == [30, 40])
  }

  // MARK: reloading while connected

  /// A reload without an interruption finds an edit that raised no event, and forgets a deleted schedule.
  @Test func aRefreshFindsWhatNoEventToldOf() {
    var bench = SchedulerBench()
    _ = bench.load([(a, Sample.document(), nil), (b, Sample.document(), nil)])
    #expect(bench.receive(.refreshStarted) == [])
    #expect(bench.pass(10).dues == [10, 10], "firing goes on during a refresh")
    _ = bench.read(a, Sample.document(#""enabled": false"#), .fired(10))
    _ = bench.read(c, Sample.document())
    #expect(bench.receive(.loadFinished).reports == [.removed(b)])
    #expect(bench.scheduler.scheduleCount == 2)
  }

  /// The answer to a read that was sent before the reload may be older than what was missed.
  @Test(arguments: [true, false]) func anOldAnswerFindsNothing(isRefresh: Bool) throws {
    var bench = SchedulerBench()
    let document = Sample.document("")
    _ = bench.load(a, document)
    _ = bench.receive(.touched(a))
    _ = bench.receive(isRefresh ? .refreshStarted : .loadStarted(.direct))
    let actions = bench.receive(.read(a, Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: nil)))
    #expect(actions.contains { if case .read(a) = $0 { true } else { false } })
    _ = bench.receive(.loadFinished)
    _ = bench.receive(.read(a, Scheduler.DocumentRead(.absent, watermark: nil)))
    #expect(bench.scheduler.scheduleCount == 0)
  }

  /// A load that ends does not remove a document whose read is on its way: the answer decides.
  @Test func aReadUnderWayDecides() throws {
    var bench = SchedulerBench()
    let document = Sample.document("")
    _ = bench.load(a, document)
    _ = bench.receive(.refreshStarted)
    _ = bench.receive(.touched(a))
    #expect(bench.receive(.loadFinished).allSatisfy { if case .report(.removed) = $0 { false } else { true } })
    #expect(bench.scheduler.scheduleCount == 1)
    _ = bench.receive(.read(a, Scheduler.DocumentRead(.absent, watermark: nil)))
    #expect(bench.scheduler.scheduleCount == 0)
  }

  @Test func whatIsKnownNeedsNoSecondLook() {
    var bench = SchedulerBench()
    let document = Sample.document()
    _ = bench.load([(a, document, nil), (b, "{", nil)])
    func isKnown(_ name: EntryName, _ content: Scheduler.DocumentRead.Content) -> Bool {
      bench.scheduler.isKnown(name, Scheduler.DocumentRead(content, watermark: nil))
    }
    #expect(isKnown(a, .document(Array(document.utf8))) && !isKnown(a, .document(Array("{".utf8))))
    #expect(isKnown(b, .document(Array("{".utf8))) && !isKnown(b, .document(Array(document.utf8))))
    #expect(!isKnown(a, .absent) && !isKnown(b, .absent) && isKnown(c, .absent))
    #expect(!isKnown(a, .unusable(Sample.unusable)) && !isKnown(c, .document(Array(document.utf8))))
    #expect(Set(bench.scheduler.names) == [a, b])
  }

  // MARK: the timer

  @Test func theTimerIsArmedOnlyWhenTheEarliestChanges() {
    var bench = SchedulerBench()
    _ = bench.receive(.loadStarted(.direct))
    _ = bench.read(a, Sample.document())
    _ = bench.read(b, Sample.document(interval: #"{"every": 5, "period": "seconds"}"#))
    #expect(bench.receive(.loadFinished).timers == [at(5)])
    // Later due times do not change the timer.
    #expect(bench.edit(c, Sample.document()).timers == [])
    #expect(bench.edit(a, Sample.document(#""args": [1]"#), .seen(0)).timers == [])
    #expect(bench.edit(a, Sample.document(#""enabled": false"#), .seen(0)).timers == [])
    // The earliest due time is gone.
    _ = bench.receive(.touched(b))
    #expect(bench.read(b, .absent).timers == [at(10)])
    // An earlier due time comes.
    #expect(bench.edit(b, Sample.document(interval: #"{"every": 2, "period": "seconds"}"#)).timers == [at(2)])
  }

  @Test func withNothingToWaitForItIsDisarmed() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    #expect(bench.edit(a, Sample.document(#""enabled": false"#), .seen(0)).timers == [nil])
    #expect(bench.edit(a, Sample.document(#""enabled": false, "x": 1"#), .seen(0)).timers == [])
  }

  @Test func aTimerThatGoesOffEarlyIsArmedAgain() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    bench.now = at(9.999)
    #expect(bench.receive(.timerFired) == [.armTimer(at(10))])
  }

  // MARK: many at once

  @Test func dueTogetherTheyAreFiredInTheOrderInWhichTheyWereFound() {
    var bench = SchedulerBench()
    let names = ["z", "m", "a", "q"].map { EntryName($0) }
    _ = bench.load(names.map { ($0, Sample.document(), nil) })
    #expect(bench.pass(10).fires.map(\.entry) == names)
  }

  @Test func theEarlierDueIsFiredFirst() {
    var bench = SchedulerBench()
    _ = bench.load([
      (a, Sample.document(), .seen(-2)), (b, Sample.document(), .seen(-5)), (c, Sample.document(), .seen(-4)),
    ])
    bench.now = at(9)
    #expect(bench.receive(.timerFired).fires.map(\.entry) == [b, c, a])
  }

  /// A burst leaves room for edits: the rest is begun at once in the next turn of the loop.
  @Test func onlyABatchIsBegunInOneTurn() {
    var bench = SchedulerBench { $0.batch = 3 }
    _ = bench.load((0..<8).map { (EntryName("\($0)"), Sample.document(), nil) })
    bench.now = at(10)
    var sizes: [Int] = []
    for _ in 0..<3 {
      let actions = bench.receive(.timerFired)
      sizes.append(actions.fires.count)
      if sizes.count < 3 { #expect(actions.timers == [at(10)]) }
    }
    #expect(sizes == [3, 3, 2])
  }

  @Test func onlySoManyScriptsAreOnTheirWay() throws {
    var bench = SchedulerBench { $0.maximumInFlight = 2 }
    _ = bench.load((0..<5).map { (EntryName("\($0)"), Sample.document(), nil) })
    bench.now = at(10)
    let first = bench.receive(.timerFired)
    #expect(first.fires.map(\.entry.description) == ["0", "1"])
    #expect(first.timers == [], "their answers drive what comes next")
    #expect(bench.receive(.timerFired).fires == [])
    #expect(bench.end(first.fires[0], .fired).timers == [at(10)])
    #expect(bench.receive(.timerFired).fires.map(\.entry.description) == ["2"])
    // Any answer makes room.
    #expect(bench.end(first.fires[1], .unknown).timers == [at(10)])
    #expect(bench.receive(.timerFired).fires.map(\.entry.description) == ["3"])
  }

  @Test func aDeletedScheduleMakesRoomToo() throws {
    var bench = SchedulerBench { $0.maximumInFlight = 1 }
    _ = bench.load([(a, Sample.document(), nil), (b, Sample.document(), nil)])
    let plan = try #require(bench.pass(10).fires.first)
    _ = bench.receive(.touched(a))
    _ = bench.read(a, .absent)
    _ = bench.end(plan, .gone)
    #expect(bench.pass(0).fires.map(\.entry) == [b])
  }
}
