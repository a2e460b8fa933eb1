import Testing

@testable import BeatCore

@Suite("What is doubtful in a document is told when a user writes it, and not with each run")
struct RepeatedWarningTests {
  private let a = EntryName("a")
  private let doubtful = #""expires": 0.5"#

  private func fired(_ seconds: Int, _ count: Int, _ fields: String) -> String {
    Sample.document(fields, #""last_run_at": "2026-03-02T12:00:\#(seconds)Z""#, #""total_run_count": \#(count)"#)
  }

  /// The leader's runs change the document that a standby reads.
  @Test func aStandbyTellsOnce() throws {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    bench.now = at(10.5)
    #expect(bench.load(a, fired(10, 1, doubtful), .fired(10)).warnings.count == 1)
    for (seconds, count) in [(20, 2), (30, 3), (40, 4)] {
      _ = bench.pass(10)
      let actions = bench.edit(a, fired(seconds, count, doubtful), .fired(Double(seconds), count: Int64(count)))
      #expect(actions.reports == [], "the run at \(seconds) s")
    }
    // The next edit of a user tells of it again.
    let edited = bench.edit(a, fired(40, 4, #""expires": 0.25"#), .fired(40, count: 4))
    #expect(edited.warnings.count == 1 && edited.warnings[0].hasPrefix("expires 0.25"))
  }

  /// A clocked time that had passed when it was written runs at once, and its author is told so. What was missed while
  /// nothing ran is no mistake of anybody's.
  @Test(arguments: [
    (-60.0, "", true), (-9, "", false), (60, "", false), (-60, #", "enabled": false"#, false),
    (-60, #", "catchup": "none""#, false), (-60, #", "catchup_window": 30"#, false),
    (-60, #", "catchup_window": 90"#, true), (-60, #", "total_run_count": 1"#, false),
  ])
  func aTimeThatHasPassed(_ seconds: Double, _ more: String, isTold: Bool) throws {
    let enabled = more.contains("enabled") ? "" : #""enabled": true, "#
    let document =
      #"{"name": "n", "task": "t", \#(enabled)"clocked": {"clocked_time": "\#(at(seconds).iso8601)"}\#(more)}"#
    let text = "clocked \(at(seconds).iso8601) has passed, and it has not run: it runs at once"
    var bench = SchedulerBench.watching()
    let made = bench.edit(a, document)
    #expect(made.warnings == (isTold ? [text] : []))
    if isTold { #expect(!bench.run(1).fires.isEmpty) }
    var other = SchedulerBench.watching()
    _ = other.edit(a, Sample.document())
    let edited = other.edit(a, document).warnings
    #expect(edited.contains(text) == (!other.run(1).fires.isEmpty && seconds < -10))
    var started = SchedulerBench()
    #expect(started.load(a, document).warnings == [])
  }

  /// So does a document that another client has changed together with its bookkeeping.
  @Test func anEditWithARunInItIsAnEdit() throws {
    var bench = SchedulerBench()
    _ = bench.receive(.leadershipChanged(false))
    bench.now = at(10.5)
    _ = bench.load(a, fired(10, 1, ""), .fired(10))
    _ = bench.pass(10)
    let actions = bench.edit(a, fired(20, 2, doubtful), .fired(20, count: 2))
    #expect(actions.warnings.count == 1)
  }
}
