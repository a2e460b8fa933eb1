import Testing

@testable import BeatCore

@Suite("Outcomes of a fire: whatever the script answers, the occurrence is neither lost nor sent twice")
struct FireOutcomeTests {
  private let a = EntryName("a")

  /// A schedule every ten seconds whose first script is on its way.
  private func firing(_ fields: String = "") throws -> (SchedulerBench, FirePlan) {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(fields))
    let plan = try #require(bench.pass(10).fires.first)
    return (bench, plan)
  }

  private func isFired(_ report: Scheduler.Report, confirmed: Bool) -> Bool {
    if case .fired(_, _, confirmed) = report { true } else { false }
  }

  @Test func firedItWaitsForTheNext() throws {
    var (bench, plan) = try firing()
    #expect(
      bench.end(plan, .fired) == [
        .report(.fired(plan, at: at(10), confirmed: false)), .armTimer(at(20)),
      ])
    #expect(plan.entry == a && plan.task == "proj.tasks.add" && plan.due == at(10) && plan.route == .queue("celery"))
  }

  @Test func whileTheScriptIsOnItsWayNothingElseIsFired() throws {
    var (bench, _) = try firing()
    #expect(bench.pass(60).fires == [])
  }

  /// Every daemon makes the same task id for an occurrence. If no answer of this daemon was lost, another daemon has
  /// fired it.
  @Test func alreadyFiredByAnotherItIsReadAndNotReported() throws {
    for outcome in [FireOutcome.alreadyMine, .already] {
      var (bench, plan) = try firing()
      let actions = bench.end(plan, outcome)
      #expect(actions.reports == [])
      #expect(actions.reads == [a])
      _ = bench.read(a, String(plan.newDocument), plan.watermark)
      #expect(bench.run(20).dues == [20, 30])
    }
  }

  /// The lost request was carried out between the load and the second attempt.
  @Test func alreadyFiredByALostRequestItIsReportedAsConfirmed() throws {
    var (bench, plan) = try unresolved()
    _ = bench.load(a, Sample.document(), .seen(0))
    let again = try #require(bench.pass(0).fires.first)
    #expect(again.taskID == plan.taskID)
    let actions = bench.end(again, .alreadyMine)
    #expect(actions.reports.map { isFired($0, confirmed: true) } == [true])
    #expect(actions.reads == [a])
    #expect(!bench.read(a, String(plan.newDocument), plan.watermark).reports.contains { isFired($0, confirmed: true) })
    #expect(bench.run(20).dues == [20, 30])
  }

  /// A stale copy was written over the document of the fire whose answer was lost: the count goes on from the
  /// watermark's.
  @Test func theCountOfTheWatermarkStandsWhateverTheDocumentSays() throws {
    for outcome in [FireOutcome.alreadyMine, .already] {
      var (bench, plan) = try firing(#""total_run_count": 7"#)
      _ = bench.end(plan, outcome)
      _ = bench.read(a, Sample.document(#""total_run_count": 7, "note": 1"#), plan.watermark)
      #expect(bench.run(10).fires.map(\.watermark.totalRunCount) == [9], "\(outcome)")
    }
  }

  @Test func aDocumentThatIsGoneIsReadAndForgotten() throws {
    var (bench, plan) = try firing()
    #expect(bench.end(plan, .gone).reads == [a])
    #expect(bench.read(a, .absent).reports == [.removed(a)])
    #expect(bench.run(60).fires == [])
  }

  /// An edit came before the script: its arguments are sent, at the same due time.
  @Test func aDocumentThatChangedIsReadAndDecidedOnAgain() throws {
    var (bench, plan) = try firing()
    #expect(bench.end(plan, .changed).reads == [a])
    _ = bench.read(a, Sample.document(#""queue": "math""#), .seen(0))
    let again = try #require(bench.pass(0).fires.first)
    #expect(again.due == at(10))
    #expect(again.taskID == plan.taskID)
    #expect(again.route == .queue("math"))
  }

  @Test func disabledMeanwhileItIsNotFired() throws {
    var (bench, plan) = try firing()
    _ = bench.end(plan, .changed)
    _ = bench.read(a, Sample.document(#""enabled": false"#), .seen(0))
    #expect(bench.run(60).fires == [])
  }

  // MARK: deleted or edited while the script was on its way

  @Test func deletedMeanwhileItsAnswerIsOnlyReported() throws {
    var (bench, plan) = try firing()
    _ = bench.receive(.touched(a))
    _ = bench.read(a, .absent)
    let actions = bench.end(plan, .fired)
    #expect(actions.reports.map { isFired($0, confirmed: false) } == [true])
    #expect(actions.reads == [])
    #expect(bench.run(60).fires == [])
  }

  @Test func madeAgainMeanwhileTheAnswerIsNotTheNewOnes() throws {
    var (bench, plan) = try firing()
    _ = bench.receive(.touched(a))
    _ = bench.read(a, .absent)
    _ = bench.pass(3)
    _ = bench.edit(a, Sample.document(#""args": [1]"#), .seen(0))
    _ = bench.end(plan, .changed)
    #expect(bench.run(25).dues == [23, 33])
  }

  @Test func editedMeanwhileTheNextPlanIsMadeFromTheEdit() throws {
    var (bench, plan) = try firing()
    // The read was sent before the script, and answered before it.
    _ = bench.edit(a, Sample.document(#""args": [1]"#), .seen(0))
    #expect(bench.end(plan, .changed).reads == [a])
    _ = bench.read(a, Sample.document(#""args": [1]"#), .seen(0))
    let again = try #require(bench.pass(0).fires.first)
    #expect(again.due == at(10))
    #expect(String(again.oldDocument) == Sample.document(#""args": [1]"#))
  }

  // MARK: fires that are tried again

  @Test func refusedItIsTriedAgainLessAndLessOften() throws {
    var (bench, plan) = try firing()
    var waits: [Double] = []
    for _ in 0..<9 {
      let from = bench.now
      _ = bench.end(plan, .refused("the queue's key holds a Redis string"))
      let until = try #require(bench.timer)
      waits.append(Double(until.microseconds(since: from)) / 1_000_000)
      let again = bench.pass(waits[waits.count - 1]).fires
      plan = try #require(again.first)
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
  }

  @Test func aReasonIsReportedOnce() throws {
    var (bench, plan) = try firing(#""catchup": "all""#)
    #expect(
      bench.end(plan, .refused("x")).reports == [.deferred(a, due: at(10), reason: "x", until: at(11))])
    plan = try #require(bench.pass(1).fires.first)
    #expect(bench.end(plan, .refused("x")).reports == [])
    plan = try #require(bench.pass(2).fires.first)
    #expect(bench.end(plan, .refused("y")).reports == [.deferred(a, due: at(10), reason: "y", until: at(17))])
    plan = try #require(bench.pass(4).fires.first)
    #expect(plan.due == at(10), "it stays due")
    _ = bench.end(plan, .fired)
    plan = try #require(bench.pass(10).fires.first)
    #expect(bench.end(plan, .refused("y")).reports.count == 1, "after a fire it is news again")
    #expect(bench.timer == bench.now.advanced(by: 1_000_000))
  }

  @Test func whenTheObstacleIsGoneItIsTriedAtOnce() throws {
    var (bench, plan) = try firing()
    for _ in 0..<7 {
      _ = bench.end(plan, .refused("the outbox is full"))
      plan = try #require(bench.pass(60).fires.first)
    }
    _ = bench.end(plan, .refused("the outbox is full"))
    #expect(bench.pass(1).fires == [])
    _ = bench.receive(.obstacleGone)
    #expect(bench.pass(0).fires.map(\.due) == [plan.due])
  }

  @Test func anEditIsTriedAtOnce() throws {
    var (bench, plan) = try firing()
    for _ in 0..<5 {
      _ = bench.end(plan, .refused("no queue is bound"))
      plan = try #require(bench.pass(60).fires.first)
    }
    _ = bench.end(plan, .refused("no queue is bound"))
    #expect(bench.pass(0).fires == [])
    _ = bench.edit(a, Sample.document(#""queue": "math""#), .seen(0))
    #expect(bench.pass(0).fires.map(\.route) == [.queue("math")])
  }

  /// Redis' clock decides what is due.
  @Test func earlyItWaitsForTheClockOfRedis() throws {
    var (bench, plan) = try firing()
    let actions = bench.end(plan, .early(serverTime: at(7.5)))
    #expect(
      actions.reports == [
        .deferred(a, due: at(10), reason: "the store's clock is 2.5 s behind ours, and rules", until: at(12.5))
      ])
    let again = try #require(bench.pass(2.5).fires.first)
    #expect(again.due == at(10) && again.taskID == plan.taskID)
  }

  @Test func earlyByYearsItAsksEachMinute() throws {
    var (bench, plan) = try firing()
    _ = bench.end(plan, .early(serverTime: at(-86_400 * 365)))
    #expect(bench.timer == at(70))
  }

  /// Another daemon holds the lease, and fires the occurrence. If the lease comes back to this daemon first, it is
  /// still due.
  @Test func fencedItStaysDue() throws {
    var (bench, plan) = try firing()
    _ = bench.receive(.leadershipChanged(false))
    #expect(bench.end(plan, .fenced) == [])
    #expect(bench.pass(5).fires == [])
    #expect(bench.receive(.leadershipChanged(true)) == [.armTimer(at(10))])
    let again = try #require(bench.pass(0).fires.first)
    #expect(again.due == at(10) && again.taskID == plan.taskID)
  }

  // MARK: unknown outcomes

  private func unresolved() throws -> (SchedulerBench, FirePlan) {
    var (bench, plan) = try firing()
    #expect(bench.end(plan, .unknown) == [])
    _ = bench.receive(.disconnected)
    _ = bench.pass(3)
    return (bench, plan)
  }

  @Test func notKnownNothingIsTriedBeforeTheNextLoad() throws {
    var (bench, _) = try unresolved()
    #expect(bench.pass(60).fires == [])
  }

  @Test func theWatermarkTellsThatItWasFired() throws {
    var (bench, plan) = try unresolved()
    let actions = bench.load(a, String(plan.newDocument), plan.watermark)
    #expect(actions.reports.count { isFired($0, confirmed: true) } == 1)
    #expect(bench.run(20).dues == [20, 30])
  }

  @Test func theWatermarkTellsItThoughAStaleDocumentWasWrittenBack() throws {
    var (bench, plan) = try unresolved()
    let actions = bench.load(a, Sample.document(), plan.watermark)
    #expect(actions.reports.count { isFired($0, confirmed: true) } == 1)
    let later = bench.run(20)
    #expect(later.dues == [20, 30])
    #expect(later.fires.map(\.watermark.totalRunCount) == [2, 3])
  }

  @Test func theWatermarkTellsThatItWasNot() throws {
    var (bench, plan) = try unresolved()
    let actions = bench.load(a, Sample.document(), .seen(0))
    #expect(!actions.reports.contains { isFired($0, confirmed: true) })
    let again = try #require(bench.pass(0).fires.first)
    #expect(again.due == at(10))
    #expect(again.taskID == plan.taskID)
    #expect(again.message == plan.message)
  }

  @Test func firedByAnotherDaemonItGoesOnFromThere() throws {
    var (bench, _) = try unresolved()
    _ = bench.pass(10)
    let actions = bench.load(a, Sample.document(#""last_run_at": "2026-03-02T12:00:20Z""#), .fired(20, count: 2))
    #expect(!actions.reports.contains { isFired($0, confirmed: true) })
    #expect(bench.run(10).dues == [30])
  }

  @Test func goneMeanwhileItIsForgotten() throws {
    var (bench, _) = try unresolved()
    #expect(bench.load([]).reports == [.removed(a), .ready(schedules: 0, rejected: 0)])
    #expect(bench.run(60).fires == [])
  }
}
