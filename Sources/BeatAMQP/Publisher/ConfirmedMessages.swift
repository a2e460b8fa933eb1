import BeatCore

/// The messages that the broker has confirmed lately. One that is still in the outbox, since the store did not remove it, is
/// not sent again; nor is one that comes back, since the store has lost its last writes.
///
/// The memory ends with the process.
struct ConfirmedMessages {
  /// So many are remembered after they were removed from the outbox.
  private static let most = 4096

  /// Those that are in the outbox, as far as is known.
  private var present: Set<TaskID> = []
  private var removed: Set<TaskID> = []
  /// The removed ones, the oldest first from `next` on, as a ring.
  private var ring: [TaskID] = []
  private var next = 0

  func contains(_ id: TaskID) -> Bool { present.contains(id) || removed.contains(id) }

  mutating func insert(_ id: TaskID) {
    // A store that removes nothing for long must not cost memory for ever. Any one goes, and may then be sent again.
    if present.count >= 16 * Self.most { present.removeFirst() }
    present.insert(id)
  }

  /// Takes in that the message has left the outbox.
  mutating func removed(_ id: TaskID) {
    guard present.remove(id) != nil, removed.insert(id).inserted else { return }
    guard ring.count == Self.most else { return ring.append(id) }
    removed.remove(ring[next])
    ring[next] = id
    next = (next + 1) % Self.most
  }
}
