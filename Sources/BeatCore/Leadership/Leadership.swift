/// The leadership of a daemon: once a second one script writes its heartbeat, asks for the lease, and looks whether the
/// store is still the one that was loaded. What comes back, and what does not, tells of everything that no event tells
/// of: a dead subscription, notifications switched off, a store that was emptied, swapped or set back in time, and a
/// lease that was lost. Pure, as the scheduler is.
package struct Leadership {
  package struct Configuration: Sendable {
    /// Who we are: in the lease, in the heartbeat's key.
    package var instance: String
    /// Between two heartbeats; microseconds. With a short lease a third of it: the holder stops when half of it has gone by
    /// without an answer, and one late answer must not be the end.
    package var period: Int64 = 1_000_000
    /// How long a lease lasts that is not renewed; microseconds. nil: no lease, and whoever is here fires.
    package var leaseTTL: Int64?
    /// How long the heartbeat's own event may take; microseconds.
    package var echoPatience: Int64 = 2_000_000
    /// The same in a storm of edits, where ours may be behind others that are on their way; microseconds.
    package var stormPatience: Int64 = 30_000_000
    /// So many events between two beats are a storm: with fewer, ours cannot be late by seconds.
    package var storm = 5000
    /// How long a heartbeat is kept, by Redis' clock; microseconds.
    package var heartbeatLife: Int64 = 10_000_000
    /// How far Redis' clock may be from ours before it is worth a line; microseconds.
    package var clockTolerance: Int64 = 2_000_000

    package init(instance: String, leaseTTL: Int64?) {
      self.instance = instance
      self.leaseTTL = leaseTTL
      if let leaseTTL { period = min(period, max(leaseTTL / 3, 100_000)) }
    }
  }

  package enum Event {
    /// A session with the store has begun to watch; `hears`: events of our own heartbeat will come.
    case connected(hears: Bool)
    case disconnected
    case timerFired
    case replied(HeartbeatReply)
    /// An event of our own heartbeat's key has come.
    case echoed
    /// The lease was given back, or ran out.
    case leaseFreed
    /// Redis refused a fire, since the lease is not ours any more.
    case fenced
    /// What we may ask for, from now on.
    case eligibility(Eligibility)
  }

  package enum Action: Equatable {
    case send(HeartbeatRequest)
    /// Come back with `.timerFired` after so many microseconds.
    case armTimer(after: Int64)
    /// We hold the lease: fire, with this token.
    case lead(token: String)
    /// Do not fire any more. The lease is not ours, or not certain to be.
    case standBy(reason: String)
    /// The store was emptied, or is another one: what it remembers of runs may be older than what we do.
    case storeReplaced
    /// What we know of the documents may be wrong: load them all.
    case reload(reason: String)
    /// No event reaches us: begin a new session.
    case reconnect(reason: String)
    /// Give the lease back, if it is ours.
    case release
    /// The lease's holder offers it.
    case offered
    /// Redis' clock and ours differ by so many microseconds; 0: no longer.
    case clockDiffers(by: Int64)
    /// Redis' clock, by which we go, was set by so many microseconds; negative: back.
    case clockStepped(by: Int64)
  }

  package let configuration: Configuration
  /// The lease is ours, as far as we can be certain; without a lease, always while connected.
  package private(set) var isLeading = false
  /// Redis' clock.
  package private(set) var clock: StoreClock

  private var sequence: Int64 = 0
  private var inFlight: (sequence: Int64, sentAt: BootTime)?
  /// The oldest heartbeat whose event has not come.
  private var unheard: BootTime?
  private var hears = true
  /// Events that have come since the last beat.
  private var heardSinceBeat = 0
  /// Everything is being read again for a heartbeat that was not heard.
  private var isReloading = false
  private var token: String?
  private var eligibility = Eligibility.unproven
  /// The next heartbeat may take a lease that is offered.
  private var takesOffers = false
  /// What the heartbeat on its way asks for is not what we want any more.
  private var isOutdated = false
  /// Replies have come in this session.
  package private(set) var isAnswered = false
  /// The lease was freed while a heartbeat was on its way, which may have come before or after that.
  private var wasFreed = false
  /// When the heartbeat was sent that last confirmed the lease.
  private var confirmedAt = BootTime(microseconds: 0)
  private var incarnation: String?
  /// When the last reply came.
  private var repliedAt: BootTime?
  private var isFirst = true
  /// `.lead` or `.standBy` has been said: whoever starts beside a leader says so, too.
  private var hasRole = false
  private var clockDifference: Int64 = 0

  /// - Parameter clock: what Redis' clock is taken for before it has been asked.
  package init(_ configuration: Configuration, clock: StoreClock) {
    self.configuration = configuration
    self.clock = clock
  }

  /// Some event of the subscription has come. Called often: it only takes a note.
  package mutating func heard() { heardSinceBeat &+= 1 }

  package mutating func receive(_ event: Event, now: BootTime) -> [Action] {
    switch event {
    case .connected(let hears):
      self.hears = hears
      return connected(now)
    case .disconnected: return disconnected()
    case .timerFired: return beat(now)
    case .replied(let reply): return replied(reply, now)
    case .echoed:
      unheard = nil
      isReloading = false
      return []
    case .leaseFreed:
      guard !isLeading, eligibility.mayLead, configuration.leaseTTL != nil else { return [] }
      guard inFlight == nil else {
        wasFreed = true
        return []
      }
      return beat(now)
    case .fenced:
      token = nil
      return standBy("a fire was refused: the lease has run out, was deleted, or is another daemon's")
    case .eligibility(let new): return judged(new, now)
    }
  }

  private mutating func judged(_ new: Eligibility, _ now: BootTime) -> [Action] {
    let old = eligibility
    eligibility = new
    if case .able(takesOffers: true) = new { takesOffers = true }
    guard new.mayLead else {
      takesOffers = false
      guard case .withdrawn(let reason) = new else { return standBy("nothing is proved yet in this session") }
      guard isLeading else { return [] }
      token = nil
      return (configuration.leaseTTL == nil ? [] : [.release]) + standBy(reason)
    }
    guard isAnswered, !old.mayLead || takesOffers || (old == .limited) != (new == .limited) else { return [] }
    if configuration.leaseTTL == nil { return isLeading ? [] : lead("") }
    guard inFlight == nil else {
      isOutdated = true
      return []
    }
    return beat(now)
  }

  // MARK: sessions

  private mutating func connected(_ now: BootTime) -> [Action] {
    isFirst = true
    isReloading = false
    isAnswered = false
    unheard = nil
    inFlight = nil
    return beat(now)
  }

  private mutating func disconnected() -> [Action] {
    inFlight = nil
    unheard = nil
    isAnswered = false
    eligibility = .unproven
    return standBy("the connection to Redis is lost")
  }

  // MARK: beats

  private mutating func beat(_ now: BootTime) -> [Action] {
    var actions: [Action] = []
    // By our own clock, and well before the lease can have run out: whoever takes it over finds us quiet.
    if isLeading, let ttl = configuration.leaseTTL, now.microseconds(since: confirmedAt) > ttl / 2 {
      actions += standBy("the lease was not confirmed for \(now.microseconds(since: confirmedAt) / 1000) ms")
    }
    let patience = heardSinceBeat < configuration.storm ? configuration.echoPatience : configuration.stormPatience
    heardSinceBeat = 0
    if hears, let unheard, inFlight == nil, now.microseconds(since: unheard) > patience {
      self.unheard = nil
      return actions + [.reconnect(reason: "Redis answers, but the events of our own heartbeat do not come")]
    }
    // Perhaps they come again before the patience is at its end; what was not heard meanwhile is lost all the same.
    if hears, let unheard, inFlight == nil, now.microseconds(since: unheard) > patience / 2 - 100_000,
      !isReloading
    {
      isReloading = true
      actions.append(.reload(reason: "an event of our own heartbeat did not come, so others may not have come either"))
    }
    if inFlight == nil {
      sequence += 1
      wasFreed = false
      isOutdated = false
      inFlight = (sequence, now)
      unheard = unheard ?? now
      actions.append(.send(request))
      takesOffers = false
    }
    return actions + [.armTimer(after: configuration.period)]
  }

  private var request: HeartbeatRequest {
    guard eligibility.mayLead else {
      return HeartbeatRequest(sequence: sequence, leaseTTL: configuration.leaseTTL, claim: .nothing)
    }
    return HeartbeatRequest(
      sequence: sequence, leaseTTL: configuration.leaseTTL, claim: takesOffers ? .offered : .free,
      isOffering: eligibility == .limited)
  }

  private mutating func replied(_ reply: HeartbeatReply, _ now: BootTime) -> [Action] {
    guard let sent = inFlight, sent.sequence == reply.sequence else { return [] }
    inFlight = nil
    let step = reply.serverTime.map { clock.told($0, sentAt: sent.sentAt, receivedAt: now) } ?? 0
    var actions: [Action] = step == 0 ? [] : [.clockStepped(by: step)]
    actions += lookAround(reply, now, isClockSet: step != 0)
    isFirst = false
    isAnswered = true
    repliedAt = now
    actions += lease(reply, sentAt: sent.sentAt, now)
    if isOutdated, inFlight == nil { actions += beat(now) }
    return actions
  }

  /// Is this the store that was loaded?
  private mutating func lookAround(_ reply: HeartbeatReply, _ now: BootTime, isClockSet: Bool) -> [Action] {
    var actions: [Action] = []
    let known = incarnation
    incarnation = reply.incarnation
    if let known, StoreIncarnation.identity(of: known) != StoreIncarnation.identity(of: reply.incarnation) {
      actions.append(.storeReplaced)
    }
    // A new session loads anyway.
    if !isFirst {
      if known != reply.incarnation {
        actions.append(.reload(reason: "the store was emptied or replaced, or its events were off for a while"))
      } else if reply.previousSequence.map({ $0 != reply.sequence - 1 }) ?? (!isClockSet && isRemembered(now)) {
        actions.append(.reload(reason: "the store went back in time"))
      }
    }
    let difference = reply.clockDifference
    let isWorthALine = difference.magnitude > UInt64(configuration.clockTolerance)
    if isWorthALine != (clockDifference != 0) {
      clockDifference = isWorthALine ? difference : 0
      actions.append(.clockDiffers(by: clockDifference))
    }
    return actions
  }

  /// Whether our last heartbeat must still be there: else the store is one from before the first of them.
  private func isRemembered(_ now: BootTime) -> Bool {
    repliedAt.map { now.microseconds(since: $0) < configuration.heartbeatLife / 2 } ?? false
  }

  private mutating func lease(_ reply: HeartbeatReply, sentAt: BootTime, _ now: BootTime) -> [Action] {
    guard let ttl = configuration.leaseTTL else { return isLeading || !eligibility.mayLead ? [] : lead("") }
    switch reply.lease {
    case .held(let new):
      switch eligibility {
      case .unproven: return []
      // Taken by a heartbeat that was on its way when we stood back.
      case .withdrawn: return [.release]
      case .limited, .able: break
      }
      confirmedAt = sentAt
      let isNews = !isLeading || token != new
      token = new
      // An answer that took half the lease's life says nothing about now.
      guard now.microseconds(since: sentAt) <= ttl / 2 else { return [] }
      return isNews ? lead(new) : []
    case .free:
      // Asked for by nobody, or by a heartbeat of before we could.
      token = nil
      return standBy("the lease has run out")
    case .other(_, let remaining, let isOffered):
      token = nil
      var actions = standBy("another daemon holds the lease", isRole: true)
      guard eligibility.mayLead else { return actions }
      if wasFreed { return actions + beat(now) }
      if isOffered, eligibility != .limited { actions.append(.offered) }
      // Lazy expiry: ask again when it must have run out, not a period later.
      return actions + [.armTimer(after: min(configuration.period, max(remaining, 0) + 5_000))]
    }
  }

  private mutating func lead(_ token: String) -> [Action] {
    isLeading = true
    hasRole = true
    return [.lead(token: token)]
  }

  /// - Parameter isRole: it is not the end of a lead only, and said even by one that has never led.
  private mutating func standBy(_ reason: String, isRole: Bool = false) -> [Action] {
    guard isLeading || isRole && !hasRole else { return [] }
    isLeading = false
    hasRole = true
    return [.standBy(reason: reason)]
  }
}
