/// What one heartbeat asks.
package struct HeartbeatRequest: Hashable, Sendable {
  /// What of the lease is asked for; what is ours is renewed unless it is `nothing`.
  package enum Claim: String, Hashable, Sendable {
    /// Only who holds it.
    case nothing
    /// The lease, if it is free.
    case free
    /// Also one that its holder offers.
    case offered
  }

  package var sequence: Int64
  /// Microseconds for which the lease is wanted; nil: no lease.
  package var leaseTTL: Int64?
  package var claim = Claim.free
  /// While the lease is ours, whoever lacks nothing may take it.
  package var isOffering = false

  package init(sequence: Int64, leaseTTL: Int64?, claim: Claim = .free, isOffering: Bool = false) {
    self.sequence = sequence
    self.leaseTTL = leaseTTL
    self.claim = claim
    self.isOffering = isOffering
  }
}
