/// The store's reply to one heartbeat.
package struct HeartbeatReply: Hashable, Sendable {
  package enum Lease: Hashable, Sendable {
    /// This daemon holds it, with this token.
    case held(token: String)
    /// Another daemon holds it; `remaining`: microseconds until it expires. `isOffered`: its holder lets a daemon that
    /// lacks nothing take it.
    case other(token: String, remaining: Int64, isOffered: Bool = false)
    /// No daemon holds it.
    case free
  }

  /// The number of the heartbeat that this answers.
  package var sequence: Int64
  /// The number that the heartbeat's key held before; nil: the key had expired.
  package var previousSequence: Int64?
  /// The random name of the store's contents (`StoreIncarnation`), which lives as long as they do.
  package var incarnation: String
  package var lease: Lease
  /// The store's time; nil: the store did not report it.
  package var serverTime: UnixTime?
  /// The store's clock minus this machine's wall clock; microseconds.
  package var clockDifference: Int64
  /// Values in the keys of the heartbeat that no daemon can have written. The heartbeat goes on without them.
  package var damaged: [Damage]

  package struct Damage: Hashable, Sendable {
    /// The key, as the store names it.
    package let place: [UInt8]
    /// The beginning of the key's value, or that the key has another type.
    package let found: [UInt8]
    /// What the daemon does about it, and what an operator can do.
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
