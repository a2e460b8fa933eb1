/// Whether this daemon may lead, and how well it would: what `Candidacy` has found out, and what the lease is asked by.
package enum Eligibility: Hashable, Sendable {
  /// Nothing is known in this session: the lease is neither asked for nor renewed.
  case unproven
  /// It may not: a lease that it holds is given back.
  case withdrawn(reason: String)
  /// It may, and something is missing: it takes a lease that is free, and offers it to a daemon that lacks nothing.
  case limited
  /// It lacks nothing. `takesOffers`: it has made sure of that just now, and may take a lease that is offered.
  case able(takesOffers: Bool)

  var mayLead: Bool {
    switch self {
    case .limited, .able: true
    case .unproven, .withdrawn: false
    }
  }
}
