import BeatCore

/// Measures how late a timer of the loop goes off, which is how long an event may have to wait for its turn. It wakes the
/// process once a second, so it runs only where somebody asks for metrics.
final class LoopDelay {
  /// Microseconds.
  private static let interval: Int64 = 1_000_000

  let delays = Histogram.loopDelay()
  private let surroundings: any Surroundings
  private var expected = BootTime(microseconds: 0)
  private lazy var timer = surroundings.makeTimer { [unowned self] in
    delays.count(surroundings.bootTime.microseconds(since: expected))
    schedule()
  }

  init(in surroundings: any Surroundings) { self.surroundings = surroundings }

  func start() { schedule() }
  func stop() { timer.cancel() }

  private func schedule() {
    expected = surroundings.bootTime.advanced(by: Self.interval)
    timer.schedule(after: Self.interval)
  }
}
