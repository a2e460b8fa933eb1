import BeatCore

/// What was said last of each lane of the outbox, so that each reason is said once.
struct RelayComplaints {
  /// Lanes of which something is said at a time: beyond them, what waits has said its part.
  static let most = 1000

  /// nil: about the outbox.
  private var said: [Lane?: String] = [:]

  subscript(lane: Lane) -> String? { said[lane] }

  /// Records a reason, and whether it is to be said.
  mutating func isNews(_ reason: String, about lane: Lane?) -> Bool {
    guard said[lane] != reason, said.count < Self.most || said[lane] != nil else { return false }
    said[lane] = reason
    return true
  }

  mutating func delivered(to lane: Lane) { said[lane] = nil }

  mutating func removeAll() { said.removeAll() }
}
