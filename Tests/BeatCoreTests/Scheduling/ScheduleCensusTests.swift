import Testing

@testable import BeatCore

/// `placesHold`, which the random lives check after each event, compares the census with a walk.
@Suite struct ScheduleCensusTests {
  private let a = EntryName("a")

  private func census(_ change: (inout ScheduleCensus) -> Void) -> ScheduleCensus {
    var census = ScheduleCensus()
    change(&census)
    return census
  }

  @Test func aScheduleCountsAsWhatItIs() {
    var bench = SchedulerBench()
    _ = bench.load([
      (a, Sample.document(), nil), (EntryName("b"), Sample.document(#""enabled": false"#), nil),
      (EntryName("c"), Sample.document(#""expires_at": "2020-01-01T00:00:00Z""#), nil), (EntryName("d"), "{", nil),
    ])
    #expect(bench.scheduler.census == census { ($0.enabled, $0.disabled, $0.finished, $0.rejected) = (1, 1, 1, 1) })
    #expect(bench.scheduler.census.inForce == bench.scheduler.scheduleCount)
    _ = bench.edit(a, Sample.document(#""enabled": false"#))
    _ = bench.edit(EntryName("b"), Sample.document())
    #expect(bench.scheduler.census == census { ($0.enabled, $0.disabled, $0.finished, $0.rejected) = (1, 1, 1, 1) })
    for name in ["a", "b", "c", "d"] {
      _ = bench.receive(.touched(EntryName(name))) + bench.read(EntryName(name), .absent)
    }
    #expect(bench.scheduler.census == ScheduleCensus())
  }

  @Test func oneThatHasRunOnceIsFinished() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""one_off": true"#))
    #expect(bench.scheduler.census == census { $0.enabled = 1 })
    _ = bench.run(10)
    #expect(bench.scheduler.census == census { $0.finished = 1 })
  }

  @Test func oneThatIsPutOffIsDeferredUntilItFires() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    for _ in 0..<2 {
      let plan = try #require(bench.pass(10).fires.first)
      _ = bench.end(plan, .refused("no"))
      #expect(bench.scheduler.census == census { ($0.enabled, $0.deferred) = (1, 1) })
    }
    _ = bench.run(60)
    #expect(bench.scheduler.census == census { $0.enabled = 1 })
  }

  @Test func theNextTimeToSendIsTheEarliest() {
    var bench = SchedulerBench()
    #expect(bench.scheduler.nextSending(now: bench.now) == nil)
    _ = bench.load([
      (a, Sample.document(), nil),
      (EntryName("b"), Sample.document(interval: #"{"every": 5, "period": "seconds"}"#), nil),
    ])
    #expect(bench.scheduler.nextSending(now: bench.now) == at(5))
  }

  /// The time to send is the plan's, whether a template made it or the document.
  @Test func aPlanSaysWhenItsMessageShouldBeSent() throws {
    var bench = SchedulerBench { $0.templatesFrom = 0 }
    _ = bench.load(a, Sample.document(#""jitter": 4"#))
    _ = bench.run(4)
    for _ in 0..<5 {
      let before = bench.now
      let plan = try #require(bench.run(10).fires.first)
      #expect(plan.sending >= plan.due && plan.sending.microseconds(since: plan.due) < 4_000_000)
      let entry = bench.scheduler.entries.handle(of: a).flatMap { bench.scheduler.entries[$0] }
      #expect(plan.sending == entry?.sending(of: plan.due) && plan.sending != plan.due && plan.due > before)
    }
  }
}
