import BeatCore

/// A schedule of one second whose timers are late and whose scripts take time, each time differently: up to a third of
/// a second altogether. An occurrence that is sent late must not move the next one.
struct Drift {
  struct Missing: Error {}

  private static let name = EntryName("tick")

  /// How many microseconds the last occurrence's due time is off, `seconds` seconds after the first.
  func after(_ seconds: Int64) throws -> Int64 {
    var bench = Bench()
    bench.receive(.loadStarted(.direct))
    bench.receive(
      .read(Self.name, Scheduler.DocumentRead(.document(Array(Core.document(0, revision: 0).utf8)), watermark: nil)))
    bench.receive(.loadFinished)
    var first: UnixTime?
    var due: UnixTime?
    for number in 0...seconds {
      guard let plan = bench.next(late: number * 7919 % 200_000, taking: number * 104_729 % 130_000) else {
        throw Missing()
      }
      first = first ?? plan.due
      due = plan.due
    }
    guard let first, let due else { throw Missing() }
    return due.microseconds(since: first) - seconds * 1_000_000
  }
}
