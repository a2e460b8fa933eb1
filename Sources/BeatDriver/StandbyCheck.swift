import BeatCore

/// Checks now and then, while this daemon stands by, whether it could reach the broker if it led. Otherwise the failure
/// would show only after a change of leader. The leading daemon knows by its relay.
final class StandbyCheck {
  /// The time between two checks; microseconds.
  private static let interval: Int64 = 30_000_000
  /// The time before the first check, since a daemon that is about to lead will know by its relay; microseconds.
  private static let delay: Int64 = 2_000_000

  private let publisher: any Publisher
  private let surroundings: any Surroundings
  private let tell: (String?) -> Void
  private lazy var timer = surroundings.makeTimer { [unowned self] in look() }

  /// - Parameter tell: gets the result of each check: why the broker cannot be used; nil: it can.
  init(of publisher: any Publisher, in surroundings: any Surroundings, tell: @escaping (String?) -> Void) {
    self.publisher = publisher
    self.surroundings = surroundings
    self.tell = tell
  }

  func start() { timer.schedule(after: Self.delay) }

  func stop() {
    timer.cancel()
    publisher.cancelProbe()
  }

  private func look() {
    publisher.probe { [unowned self] reason in
      timer.schedule(after: Self.interval)
      tell(reason)
    }
  }
}
