import BeatCore

/// Asks now and then, for a daemon that stands by, whether the broker could be reached if it had to lead: on two servers
/// nobody would notice before. The daemon that leads knows by its relay.
final class StandbyCheck {
  /// Between two looks; microseconds.
  private static let interval: Int64 = 30_000_000
  /// Before the first: who is about to lead will know by its relay.
  private static let delay: Int64 = 2_000_000

  private let publisher: any Publisher
  private let surroundings: any Surroundings
  private let tell: (String?) -> Void
  private lazy var timer = surroundings.makeTimer { [unowned self] in look() }

  /// - Parameter tell: gets the outcome of each look: nil, or why the broker is of no use.
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
