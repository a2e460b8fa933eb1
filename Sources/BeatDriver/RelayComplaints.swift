import BeatCore

/// The reason that was last reported for each lane of the outbox, so that each reason is reported once.
struct RelayComplaints {
  /// The most lanes with a reported reason. Nothing is reported for further lanes until one of these has delivered.
  static let most = 1000

  /// The reasons by lane; the lane nil stands for the outbox as a whole.
  private var said: [Lane?: String] = [:]

  subscript(lane: Lane) -> String? { said[lane] }

  /// Records a reason, and returns whether it must be reported.
  mutating func isNews(_ reason: String, about lane: Lane?) -> Bool {
    guard said[lane] != reason, said.count < Self.most || said[lane] != nil else { return false }
    said[lane] = reason
    return true
  }

  mutating func delivered(to lane: Lane) { said[lane] = nil }

  mutating func removeAll() { said.removeAll() }
}
