/// Whether this daemon may lead. It is earned in each session with the store: by having loaded everything, and by a
/// rehearsal, in which the scripts of a fire are carried out with our own rights on keys of our own. It is lost by what
/// happens: an answer that says that we may not, or a broker that cannot be reached. Pure, as the scheduler is.
package struct Candidacy {
  /// What a rehearsal has shown.
  package enum Proof: Hashable, Sendable {
    /// All of it went through.
    case able
    /// What is due can be fired, and something is missing: whoever lacks nothing leads rather.
    case limited(reason: String)
    /// For reasons that are our own: a right that is missing, a command.
    case unable(reason: String)
    /// For reasons that are the server's and everybody's: it is out of memory, a replica, busy. Shows nothing of us.
    case undecided(reason: String)
  }

  package enum Event {
    /// A session with the store has begun to watch.
    case connected
    case loaded
    case disconnected
    case rehearsed(Proof)
    /// A fire was refused as something that we may not do. What may be so of one queue is no reason to stand back, while
    /// others are fired.
    case forbidden(reason: String)
    case fired
    /// What was shown may be so no longer: the broker was lost, or is back.
    case doubted
    /// Something beside a fire was refused as something that we may not do; in the server's words.
    case lacked(reason: String)
    /// The lease's holder would give it to somebody who lacks nothing.
    case offered
    case timerFired
  }

  package enum Action: Equatable {
    case rehearse
    /// Come back with `.timerFired` after so many microseconds.
    case armTimer(after: Int64)
    /// What may be asked for from now on (`Lease`).
    case declare(Eligibility)
    /// Said once for each reason.
    case report(Proof)
  }

  private let leaseTTL: Int64?
  /// The longest time between rehearsals while something is missing that a fire can do without: people look at `status`
  /// after they have given it back. Microseconds.
  private static let limitedDelay: Int64 = 5_000_000

  /// Between rehearsals while something is missing; microseconds.
  private let delays: ClosedRange<Int64>

  private var isConnected = false
  /// All schedules have been read in this session.
  package private(set) var isLoaded = false
  private var isRehearsing = false
  /// Asked for while one was under way, which may have begun too early.
  private var isDoubted = false
  private var proof: Proof?
  /// Of `proof`, in this session.
  private var delay: Int64
  /// We do not lead until then.
  private var standsBack: (until: BootTime, reason: String)?
  /// For how long it was the last time, for a reason that no rehearsal shows; microseconds.
  private var pause: Int64 = 0
  /// The first of the fires that were forbidden since one has succeeded.
  private var forbiddenSince: BootTime?
  /// The rehearsal under way is for a lease that is offered.
  private var isForOffer = false
  /// Refusals beside a fire that have asked for a rehearsal, and when the first of them did.
  private var lacked: (reasons: Set<String>, since: BootTime)?
  /// So many of them do in `delays.upperBound`.
  private static let mostLacked = 5
  private var offeredAt: BootTime?
  private var eligibility = Eligibility.unproven
  private var reported: Proof?

  /// - Parameters:
  ///   - leaseTTL: microseconds; nil: there is no lease, and nobody to give way to.
  ///   - delays: between rehearsals while something is missing, the first and the longest; microseconds.
  package init(leaseTTL: Int64?, delays: ClosedRange<Int64> = 1_000_000...30_000_000) {
    self.leaseTTL = leaseTTL
    self.delays = delays
    delay = delays.lowerBound
  }

  /// All is loaded, and the rehearsal of this session went through.
  package var isAble: Bool { isLoaded && proof?.mayLead == true }
  /// A fire was forbidden, and none has succeeded since.
  package var isSuspect: Bool { forbiddenSince != nil || pause > 0 }

  package mutating func receive(_ event: Event, now: BootTime) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .connected:
      forget()
      isConnected = true
      actions += rehearse()
    case .loaded:
      isLoaded = true
    case .disconnected:
      forget()
    case .rehearsed(let proof):
      actions += rehearsed(proof, now)
    case .forbidden(let reason):
      actions += forbidden(reason, now)
    case .fired:
      forbiddenSince = nil
      pause = 0
    case .doubted:
      actions += rehearse()
    case .lacked(let reason):
      // What is known to be missing is tried again by the timer; what no rehearsal shows, not each time.
      guard proof?.mayLead == true, !isRehearsing, isNews(reason, now) else { break }
      actions += rehearse()
    case .offered:
      guard proof == .able, offeredAt.map({ now.microseconds(since: $0) >= 2 * delays.lowerBound }) ?? true else {
        break
      }
      offeredAt = now
      isForOffer = true
      actions += rehearse()
    case .timerFired:
      if let standsBack, now < standsBack.until {
        actions.append(.armTimer(after: standsBack.until.microseconds(since: now)))
      } else if standsBack != nil || proof != .able {
        actions += rehearse()
      }
    }
    return actions + settle(now)
  }

  private mutating func isNews(_ reason: String, _ now: BootTime) -> Bool {
    guard var known = lacked, now.microseconds(since: known.since) < delays.upperBound else {
      lacked = ([reason], now)
      return true
    }
    guard known.reasons.count < Self.mostLacked, known.reasons.insert(reason).inserted else { return false }
    lacked = known
    return true
  }

  private mutating func forget() {
    (isConnected, isLoaded, isRehearsing, isDoubted, isForOffer) = (false, false, false, false, false)
    proof = nil
    forbiddenSince = nil
    lacked = nil
    offeredAt = nil
  }

  private mutating func rehearse() -> [Action] {
    guard isConnected else { return [] }
    guard !isRehearsing else {
      isDoubted = true
      return []
    }
    isRehearsing = true
    return [.rehearse]
  }

  private mutating func rehearsed(_ new: Proof, _ now: BootTime) -> [Action] {
    isRehearsing = false
    if isDoubted {
      isDoubted = false
      return rehearse()
    }
    return found(new, now)
  }

  private mutating func found(_ new: Proof, _ now: BootTime) -> [Action] {
    var actions: [Action] = []
    if case .undecided = new, proof?.mayLead == true {
      // Whoever fires goes on: it would be no better with another one.
    } else {
      // One that led leaves room for another, and long enough.
      if case .unable(let reason) = new, eligibility.mayLead { standBack(reason, for: 0, now) }
      if new != proof { delay = delays.lowerBound }
      // Given back: the next refusal is news again.
      if new == .able, proof != .able { lacked = nil }
      proof = new
      // Back only if the rehearsal came after it.
      if new.mayLead, let standsBack, now >= standsBack.until { self.standsBack = nil }
    }
    if reported != new, !(reported == nil && new == .able) {
      reported = new
      actions.append(.report(new))
    }
    if new != .able || standsBack != nil {
      actions.append(.armTimer(after: max(delay, standsBack?.until.microseconds(since: now) ?? 0)))
      var longest = delays.upperBound
      if case .limited = new { longest = min(longest, Self.limitedDelay) }
      delay = min(delay * 2, longest)
    }
    return actions
  }

  /// Longer than a lease, so that another one can take it.
  private mutating func standBack(_ reason: String, for time: Int64, _ now: BootTime) {
    guard let leaseTTL else { return }
    standsBack = (now.advanced(by: max(time, leaseTTL / 2 * 3)), reason)
  }

  private mutating func forbidden(_ reason: String, _ now: BootTime) -> [Action] {
    guard eligibility.mayLead else { return [] }
    let since = forbiddenSince ?? now
    forbiddenSince = since
    guard let leaseTTL, now.microseconds(since: since) >= leaseTTL / 2, proof?.mayLead == true else {
      return rehearse()
    }
    // No rehearsal shows it, such as a queue that this user may not use; and nothing else was fired either.
    pause = min(max(2 * pause, 2 * leaseTTL), max(2 * delays.upperBound, 2 * leaseTTL))
    standBack(reason, for: pause, now)
    forbiddenSince = nil
    return [.armTimer(after: pause)]
  }

  private mutating func settle(_ now: BootTime) -> [Action] {
    var new = Eligibility.unproven
    if let standsBack {
      new = .withdrawn(reason: standsBack.reason)
    } else if isLoaded, let proof {
      switch proof {
      case .able:
        new = .able(takesOffers: isForOffer && !isRehearsing)
        if !isRehearsing { isForOffer = false }
      case .limited: new = .limited
      case .unable(let reason): new = .withdrawn(reason: reason)
      case .undecided: new = .unproven
      }
    }
    guard new != eligibility else { return [] }
    eligibility = new
    return [.declare(new)]
  }
}

extension Candidacy.Proof {
  package var mayLead: Bool {
    switch self {
    case .able, .limited: true
    case .unable, .undecided: false
    }
  }
}
