import BeatCore

/// The wait of a daemon that took a lease which its holder had offered, until that one certainly knows of it.
final class Handover {
  private let surroundings: any Surroundings
  private var start: (() -> Void)?
  private lazy var timer = surroundings.makeTimer { [unowned self] in
    let start = start
    self.start = nil
    start?()
  }

  init(in surroundings: any Surroundings) { self.surroundings = surroundings }

  /// - Parameter delay: microseconds.
  func begin(after delay: Int64, _ start: @escaping () -> Void) {
    self.start = start
    timer.schedule(after: delay)
  }

  func cancel() {
    start = nil
    timer.cancel()
  }
}
