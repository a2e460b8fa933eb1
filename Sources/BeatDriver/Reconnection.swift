import BeatCore

/// One attempt to connect after the other: the next comes after a wait that grows while attempts come to little.
///
/// What an attempt is, and how it ends, is its owner's affair: it says when one is over, and since when it had stood.
final class Reconnection {
  private let surroundings: any Surroundings
  private var backoff: Backoff
  private let attempt: () -> Void
  private lazy var timer = surroundings.makeTimer { [unowned self] in begin() }
  /// When the last attempt began.
  private(set) var begunAt: BootTime

  /// - Parameters:
  ///   - delays: the first ceiling of a wait and the longest; microseconds.
  ///   - attempt: connects. It is never called from within `isOver`.
  init(
    _ delays: ClosedRange<Int64> = Backoff.usual, in surroundings: any Surroundings, attempt: @escaping () -> Void
  ) {
    self.surroundings = surroundings
    self.attempt = attempt
    backoff = Backoff(delays)
    begunAt = surroundings.bootTime
  }

  /// An attempt is to come.
  var isScheduled: Bool { timer.isScheduled }

  /// Attempts at once.
  func begin() {
    timer.cancel()
    begunAt = surroundings.bootTime
    attempt()
  }

  /// The last attempt has come to its end, and another one follows.
  ///
  /// - Parameter stood: since when the connection was of use; nil: it never was.
  func isOver(stoodSince stood: BootTime?) {
    let health = stood.map { surroundings.bootTime.microseconds(since: $0) } ?? 0
    let making = stood?.microseconds(since: begunAt) ?? 0
    timer.schedule(
      after: backoff.next(afterHealth: health, making: making) { [surroundings] in surroundings.random(in: $0) })
  }

  /// The same without a wait: the next attempt goes another way.
  func isOverAtOnce() { timer.schedule(after: 0) }

  /// No attempt follows.
  func cancel() { timer.cancel() }
}
