import BeatCore

/// One queue for all that a daemon tells: it is handed to the readers at the end of a turn, after the turn's commands are
/// written.
final class EventReporter {
  private let surroundings: any Surroundings
  private let readers: [(DaemonEvent) -> Void]
  /// Called with each event after the readers.
  var kept: (DaemonEvent) -> Void = { _ in }
  /// Called when all events of a turn were told.
  var flushed: () -> Void = {}
  private var events: [DaemonEvent] = []

  init(in surroundings: any Surroundings, readers: [(DaemonEvent) -> Void]) {
    self.surroundings = surroundings
    self.readers = readers
  }

  func report(_ event: DaemonEvent) {
    if events.isEmpty { surroundings.afterWriting { [weak self] in self?.flush() } }
    events.append(event)
  }

  func flush() {
    guard !events.isEmpty else { return }
    let told = events
    events.removeAll(keepingCapacity: events.count <= 1024)
    for event in told {
      for read in readers { read(event) }
      kept(event)
    }
    flushed()
  }
}
