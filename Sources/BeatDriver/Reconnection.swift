import BeatCore

/// Attempts to connect, one after the other. The wait before the next grows while connections fail or do not last.
///
/// The owner connects in `attempt`, and reports when the connection has ended and since when it was of use.
final class Reconnection {
  private let surroundings: any Surroundings
  private var backoff: Backoff
  private let attempt: () -> Void
  private lazy var timer = surroundings.makeTimer { [unowned self] in begin() }
  /// When the last attempt began.
  private(set) var begunAt: BootTime

  /// - Parameters:
  ///   - delays: the first ceiling of a wait and the highest; microseconds.
  ///   - attempt: connects. It is never called from within `isOver`.
  init(
    _ delays: ClosedRange<Int64> = Backoff.usual, in surroundings: any Surroundings, attempt: @escaping () -> Void
  ) {
    self.surroundings = surroundings
    self.attempt = attempt
    backoff = Backoff(delays)
    begunAt = surroundings.bootTime
  }

  /// Another attempt is scheduled.
  var isScheduled: Bool { timer.isScheduled }

  /// Begins an attempt at once.
  func begin() {
    timer.cancel()
    begunAt = surroundings.bootTime
    attempt()
  }

  /// The last attempt, or the connection that it made, has ended. Another attempt follows after a wait.
  ///
  /// - Parameter stood: since when the connection was of use; nil: it never was.
  func isOver(stoodSince stood: BootTime?) {
    let health = stood.map { surroundings.bootTime.microseconds(since: $0) } ?? 0
    let making = stood?.microseconds(since: begunAt) ?? 0
    timer.schedule(
      after: backoff.next(afterHealth: health, making: making) { [surroundings] in surroundings.random(in: $0) })
  }

  /// The same without a wait, for an attempt that takes another way.
  func isOverAtOnce() { timer.schedule(after: 0) }

  /// Cancels the next attempt.
  func cancel() { timer.cancel() }
}
