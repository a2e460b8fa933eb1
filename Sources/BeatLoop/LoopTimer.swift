internal import CHiredisAsync
import Glibc

/// A one-shot timer on the monotonic clock, for deadlines and back-off. It is never early, and some milliseconds late,
/// since libevent reads a clock that ticks every 4 ms. For times on the wall clock there is `WakeTimer`.
///
/// Releasing the timer cancels it. The timer keeps its handler, so the handler captures its owner `unowned`.
package final class LoopTimer {
  private let loop: EventLoop
  private let handler: () -> Void
  private var event: OpaquePointer?

  /// True from `schedule(after:)` until the handler begins or `cancel()`.
  package private(set) var isScheduled = false

  /// Makes a timer that is not scheduled yet.
  package init(on loop: EventLoop, _ handler: @escaping () -> Void) {
    loop.assertOnLoop()
    self.loop = loop
    self.handler = handler
    event = event_new(
      loop.base, -1, 0, { _, _, timer in timer.map { LoopTimer.from($0).fire() } },
      Unmanaged.passUnretained(self).toOpaque())
    precondition(event != nil, "no memory for a timer")
  }

  /// Runs the handler once, `microseconds` from now, never earlier; zero or less means in the next turn of the loop.
  /// An earlier schedule of this timer is replaced. More than a century counts as a century.
  package func schedule(after microseconds: Int64) {
    loop.assertOnLoop()
    let century: Int64 = 100 * 366 * 86_400 * 1_000_000
    let delay = min(max(microseconds, 0), century)
    // The clock that libevent counts from may be a tick behind.
    let padded = delay == 0 ? 0 : delay + Self.tick
    var interval = timeval(tv_sec: Int(padded / 1_000_000), tv_usec: Int(padded % 1_000_000))
    isScheduled = true
    precondition(event_add(event, &interval) == 0, "no memory for a timer")
  }

  /// Cancels the schedule, if there is one.
  package func cancel() {
    loop.assertOnLoop()
    guard isScheduled else { return }
    isScheduled = false
    event_del(event)
  }

  /// The tick of that clock; microseconds, rounded up.
  private static let tick: Int64 = {
    var resolution = timespec()
    guard clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) == 0 else { return 10_000 }
    return Int64(resolution.tv_sec) * 1_000_000 + Int64(resolution.tv_nsec) / 1000 + 1
  }()

  private func fire() {
    isScheduled = false
    handler()
  }

  deinit {
    if let event { event_free(event) }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> LoopTimer {
    Unmanaged<LoopTimer>.fromOpaque(context).takeUnretainedValue()
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension LoopTimer: Sendable {}
