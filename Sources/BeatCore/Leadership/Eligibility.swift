/// Whether this daemon may lead, and whether it lacks anything. `Candidacy` decides it, and `Lease` asks by it.
package enum Eligibility: Hashable, Sendable {
  /// Nothing is proved in this session: the daemon neither asks for the lease nor renews it.
  case unproven
  /// The daemon may not lead: it gives back a lease that it holds.
  case withdrawn(reason: String)
  /// The daemon may lead but lacks something: it takes a free lease, and offers it to a daemon that lacks nothing.
  case limited
  /// The daemon lacks nothing. `takesOffers`: a rehearsal has just confirmed it, so it may take a lease that is
  /// offered.
  case able(takesOffers: Bool)

  var mayLead: Bool {
    switch self {
    case .limited, .able: true
    case .unproven, .withdrawn: false
    }
  }
}
