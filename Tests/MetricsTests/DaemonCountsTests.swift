import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

@Suite struct DaemonCountsTests {
  private let counts = DaemonCounts()
  private let a = EntryName("a")

  private func fired(_ reason: FireReason, late: Int64 = 0, confirmed: Bool = false) {
    let plan = MetricsGoldenTests.plan("a", reason)
    counts.take(.schedule(.fired(plan, at: plan.sending.advanced(by: late), confirmed: confirmed), document: nil))
  }

  @Test func firesCountByReasonAndOutcome() {
    for reason in [FireReason.schedule, .catchUp, .immediate, .queue] { fired(reason) }
    fired(.schedule, confirmed: true)
    let outcomes: [(FireOutcome, FireCounts.Outcome)] = [
      (.alreadyMine, .already), (.already, .already), (.gone, .gone), (.changed, .changed),
      (.early(serverTime: Sample.noon), .early), (.fenced, .fenced), (.refused(""), .refused),
      (.forbidden(""), .forbidden), (.wrongServer(""), .wrongServer), (.unknown, .unknown),
    ]
    for (outcome, _) in outcomes { counts.take(.unfired(MetricsGoldenTests.plan("a", .catchUp), outcome)) }
    for reason in [FireReason.schedule, .catchUp, .immediate, .queue] { #expect(counts.fires[reason, .fired] == 1) }
    #expect(counts.fires[.schedule, .confirmed] == 1)
    for (_, outcome) in outcomes { #expect(counts.fires[.catchUp, outcome] == (outcome == .already ? 2 : 1)) }
    let all = FireCounts.reasons.flatMap { reason in FireCounts.Outcome.allCases.map { (reason, $0) } }
    #expect(all.map { counts.fires[$0, $1] }.reduce(0, +) == 15)
    #expect(Set(FireCounts.Outcome.allCases.map(\.word)).count == 11)
  }

  @Test func runsByHandCount() {
    counts.take(.manual(.fired(MetricsGoldenTests.plan("a", .manual))))
    counts.take(.manual(.refused(a, reason: "")))
    counts.take(.manual(.failed(a, reason: "")))
    #expect(counts.fires[.manual, .fired] == 1 && counts.fires[.manual, .refused] == 1)
  }

  /// The jitter is no lateness, and a lost answer says nothing of when the message was sent.
  @Test func latenessCountsFromTheTimeToSend() {
    fired(.schedule, late: 4_000)
    fired(.schedule, late: 900_000, confirmed: true)
    fired(.catchUp, late: 60_000_000)
    fired(.queue, late: 2_000_000)
    fired(.immediate, late: 2_000_000)
    #expect(counts.onTime.count == 1 && counts.onTime.sum == 4_000)
    #expect(counts.caughtUp.sum == 60_000_000 && counts.queued.sum == 2_000_000)
  }

  @Test func editsCountAfterTheFirstLoad() {
    func edit() {
      counts.take(.schedule(.loaded(a, next: nil, initially: true), document: nil))
      counts.take(.schedule(.changed(a, next: nil), document: nil))
      counts.take(.schedule(.removed(a), document: nil))
      counts.take(.schedule(.rejected(a, reason: ""), document: nil))
    }
    edit()
    counts.take(.schedule(.ready(schedules: 0, rejected: 1), document: nil))
    #expect(counts.edits.loaded + counts.edits.changed + counts.edits.removed + counts.edits.rejected == 0)
    edit()
    #expect(counts.edits.loaded == 1 && counts.edits.changed == 1)
    #expect(counts.edits.removed == 1 && counts.edits.rejected == 1)
    counts.take(.inForce(after: 700))
    #expect(counts.editToEffect.count == 1 && counts.editToEffect.sum == 700)
  }

  /// A daemon that begins by standing by has changed nothing.
  @Test func aChangeOfLeadershipIsThisDaemonsOwn() {
    counts.take(.standingBy(reason: ""))
    counts.take(.leading(token: "1"))
    counts.take(.leading(token: "2"))
    counts.take(.standingBy(reason: ""))
    #expect(counts.leadershipChanges == 2)
  }

  @Test func whatLooksAfterTheStoreCounts() {
    counts.take(.repaired(count: 2, total: 2, first: a))
    counts.take(.missedChanges(reason: ""))
    counts.take(.reloading(reason: ""))
    counts.take(.relay(.relayed(count: 3, duplicates: 1, waiting: 0)))
    counts.take(.schedule(.skipped(a, count: 7, from: Sample.noon, through: Sample.noon), document: nil))
    counts.take(.schedule(.deferred(a, due: Sample.noon, reason: "", until: Sample.noon), document: nil))
    #expect(counts.repairs == 2 && counts.changesMissed == 2 && counts.relayed == 3)
    #expect(counts.skipped == 7 && counts.deferrals == 1)
  }
}

@Suite struct ScheduleCountsTests {
  private let counts = ScheduleCounts(most: 2)

  private func loaded(_ name: String) {
    counts.take(.schedule(.loaded(EntryName(name), next: nil, initially: false), document: nil))
  }

  private func fired(_ name: String, due: UnixTime = Sample.noon) {
    let plan = MetricsGoldenTests.plan(name, due: due)
    counts.take(.schedule(.fired(plan, at: due, confirmed: false), document: nil))
  }

  private var names: [String] { counts.schedules.map(\.name.description) }

  @Test func atMostSoManySchedulesCount() {
    for name in ["a", "b", "c"] { loaded(name) }
    fired("c")
    #expect(names == ["a", "b"] && counts.schedules.allSatisfy { $0.fires == 0 })
  }

  @Test func aPlaceThatBecomesFreeGoesToTheNextThatFires() {
    for name in ["a", "b", "c"] { loaded(name) }
    fired("b")
    counts.take(.schedule(.removed(EntryName("a")), document: nil))
    fired("c")
    fired("b")
    #expect(names == ["b", "c"] && counts.schedules.map(\.fires) == [2, 1])
    counts.take(.schedule(.rejected(EntryName("c"), reason: ""), document: nil))
    counts.take(.schedule(.removed(EntryName("c")), document: nil))
    counts.take(.schedule(.removed(EntryName("unknown")), document: nil))
    #expect(names == ["b"])
  }

  /// Of several occurrences that are made up for, the newest counts, and a run by hand is none.
  @Test func theNewestDueTimeIsKept() {
    fired("a", due: Sample.noon.advanced(by: 10))
    fired("a")
    counts.take(.manual(.fired(MetricsGoldenTests.plan("a", .manual, due: Sample.noon.advanced(by: 99)))))
    #expect(counts.schedules.first?.fires == 3 && counts.schedules.first?.lastDue == Sample.noon.advanced(by: 10))
  }
}

@Suite struct LoopDelayTests {
  @Test func itMeasuresOnlyAfterItsStartAndOnceASecond() {
    let surroundings = VirtualSurroundings(at: Sample.noon, offset: 0, seed: 1)
    let delay = LoopDelay(in: surroundings)
    #expect(surroundings.nextWake == nil, "idle is idle")
    delay.start()
    for late in [0, 7_000] as [Int64] {
      let wake = surroundings.nextWake ?? .latest
      #expect(wake == surroundings.now.advanced(by: 1_000_000))
      surroundings.turn(at: wake.advanced(by: late)) { surroundings.due(at: surroundings.now)?.goOff() }
    }
    #expect(delay.delays.count == 2 && delay.delays.sum == 7_000)
    delay.stop()
    #expect(surroundings.nextWake == nil)
  }
}

@Suite struct ProcessFiguresTests {
  @Test func theSystemTells() throws {
    let figures = ProcessFigures.read(startedAt: nil)
    #expect(try #require(figures.residentMemory) > 1_000_000)
    #expect(try #require(figures.processorTime) > 0)
    #expect(try #require(figures.openDescriptors) >= 3)
    #expect(try #require(figures.mostDescriptors) >= figures.openDescriptors ?? 0)
    let boot = BootTime(microseconds: 400 * 86_400_000_000)
    let start = try #require(ProcessFigures.startTime(bootTime: boot, wallTime: Sample.noon))
    #expect(start < Sample.noon)
  }
}
