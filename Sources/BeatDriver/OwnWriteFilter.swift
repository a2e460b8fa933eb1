import BeatCore

/// Tells the events of our own fires from those of edits, so that a fire need not be followed by a read.
///
/// A fire writes a document in place, and each accounts for one such event. An edit raises other events, which are never
/// taken for ours. One that writes in place itself raises an event too many, and that is read.
package struct OwnWriteFilter {
  /// How many events are still to come, and the heartbeat after which that was expected.
  private var expected: [EntryName: (count: Int, beat: Int)] = [:]
  private var beat = 0

  package init() {}

  /// A fire is on its way.
  package mutating func expect(_ name: EntryName) { expected[name] = ((expected[name]?.count ?? 0) + 1, beat) }

  /// Whether a write in place is one of ours.
  package mutating func take(_ name: EntryName) -> Bool {
    guard let (count, beat) = expected[name] else { return false }
    expected[name] = count > 1 ? (count - 1, beat) : nil
    return true
  }

  /// Whether one of ours is still to come.
  package func isExpected(_ name: EntryName) -> Bool { expected[name] != nil }

  /// The fire has not written: no event of it comes. False: somebody else's was taken for it.
  package mutating func cancel(_ name: EntryName) -> Bool { take(name) }

  /// A heartbeat's event has come, and with it every event before it. What was expected by the last one and has not come
  /// is lost, or was another event (a document that became shorter is not written in place).
  package mutating func heartbeat() {
    beat += 1
    if !expected.isEmpty { expected = expected.filter { $0.value.beat >= beat - 1 } }
  }

  package mutating func removeAll() { expected.removeAll() }
}
