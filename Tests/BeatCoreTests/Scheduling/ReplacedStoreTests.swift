import Testing

@testable import BeatCore

@Suite("Replaced store: what was fired into a queue is not fired again because the store forgets it")
struct ReplacedStoreTests {
  private let a = EntryName("a")
  private let document = Sample.document()

  /// A schedule of ten seconds that has run three times.
  private func running() -> SchedulerBench {
    var bench = SchedulerBench()
    _ = bench.load(a, document)
    #expect(bench.run(35).dues == [10, 20, 30])
    return bench
  }

  /// The store was emptied and written again. A standby that had not heard of the newest runs has stored its own, older
  /// time in the watermark.
  @Test func anOlderWatermarkIsReplaced() {
    var bench = running()
    _ = bench.receive(.storeReplaced)
    let actions = bench.load(a, document, .seen(10))
    #expect(actions.rebases.contains { $0.from == at(10) && $0.to.due == at(30) })
    #expect(bench.run(15).dues == [40, 50])
  }

  /// The document was written from scratch, and differs.
  @Test func anOlderWatermarkIsReplacedBesideAnEdit() {
    var bench = running()
    _ = bench.receive(.storeReplaced)
    let actions = bench.load(a, Sample.document(#""args": [1]"#), .seen(10))
    #expect(actions.rebases.contains { $0.from == at(10) && $0.to.due == at(30) })
    #expect(bench.run(15).dues == [40, 50])
  }

  /// A standby does not fire and writes no watermark. When it leads, it replaces the watermark.
  @Test func aStandbyReplacesItWhenItLeads() {
    var bench = running()
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.receive(.storeReplaced)
    #expect(bench.load(a, document, .seen(10)).rebases == [])
    let actions = bench.receive(.leadershipChanged(true))
    #expect(actions.rebases.contains { $0.from == at(10) && $0.to.due == at(30) })
    #expect(actions.reads == [a])
    _ = bench.read(a, document, .seen(30, count: 3))
    #expect(bench.run(15).dues == [40, 50])
  }

  /// An older dump of the same store was loaded: the queue has gone back with it.
  @Test func inAStoreThatWentBackTheWatermarkRules() {
    var bench = running()
    _ = bench.load(a, document, .fired(10))
    #expect(bench.run(15).dues == [30, 40, 50])
  }

  /// After one load the store counts as the same again.
  @Test func theNextLoadIsOfTheSameStore() {
    var bench = running()
    _ = bench.receive(.storeReplaced)
    _ = bench.load(a, document, .seen(10))
    _ = bench.load(a, document, .fired(20))
    #expect(bench.run(10).dues == [30, 40])
  }

  /// The document is read while events go on, before the heartbeat shows that the store was emptied. What other daemons
  /// may have fired since is not fired again.
  @Test func aWatermarkThatIsGoneIsKeptAnewWithoutWhatWasUnheard() {
    var bench = SchedulerBench()
    _ = bench.load(a, document)
    _ = bench.receive(.leadershipChanged(false))
    // The leader fires at 10, 20 and 30, and this daemon is behind with its events.
    _ = bench.pass(35)
    let actions = bench.edit(a, document, .fired(10)) + bench.edit(a, document)
    #expect(actions.anchors.map(\.due) == [at(30)])
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(15).dues == [40, 50])
  }

  /// The same holds for a crontab, whose times are those of the clock.
  @Test func aCrontabGoesOnFromNow() {
    let crontab = Sample.document(#""crontab": {"minute": "*"}"#, interval: nil)
    var bench = SchedulerBench()
    _ = bench.load(a, crontab, .fired(0))
    _ = bench.receive(.leadershipChanged(false))
    _ = bench.pass(130)
    _ = bench.edit(a, crontab)
    _ = bench.receive(.leadershipChanged(true))
    #expect(bench.run(60).dues == [180])
  }

  /// The databases are swapped and swapped back between two heartbeats: no event tells of either.
  @Test func whatAFireFindsGoneIsLookedAtOnceMore() throws {
    var bench = running()
    let plan = try #require(bench.pass(5).fires.first)
    #expect(bench.end(plan, .gone).reads == [a])
    #expect(bench.read(a, .absent).reports == [.removed(a)])
    #expect(bench.receive(.clockTold).reads == [a])
    _ = bench.read(a, document, .fired(30))
    #expect(bench.run(15).dues == [50], "what was due while nothing stood there is left out")
    #expect(bench.receive(.clockTold).reads == [], "once is enough")
  }

  @Test func whatIsDeletedIsReadOnceMoreAndNotForEver() {
    var bench = running()
    _ = bench.receive(.touched(a))
    _ = bench.read(a, .absent)
    #expect(bench.receive(.clockTold).reads == [a])
    #expect(bench.read(a, .absent) == [])
    #expect(bench.receive(.clockTold) == [])
  }

  /// A new schedule's event came, and another database was in the store's place when the document was read.
  @Test func aNewOneThatWasNotFoundIsReadOnceMore() {
    var bench = SchedulerBench.watching()
    #expect(bench.receive(.touched(a)).reads == [a])
    #expect(bench.read(a, .absent) == [])
    #expect(bench.receive(.clockTold).reads == [a])
    #expect(bench.read(a, document).reports.contains(.loaded(a, next: at(10), initially: false)))
    #expect(bench.receive(.clockTold).reads == [], "once is enough")
  }

  @Test func namesThatNeverExistAreDoubtedUpToALimit() {
    var bench = SchedulerBench.watching()
    for number in 0..<2_000 {
      let name = EntryName("n\(number)")
      _ = bench.receive(.touched(name))
      _ = bench.read(name, .absent)
    }
    let doubted = bench.receive(.clockTold).reads
    #expect(doubted.count == 1_024)
    for name in doubted { _ = bench.read(name, .absent) }
    #expect(bench.receive(.clockTold).reads == [])
  }

  /// This daemon's own first watermark is still on its way: nothing is lost by reading twice.
  @Test func aFirstWatermarkOnItsWayLeavesNothingOut() {
    let crontab = Sample.document(#""crontab": {"minute": "*"}"#, interval: nil)
    var bench = SchedulerBench.watching()
    bench.now = at(59.9)
    // The second read is sent when the first one is answered, which is before the watermark.
    #expect(bench.receive(.touched(a)).reads == [a])
    _ = bench.receive(.touched(a))
    #expect(bench.read(a, crontab).reads == [a])
    bench.now = at(60.1)
    _ = bench.read(a, crontab)
    #expect(bench.run(1).dues == [60])
  }
}
