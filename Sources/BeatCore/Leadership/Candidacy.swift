/// Whether this daemon may lead. It earns the right in each session with the store: it loads all schedules, and it
/// rehearses a fire, which runs the scripts of a fire with this daemon's own rights on keys of its own. It loses the
/// right when a rehearsal fails or fires are forbidden. Pure: the driver rehearses and hands the result in.
///
///     eligibility  entered when                                     left when
///     unproven     a session begins or ends; a first rehearsal      all is loaded and a rehearsal has decided
///                  decides nothing
///     able         all is loaded, and the rehearsal lacks nothing   a rehearsal lacks something; see `withdrawn`
///     limited      the same, but something beside a fire is missing a rehearsal lacks nothing; see `withdrawn`
///     withdrawn    a rehearsal shows that fires are impossible, or  a rehearsal succeeds; after a lead, only once
///                  only forbidden fires for half a lease            the pause is over
///
/// A daemon that led pauses for one and a half leases at least, across sessions too, so that another daemon can take
/// the lease. Without a lease there is no pause.
package struct Candidacy {
  /// What a rehearsal has shown.
  package enum Proof: Hashable, Sendable {
    /// Every step succeeded.
    case able
    /// Fires succeed, but something beside them is missing. A daemon that lacks nothing should lead instead.
    case limited(reason: String)
    /// Fires are impossible for a reason of this daemon alone, such as a missing right or an unknown command.
    case unable(reason: String)
    /// The rehearsal failed for a reason that concerns every daemon: the server is out of memory, a replica, or busy.
    /// It says nothing about this daemon.
    case undecided(reason: String)
  }

  package enum Event {
    /// A session with the store has begun to watch.
    case connected
    case loaded
    case disconnected
    case rehearsed(Proof)
    /// The store refused a fire because this daemon lacks the right to it. The right may be missing for one queue only,
    /// which is no reason to withdraw while other fires succeed.
    case forbidden(reason: String)
    case fired
    /// The last rehearsal may be out of date: the broker was lost or is back, a message was deferred, or an audit has
    /// ended.
    case doubted
    /// A command beside a fire was refused because this daemon lacks the right to it; the reason is the server's text.
    case lacked(reason: String)
    /// The lease's holder lacks something and offers the lease to a daemon that lacks nothing.
    case offered
    case timerFired
  }

  package enum Action: Equatable {
    case rehearse
    /// Send `.timerFired` after this many microseconds.
    case armTimer(after: Int64)
    /// What `Lease` may ask for from now on.
    case declare(Eligibility)
    /// A result that differs from the last reported one. A first `able` is not reported.
    case report(Proof)
  }

  private let leaseTTL: Int64?
  /// The longest wait between rehearsals while `limited`; microseconds. It is short because an operator who grants the
  /// missing right looks at `status` soon afterwards.
  private static let limitedDelay: Int64 = 5_000_000

  /// The waits between rehearsals while something is missing, the first and the longest; microseconds.
  private let delays: ClosedRange<Int64>

  private var isConnected = false
  /// All schedules have been read in this session.
  package private(set) var isLoaded = false
  private var isRehearsing = false
  /// A rehearsal was asked for while one was under way. That one may have begun before the change, so another follows.
  private var isDoubted = false
  private var proof: Proof?
  /// The wait before the next rehearsal; microseconds. It doubles while `proof` stays the same.
  private var delay: Int64
  /// This daemon does not lead before `until`, nor before a rehearsal succeeds after it.
  private var standsBack: (until: BootTime, reason: String)?
  /// How long the last pause for forbidden fires was, since no rehearsal shows their reason; microseconds. It doubles
  /// until a fire succeeds.
  private var pause: Int64 = 0
  /// When the first fire was forbidden since the last one that succeeded.
  private var forbiddenSince: BootTime?
  /// The rehearsal under way was begun because the lease is offered.
  private var isForOffer = false
  /// The reasons of `.lacked` that have each asked for a rehearsal, and when the first did. They are forgotten after
  /// `delays.upperBound`.
  private var lacked: (reasons: Set<String>, since: BootTime)?
  /// The most rehearsals that `.lacked` may ask for within `delays.upperBound`.
  private static let mostLacked = 5
  private var offeredAt: BootTime?
  private var eligibility = Eligibility.unproven
  private var reported: Proof?

  /// - Parameters:
  ///   - leaseTTL: microseconds; nil: there is no lease, so this daemon never gives way to another one.
  ///   - delays: the waits between rehearsals while something is missing, the first and the longest; microseconds.
  package init(leaseTTL: Int64?, delays: ClosedRange<Int64> = 1_000_000...30_000_000) {
    self.leaseTTL = leaseTTL
    self.delays = delays
    delay = delays.lowerBound
  }

  /// All schedules are loaded, and a rehearsal of this session succeeded.
  package var isAble: Bool { isLoaded && proof?.mayLead == true }
  /// A fire was forbidden, or led to a pause, and no fire has succeeded since.
  package var isSuspect: Bool { forbiddenSince != nil || pause > 0 }

  /// Why this daemon may not lead now; nil: it may, or nothing is proved.
  package var withdrawal: String? {
    if case .withdrawn(let reason) = eligibility { reason } else { nil }
  }

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
      // While something that stops fires is missing, the timer repeats the rehearsal. A reason that no rehearsal
      // confirms asks for one only while it is new.
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
      // The daemon goes on leading: another one would meet the same trouble.
    } else {
      // A daemon that led pauses long enough for another to take the lease.
      if case .unable(let reason) = new, eligibility.mayLead { standBack(reason, for: 0, now) }
      if new != proof { delay = delays.lowerBound }
      // The missing right was granted: its next refusal asks for a rehearsal again.
      if new == .able, proof != .able { lacked = nil }
      proof = new
      // Only a rehearsal that ended after the pause ends the withdrawal.
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

  /// Withdraws for `time` microseconds, but at least one and a half leases, so that another daemon can take the lease.
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
    // Fires are forbidden though the rehearsal succeeds, for example by a queue that this user may not use, and no
    // other fire has succeeded for half a lease.
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
