/// What one heartbeat asks of the store.
package struct HeartbeatRequest: Hashable, Sendable {
  /// What the heartbeat asks about the lease. A lease that this daemon holds is renewed, except by `nothing`.
  package enum Claim: String, Hashable, Sendable {
    /// Only who holds the lease.
    case nothing
    /// The lease, if it is free.
    case free
    /// The lease, if it is free or if its holder offers it.
    case offered
  }

  /// How long a store keeps a heartbeat, by its own clock; microseconds. What is left of it shows how long its daemon has
  /// been silent.
  package static let lifetime: Int64 = 10_000_000

  package var sequence: Int64
  /// How long the lease lasts; microseconds. nil: there is no lease.
  package var leaseTTL: Int64?
  package var claim = Claim.free
  /// While this daemon holds the lease, a daemon that lacks nothing may take it.
  package var isOffering = false

  package init(sequence: Int64, leaseTTL: Int64?, claim: Claim = .free, isOffering: Bool = false) {
    self.sequence = sequence
    self.leaseTTL = leaseTTL
    self.claim = claim
    self.isOffering = isOffering
  }
}
