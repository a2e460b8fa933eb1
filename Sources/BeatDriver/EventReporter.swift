import BeatCore

/// The queue of a daemon's events. Its readers get them at the end of a turn, after the turn's commands are written.
final class EventReporter {
  private let surroundings: any Surroundings
  private let readers: [(DaemonEvent) -> Void]
  /// Called with each event after the readers.
  var kept: (DaemonEvent) -> Void = { _ in }
  /// Called when the readers have got all events of a turn.
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
