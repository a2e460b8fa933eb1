import BeatCore

/// Tells the events of this daemon's own fires from those of edits, so that it need not read a document after each
/// fire.
///
/// A fire overwrites a document in place, which raises one event that only such writes raise. Other edits raise other
/// events and are never taken for own writes. If a client overwrites in place too, there is one event more than fires,
/// and the daemon reads the document.
package struct OwnWriteFilter {
  /// How many events of own writes are still expected, and the number of heartbeats' events when the last was expected.
  private var expected: [EntryName: (count: Int, beat: Int)] = [:]
  private var beat = 0

  package init() {}

  /// Notes a fire that is on its way: one event is expected from it.
  package mutating func expect(_ name: EntryName) { expected[name] = ((expected[name]?.count ?? 0) + 1, beat) }

  /// Whether a write in place is one of this daemon's own.
  package mutating func take(_ name: EntryName) -> Bool {
    guard let (count, beat) = expected[name] else { return false }
    expected[name] = count > 1 ? (count - 1, beat) : nil
    return true
  }

  /// Whether the event of an own write is still expected.
  package func isExpected(_ name: EntryName) -> Bool { expected[name] != nil }

  /// The fire has not written, so it raises no event. False: the event of another client's write was taken for it.
  package mutating func cancel(_ name: EntryName) -> Bool { take(name) }

  /// A heartbeat's event has arrived, and so have all events before it. An event that was expected before the previous
  /// heartbeat's is lost, or came as another one: a document that becomes shorter is not overwritten in place.
  package mutating func heartbeat() {
    beat += 1
    if !expected.isEmpty { expected = expected.filter { $0.value.beat >= beat - 1 } }
  }

  package mutating func removeAll() { expected.removeAll() }
}
