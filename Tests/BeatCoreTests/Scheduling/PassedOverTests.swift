import Testing

@testable import BeatCore

/// A schedule that is due and begins no fire is not due again at once, or the timer would go off without end.
@Suite struct PassedOverTests {
  private let a = EntryName("a")

  /// Each schedule has a time that has passed, and is passed over at noon.
  @Test(arguments: [
    (#""crontab": {"minute": "*/10"}"#, 600.0), (#""crontab": {"minute": "*/10"}, "catchup": "all""#, 600),
    (#""interval": {"every": 100, "period": "seconds"}, "jitter": 60"#, nil),
    (#""interval": {"every": 100, "period": "seconds"}, "run_immediately": true"#, 30),
    (#""clocked": {"clocked_time": "2026-03-02T11:59:00Z"}"#, nil),
    (#""interval": {"every": 100, "period": "seconds"}, "expires_at": "2026-03-02T12:00:10Z""#, nil),
  ])
  func itWaitsForATimeAheadOrRests(_ fields: String, _ next: Double?) throws {
    var bench = SchedulerBench()
    _ = bench.load(a, #"{"name": "a", "task": "t", "enabled": true, \#(fields)}"#, .seen(-470))
    var scheduler = bench.scheduler
    let handle = try #require(scheduler.entries.handle(of: a))
    let entry = try #require(scheduler.entries[handle])
    #expect(try entry.sending(of: #require(entry.nextDue)) <= bench.now)
    scheduler.heap.set(handle, due: bench.now)
    scheduler.passOver(handle, now: bench.now)
    if let due = scheduler.heap.due(of: handle) {
      #expect(due > bench.now, "\(fields): \(due.iso8601)")
      if let next { #expect(due == at(next), "\(fields): \(due.iso8601)") }
      #expect(scheduler.entries[handle]?.phase == .waiting)
    } else {
      #expect(next == nil && scheduler.entries[handle]?.phase == .dormant, "\(fields)")
    }
  }
}
