/// The lease: asked for by each heartbeat, held, renewed, offered, and given back. It decides when this daemon leads.
///
///                       held, in time, and we may lead
///     undecided ----------------------------------------> leading(token, confirmedAt)
///         |                                                 |  ^   held: renewed, or another token
///         | another daemon's                                |  | held
///         v                                                 v  |
///     standingBy <---------------------------------------- (any of these)
///                    free, another daemon's, fenced, disconnected, not eligible any more,
///                    or not confirmed for half of the lease, by our own clock
///
/// Half, since another daemon may take the lease when all of it has gone by on the store's clock: the holder is quiet well
/// before. It is counted from when the question was sent, as the answer may have taken any time.
package struct Lease {
  package enum Action: Equatable {
    /// The lease is ours: fire, with this token.
    case lead(token: String)
    /// Do not fire any more.
    case standBy(reason: String)
    /// Give the lease back, if it is ours.
    case release
    /// The lease's holder offers it.
    case offered
    /// Ask now, by a heartbeat before its time.
    case ask
    /// Ask again after so many microseconds, if the next heartbeat is later.
    case askAgain(after: Int64)
  }

  private enum State {
    /// It was not yet said who leads.
    case undecided
    case standingBy
    /// `confirmedAt`: when the heartbeat was sent that last found the lease ours.
    case leading(token: String, confirmedAt: BootTime)
    /// There is no lease to hold: each daemon that may fire does.
    case leadingWithoutLease
  }

  /// The question that goes with a heartbeat.
  private enum Question {
    /// None was asked in this session.
    case none
    /// `isFirst`: of this session. `isOutdated`: it asks for what we do not want any more. `wasFreed`: the lease was freed
    /// meanwhile, and the answer may be of before that or after.
    case asked(isFirst: Bool, isOutdated: Bool, wasFreed: Bool)
    case answered
  }

  /// Longer than any lease; microseconds.
  private static let longestWait: Int64 = 3_600_000_000

  /// Microseconds; nil: there is no lease.
  private let ttl: Int64?
  private var state = State.undecided
  private var question = Question.none
  private var eligibility = Eligibility.unproven
  /// The next question may take a lease that is offered.
  private var takesOffers = false

  package init(ttl: Int64?) { self.ttl = ttl }

  /// The lease is ours, as far as we can be certain; where there is none, that we fire.
  package var isLeading: Bool {
    switch state {
    case .undecided, .standingBy: false
    case .leading, .leadingWithoutLease: true
    }
  }

  // MARK: sessions

  package mutating func connected() { question = .none }

  package mutating func disconnected() -> [Action] {
    question = .none
    eligibility = .unproven
    return standBy("the connection to Redis is lost")
  }

  // MARK: asking

  /// What this daemon may ask for has changed.
  package mutating func judged(_ new: Eligibility) -> [Action] {
    let old = eligibility
    eligibility = new
    switch new {
    case .unproven:
      takesOffers = false
      return standBy("nothing is proved yet in this session")
    case .withdrawn(let reason):
      takesOffers = false
      guard isLeading else { return [] }
      return (ttl == nil ? [] : [.release]) + standBy(reason)
    case .limited: break
    case .able(let isCertain): if isCertain { takesOffers = true }
    }
    guard !old.mayLead || takesOffers || (old == .limited) != (new == .limited) else { return [] }
    switch question {
    case .none, .asked(isFirst: true, _, _): return []
    case .asked where ttl == nil, .answered where ttl == nil: return leadWithoutLease()
    case .asked(_, _, let wasFreed):
      question = .asked(isFirst: false, isOutdated: true, wasFreed: wasFreed)
      return []
    case .answered: return [.ask]
    }
  }

  /// The lease was given back, or ran out.
  package mutating func freed() -> [Action] {
    guard ttl != nil, !isLeading, eligibility.mayLead else { return [] }
    switch question {
    case .none: return []
    case .asked(let isFirst, let isOutdated, _):
      question = .asked(isFirst: isFirst, isOutdated: isOutdated, wasFreed: true)
      return []
    case .answered: return [.ask]
    }
  }

  /// What the heartbeat of this number asks.
  package mutating func ask(in sequence: Int64) throws(IllegalMove) -> HeartbeatRequest {
    switch question {
    case .asked: throw .askedTwice
    case .none: question = .asked(isFirst: true, isOutdated: false, wasFreed: false)
    case .answered: question = .asked(isFirst: false, isOutdated: false, wasFreed: false)
    }
    defer { takesOffers = false }
    guard eligibility.mayLead else { return HeartbeatRequest(sequence: sequence, leaseTTL: ttl, claim: .nothing) }
    return HeartbeatRequest(
      sequence: sequence, leaseTTL: ttl, claim: takesOffers ? .offered : .free, isOffering: eligibility == .limited)
  }

  // MARK: holding

  /// - Parameter sentAt: when the question was sent.
  package mutating func answered(
    _ answer: HeartbeatReply.Lease, sentAt: BootTime, now: BootTime
  ) throws(IllegalMove) -> [Action] {
    guard case .asked(_, let isOutdated, let wasFreed) = question else { throw .answerUnasked }
    question = .answered
    guard let ttl else { return eligibility.mayLead ? leadWithoutLease() : [] }
    switch answer {
    case .held(let token):
      return held(token, sentAt: sentAt, isLate: now.microseconds(since: sentAt) > ttl / 2) + (isOutdated ? [.ask] : [])
    case .free:
      // We have not asked for it, or by a heartbeat of before we could.
      return standBy("the lease has run out") + (isOutdated ? [.ask] : [])
    case .other(_, let remaining, let isOffered):
      let actions = standBy("another daemon holds the lease", beginsRole: true)
      guard eligibility.mayLead else { return actions + (isOutdated ? [.ask] : []) }
      if wasFreed { return actions + [.ask] }
      // The store tells no one in time that a lease has run out: it is asked for when that must be so.
      let wait = Action.askAgain(after: min(max(remaining, 0), Self.longestWait) + 5_000)
      let offer: [Action] = isOffered && eligibility != .limited ? [.offered] : []
      return actions + offer + [wait] + (isOutdated ? [.ask] : [])
    }
  }

  private mutating func held(_ token: String, sentAt: BootTime, isLate: Bool) -> [Action] {
    switch eligibility {
    case .unproven: return []
    // Taken by a heartbeat that was on its way when we withdrew.
    case .withdrawn: return [.release]
    case .limited, .able: break
    }
    if case .leading(let ours, _) = state, ours == token || isLate {
      state = .leading(token: ours, confirmedAt: sentAt)
      return []
    }
    // An answer that took half the lease's life says nothing about now.
    guard !isLate else { return [] }
    state = .leading(token: token, confirmedAt: sentAt)
    return [.lead(token: token)]
  }

  /// Whether the lease can still be counted on.
  package mutating func check(now: BootTime) -> [Action] {
    guard let ttl, case .leading(_, let confirmedAt) = state else { return [] }
    let age = now.microseconds(since: confirmedAt)
    return age > ttl / 2 ? standBy("the lease was not confirmed for \(age / 1000) ms") : []
  }

  /// A fire was refused by the store: the token is not the lease's any more.
  package mutating func fenced() -> [Action] {
    standBy("a fire was refused: the lease has run out, was deleted, or is another daemon's")
  }

  private mutating func leadWithoutLease() -> [Action] {
    guard !isLeading else { return [] }
    state = .leadingWithoutLease
    return [.lead(token: "")]
  }

  /// - Parameter beginsRole: said also where it was not yet said who leads, and not only as the end of a lead.
  private mutating func standBy(_ reason: String, beginsRole: Bool = false) -> [Action] {
    switch state {
    case .standingBy: return []
    case .undecided: if !beginsRole { return [] }
    case .leading, .leadingWithoutLease: break
    }
    state = .standingBy
    return [.standBy(reason: reason)]
  }
}
