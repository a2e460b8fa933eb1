import BeatCore

/// Messages that were on their way when the server closed a channel or a connection because of what it was sent. One of them
/// was the reason, and each attempt repeats the others.
///
/// A suspect is sent while nothing else is on its way, so that the next refusal has one cause. A message that is refused
/// twice so is impossible: the broker will never take it.
struct SuspectMessages {
  /// More are forgotten, the whole list at once: they are found again.
  private static let most = 10_000
  private static let proof = 2

  /// How often each was refused while it was alone.
  private var refusals: [TaskID: Int] = [:]

  func contains(_ id: TaskID) -> Bool { refusals[id] != nil }

  mutating func insert(_ id: TaskID) {
    if refusals.count >= Self.most { refusals.removeAll() }
    refusals[id, default: 0] += 0
  }

  mutating func remove(_ id: TaskID) { refusals.removeValue(forKey: id) }

  /// Takes in that the message was refused while it was alone.
  ///
  /// - Returns: whether it is impossible.
  mutating func refused(_ id: TaskID) -> Bool {
    insert(id)
    refusals[id, default: 0] += 1
    guard refusals[id, default: 0] >= Self.proof else { return false }
    remove(id)
    return true
  }
}
