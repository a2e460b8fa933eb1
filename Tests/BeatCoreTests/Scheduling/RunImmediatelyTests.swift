import Testing

@testable import BeatCore

/// `run_immediately`, where several daemons see the document at nearly the same time.
@Suite("run_immediately beside other daemons")
struct RunImmediatelyTests {
  private let a = EntryName("a")

  private func begun() throws -> (bench: SchedulerBench, plan: FirePlan, document: String) {
    var bench = SchedulerBench.watching()
    let document = Sample.document(#""run_immediately": true"#)
    _ = bench.edit(a, document)
    let plan = try #require(bench.pass(0.000001).fires.first)
    return (bench, plan, document)
  }

  /// A standby has seen the schedule a moment later and stored that time: this is no run.
  @Test func aLaterFirstSightIsNoRun() throws {
    var (bench, plan, document) = try begun()
    bench.now = at(0.002)
    #expect(bench.end(plan, .already).reads == [a])
    _ = bench.read(a, document, .seen(0.001))
    let again = bench.run(0)
    #expect(again.dues == [0.002])
  }

  /// The other daemon's clock is ahead: the run does not come before the time that it stored, and is not tried again
  /// and again until then.
  @Test func aFirstSightAheadOfOurClock() throws {
    var (bench, plan, document) = try begun()
    _ = bench.end(plan, .already)
    _ = bench.read(a, document, .seen(3))
    #expect(bench.run(2.9).dues == [])
    #expect(bench.run(0.2).dues == [3.000001])
  }

  /// Another daemon has run the schedule, and a stale copy of the document still asks for the run.
  @Test func aRunOfAnothersIsARun() throws {
    var (bench, plan, document) = try begun()
    _ = bench.end(plan, .already)
    _ = bench.read(a, document, .fired(0))
    #expect(bench.run(9).dues == [])
  }
}
