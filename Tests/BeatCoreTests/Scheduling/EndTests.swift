import Testing

@testable import BeatCore

@Suite("Ends: nothing is sent after an end, a lifted end begins anew, and what arms a schedule again")
struct EndTests {
  private let a = EntryName("a")

  private func finishes(_ actions: [Scheduler.Action]) -> Int {
    actions.reports.count { if case .finished = $0 { true } else { false } }
  }

  private func expires(_ seconds: Double) -> String { #""expires_at": "\#(at(seconds).iso8601)""# }

  // MARK: expires_at

  @Test func oneThatIsDueAtTheEndIsNotSent() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(expires(20)))
    let actions = bench.run(60)
    #expect(actions.dues == [10])
    #expect(finishes(actions) == 1)
  }

  @Test(arguments: ["latest", "all", "none"]) func whatWasMissedIsNotSentAfterTheEnd(_ policy: String) {
    for end in [-35.0, -3, 0] {
      var bench = SchedulerBench()
      _ = bench.load(a, Sample.document(expires(end), #""catchup": "\#(policy)""#), .fired(-60))
      let actions = bench.run(60)
      #expect(actions.dues == [], "\(end)")
      #expect(actions.reports.contains { if case .skipped(a, _, at(-50), _) = $0 { true } else { false } })
      #expect(finishes(actions) == 1)
    }
  }

  /// The fire is refused before the end, and its next attempt would come after it.
  @Test func whatIsDeferredIsNotSentAfterTheEnd() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(expires(11)))
    let plan = try #require(bench.pass(10).fires.first)
    _ = bench.end(plan, .refused("no"))
    #expect(bench.pass(60).fires == [])
  }

  @Test func runImmediatelyIsNotSentAfterTheEnd() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(expires(-1), #""run_immediately": true"#))
    #expect(bench.run(60).dues == [])
  }

  @Test func jitterDoesNotReachTheEnd() {
    for number in 0..<50 {
      let name = EntryName("report-\(number)")
      var bench = SchedulerBench()
      _ = bench.load(name, Sample.document(expires(10.5), #""jitter": 9"#))
      #expect(bench.run(10.5).dues == [10])
    }
  }

  // MARK: an end that is lifted

  private static let ends: [(String, String)] = [
    (#""max_run_count": 1"#, #""max_run_count": 9"#), (#""max_run_count": 1"#, ""), (#""one_off": true"#, ""),
    (#""expires_at": "2026-03-02T12:00:15Z""#, #""expires_at": "2026-03-02T13:00:15Z""#),
    (#""expires_at": "2026-03-02T12:00:15Z""#, ""),
  ]

  @Test(arguments: ends) func liftedItGoesOnWithTheNextOccurrence(_ end: String, _ lifted: String) throws {
    let before = Sample.document(end)
    var bench = SchedulerBench()
    _ = bench.load(a, before)
    let watermark = try #require(bench.run(35).fires.first?.watermark)
    let actions = bench.edit(a, Sample.document(lifted), watermark)
    #expect(actions.reports.first == .changed(a, next: at(40)))
    #expect(bench.run(25).dues == [40, 50, 60])
  }

  @Test(arguments: ends) func liftedWhileNobodyHearsItItBeginsThen(_ end: String, _ lifted: String) throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(end))
    let watermark = try #require(bench.run(35).fires.first?.watermark)
    var restarted = SchedulerBench()
    restarted.now = at(35)
    let actions = restarted.load(a, Sample.document(lifted), watermark) + restarted.run(25)
    #expect(actions.dues == [40, 50, 60])
    #expect(!actions.reports.contains { if case .skipped = $0 { true } else { false } })
  }

  @Test func aRestartOfWhatHasEndedChangesNothing() throws {
    for (end, _) in Self.ends {
      var bench = SchedulerBench()
      _ = bench.load(a, Sample.document(end))
      let watermark = try #require(bench.run(35).fires.first?.watermark)
      var restarted = SchedulerBench()
      restarted.now = at(35)
      let actions = restarted.load(a, Sample.document(end), watermark) + restarted.run(60)
      #expect(actions.dues == [] && actions.rebases == [], "\(end)")
      #expect(finishes(actions) == 1)
    }
  }

  // MARK: edits that do not arm a schedule again

  private func warning(_ actions: [Scheduler.Action]) -> String? { actions.warnings.first }

  @Test func aCountThatIsPutBackHasNoEffectAndThatIsSaid() throws {
    let once = #""one_off": true"#
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(once))
    let watermark = try #require(bench.run(35).fires.first?.watermark)
    let actions = bench.edit(a, Sample.document(once, #""total_run_count": 0"#), watermark)
    #expect(warning(actions)?.hasPrefix("total_run_count 0 has no effect") == true)
    #expect(bench.run(60).dues == [])
  }

  /// Nothing else is changed, so the document differs only as after a run. It counts as an edit all the same.
  @Test(arguments: [(0, "total_run_count 0 has no effect"), (9, "")])
  func theCountAloneIsAnEditToo(_ count: Int, _ text: String) throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""max_run_count": 9"#))
    let plan = try #require(bench.run(10).fires.first)
    let fired = String(decoding: plan.newDocument, as: UTF8.self)
    _ = bench.edit(a, fired, plan.watermark)
    let edited = fired.replacing(#""total_run_count": 1"#, with: #""total_run_count": \#(count)"#)
    #expect(edited != fired)
    let actions = bench.edit(a, edited, plan.watermark)
    #expect(actions.contains { if case .report(.changed) = $0 { true } else { false } })
    #expect(text.isEmpty ? finishes(actions) == 1 : warning(actions)?.hasPrefix(text) == true)
  }

  @Test func aLastRunThatIsPutBackHasNoEffectAndThatIsSaid() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let watermark = try #require(bench.run(10).fires.first?.watermark)
    let actions = bench.edit(a, Sample.document(#""last_run_at": "2026-03-01T00:00:00Z""#), watermark)
    #expect(warning(actions)?.hasPrefix("last_run_at 2026-03-01T00:00:00Z has no effect") == true)
    #expect(bench.run(10).dues == [20])
  }

  /// A client that saves a document without any bookkeeping does not mean to reset it.
  @Test func fieldsThatAreLeftOutAreNotSpokenOf() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let watermark = try #require(bench.run(10).fires.first?.watermark)
    #expect(bench.edit(a, Sample.document(#""args": [1]"#), watermark).warnings == [])
  }

  @Test func switchedOffAndOnItHasStillRun() throws {
    let (on, off) = (Sample.document(#""one_off": true"#), Sample.document(#""one_off": true"#, #""enabled": false"#))
    var bench = SchedulerBench()
    _ = bench.load(a, on)
    let watermark = try #require(bench.run(35).fires.first?.watermark)
    _ = bench.edit(a, off, watermark)
    let actions = bench.edit(a, on, try Watermark.fired(10).under(off))
    #expect(finishes(actions) == 1)
    #expect(bench.run(60).dues == [])
  }

  @Test func deletedAndMadeAgainItRuns() throws {
    let once = Sample.document(#""one_off": true"#)
    var bench = SchedulerBench()
    _ = bench.load(a, once)
    let watermark = try #require(bench.run(35).fires.first?.watermark)
    _ = bench.receive(.touched(a))
    _ = bench.receive(.read(a, Scheduler.DocumentRead(.absent, watermark: watermark)))
    _ = bench.edit(a, once, Watermark(due: watermark.due, taskID: watermark.taskID, totalRunCount: 1, digest: .gone))
    #expect(bench.run(60).dues == [45])
  }
}
