/// What one heartbeat found.
package struct HeartbeatReply: Hashable, Sendable {
  package enum Lease: Hashable, Sendable {
    /// Ours, with this token.
    case held(token: String)
    /// Somebody else's; microseconds until it runs out. Its holder may offer it to whoever lacks nothing.
    case other(token: String, remaining: Int64, isOffered: Bool = false)
    /// Nobody's.
    case free
  }

  /// The request's.
  package var sequence: Int64
  /// What the heartbeat's key held before; nil: it had run out.
  package var previousSequence: Int64?
  /// A random word that lives as long as the store's contents.
  package var incarnation: String
  package var lease: Lease
  /// What Redis' clock showed; nil: it did not tell.
  package var serverTime: UnixTime?
  /// Redis' clock minus our own wall clock; microseconds.
  package var clockDifference: Int64
  /// What stood in the heartbeat's own keys and cannot be ours; the heartbeat goes on without it.
  package var damaged: [Damage]

  package struct Damage: Hashable, Sendable {
    /// Where it stands, as the store names it.
    package let place: [UInt8]
    /// The beginning of what stands there, or that it is of another type.
    package let found: [UInt8]
    /// What the daemon does, and what can be done about it.
    package let remedy: String

    package init(place: [UInt8], found: [UInt8], remedy: String) {
      self.place = place
      self.found = found
      self.remedy = remedy
    }
  }

  package init(
    sequence: Int64, previousSequence: Int64?, incarnation: String, lease: Lease, serverTime: UnixTime?,
    clockDifference: Int64, damaged: [Damage] = []
  ) {
    self.sequence = sequence
    self.previousSequence = previousSequence
    self.incarnation = incarnation
    self.lease = lease
    self.serverTime = serverTime
    self.clockDifference = clockDifference
    self.damaged = damaged
  }
}
