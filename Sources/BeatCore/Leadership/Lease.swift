/// The lease decides when this daemon leads. Each heartbeat asks for it or renews it; a holder that lacks something
/// offers it, and one that may not lead gives it back.
///
///     undecided ------- held ------> leading(token, confirmedAt) --+
///         |                            ^       |            ^      | held: confirmed later,
///         | another daemon             | held  |            +------+ or with another token
///         | holds it                   |       v
///         +-----------------------> standingBy
///
///     leading -> standingBy: the lease is free or another daemon's; a fire was fenced; the session ended;
///                            the daemon is no longer eligible; or half of the lease has passed since `confirmedAt`
///
/// `held` counts only for an eligible daemon, and begins a lead only if the answer took at most half of the lease.
/// Half, because another daemon may take the lease when all of it has passed by the store's clock: the holder must be
/// silent well before. `confirmedAt` is when the question was sent, by this machine's boot clock, since the answer may
/// have taken any time.
package struct Lease {
  package enum Action: Equatable {
    /// This daemon holds the lease: fire with this token.
    case lead(token: String)
    /// Stop firing.
    case standBy(reason: String)
    /// Give the lease back if this daemon holds it.
    case release
    /// The lease's holder offers it to a daemon that lacks nothing.
    case offered
    /// Ask at once, with an early heartbeat.
    case ask
    /// Ask again after this many microseconds, unless the next heartbeat comes sooner.
    case askAgain(after: Int64)
  }

  private enum State {
    /// No answer has yet said who leads.
    case undecided
    case standingBy
    /// `confirmedAt`: when the last heartbeat was sent whose answer confirmed that this daemon holds the lease.
    case leading(token: String, confirmedAt: BootTime)
    /// There is no lease: each eligible daemon fires.
    case leadingWithoutLease
  }

  /// The question about the lease that a heartbeat carries.
  private enum Question {
    /// This session has not asked yet.
    case none
    /// The question is on its way. `isFirst`: it is this session's first. `isOutdated`: the eligibility has changed
    /// since, so the next question will ask for something else. `wasFreed`: the lease was freed since, so the answer
    /// may describe the time before that or after it.
    case asked(isFirst: Bool, isOutdated: Bool, wasFreed: Bool)
    case answered
  }

  /// The longest wait for another daemon's lease, which is longer than any lease; microseconds.
  private static let longestWait: Int64 = 3_600_000_000

  /// How long the lease lasts; microseconds. nil: there is no lease.
  private let ttl: Int64?
  private var state = State.undecided
  private var question = Question.none
  private var eligibility = Eligibility.unproven
  /// The next question may take a lease that is offered.
  private var takesOffers = false
  /// The question on its way may take a lease that is offered.
  private var mayTakeOffer = false
  /// Until then the holder that offered its lease may not know that it has lost it.
  private var sharedUntil = BootTime(microseconds: 0)

  package init(ttl: Int64?) { self.ttl = ttl }

  /// This daemon certainly holds the lease, or there is no lease and it fires.
  package var isLeading: Bool {
    switch state {
    case .undecided, .standingBy: false
    case .leading, .leadingWithoutLease: true
    }
  }

  /// When the question was sent whose answer confirmed last that this daemon holds the lease; nil: it does not, or there
  /// is no lease.
  package var confirmedAt: BootTime? {
    if case .leading(_, let confirmedAt) = state { confirmedAt } else { nil }
  }

  /// Whether this daemon leads, and no other does or can have taken over yet. Unlike `isLeading` it is right at once in a
  /// process that was stopped and goes on.
  package func certainlyLeads(at now: BootTime) -> Bool {
    guard case .leading(_, let confirmedAt) = state, let ttl else { return isLeading }
    return now.microseconds(since: confirmedAt) <= ttl / 2 && uncertainty(at: now) == 0
  }

  /// How long the daemon that offered its lease may yet take itself for the leader, microseconds; 0: none does. It hears of
  /// its loss by its next heartbeat, and stops by itself half a lease after the last one that confirmed it.
  package func uncertainty(at now: BootTime) -> Int64 { max(0, sharedUntil.microseconds(since: now)) }

  // MARK: sessions

  package mutating func connected() { question = .none }

  package mutating func disconnected() -> [Action] {
    question = .none
    eligibility = .unproven
    return standBy("the connection to the store is lost")
  }

  // MARK: asking

  /// What this daemon may ask for has changed, or was confirmed.
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

  /// The lease's holder gave it back, or it expired.
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

  /// The request for the heartbeat of this number.
  package mutating func ask(in sequence: Int64) throws(IllegalMove) -> HeartbeatRequest {
    switch question {
    case .asked: throw .askedTwice
    case .none: question = .asked(isFirst: true, isOutdated: false, wasFreed: false)
    case .answered: question = .asked(isFirst: false, isOutdated: false, wasFreed: false)
    }
    defer { takesOffers = false }
    mayTakeOffer = takesOffers && eligibility.mayLead
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
      if mayTakeOffer, !isLeading { sharedUntil = now.advanced(by: ttl / 2) }
      return held(token, sentAt: sentAt, isLate: now.microseconds(since: sentAt) > ttl / 2) + (isOutdated ? [.ask] : [])
    case .free:
      // This daemon did not ask for it: the heartbeat was sent before it was eligible.
      return standBy("the lease has run out") + (isOutdated ? [.ask] : [])
    case .other(_, let remaining, let isOffered):
      let actions = standBy("another daemon holds the lease", beginsRole: true)
      guard eligibility.mayLead else { return actions + (isOutdated ? [.ask] : []) }
      if wasFreed { return actions + [.ask] }
      // The store does not report in time that a lease has expired, so the daemon asks when it must have.
      let wait = Action.askAgain(after: min(max(remaining, 0), Self.longestWait) + 5_000)
      let offer: [Action] = isOffered && eligibility != .limited ? [.offered] : []
      return actions + offer + [wait] + (isOutdated ? [.ask] : [])
    }
  }

  private mutating func held(_ token: String, sentAt: BootTime, isLate: Bool) -> [Action] {
    switch eligibility {
    case .unproven: return []
    // A heartbeat that was on its way at the withdrawal has taken the lease.
    case .withdrawn: return [.release]
    case .limited, .able: break
    }
    if case .leading(let ours, _) = state, ours == token || isLate {
      state = .leading(token: ours, confirmedAt: sentAt)
      return []
    }
    // An answer that took more than half of the lease says nothing about now.
    guard !isLate else { return [] }
    state = .leading(token: token, confirmedAt: sentAt)
    return [.lead(token: token)]
  }

  /// Stops leading when the lease was not confirmed for more than half of its length.
  package mutating func check(now: BootTime) -> [Action] {
    guard let ttl, case .leading(_, let confirmedAt) = state else { return [] }
    let age = now.microseconds(since: confirmedAt)
    return age > ttl / 2 ? standBy("the lease was not confirmed for \(age / 1000) ms") : []
  }

  /// The store refused a fire because the lease no longer has this daemon's token.
  package mutating func fenced() -> [Action] {
    standBy("a fire was refused: the lease has run out, was deleted, or is another daemon's")
  }

  private mutating func leadWithoutLease() -> [Action] {
    guard !isLeading else { return [] }
    state = .leadingWithoutLease
    return [.lead(token: "")]
  }

  /// - Parameter beginsRole: report it also where no answer has yet said who leads.
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
