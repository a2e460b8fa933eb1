/// The leadership of a daemon, as far as one call of the store in a period tells of it: `HeartbeatRequest` there,
/// `HeartbeatReply` back. Four machines each take their part of the answer, and this puts their actions in order.
///
///     event                   machine                          action
///     timer, connected    ->  Heartbeat: is anything heard? -> send, reload, reconnect, armTimer
///     answer: the time    ->  StoreClock: what is it there? -> clockStepped, clockDiffers
///     answer: the word    ->  StoreIdentity: still ours?    -> storeReplaced, reload
///     answer: the lease   ->  Lease: may we fire?           -> lead, standBy, release, offered, armTimer
///
/// What the answer says of the store comes before what it says of the lease: a daemon that is about to lead knows first that
/// it must load anew. Pure, as the scheduler is.
package struct Leadership {
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
    /// Redis refused a fire, since it is not yet due there: its clock is behind what we take it for.
    case early
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
    /// The event cannot come now. Nothing else was done.
    case illegal(IllegalMove)
  }

  package let configuration: Configuration
  private var heartbeat: Heartbeat
  private var lease: Lease
  private var identity: StoreIdentity
  /// Redis' clock.
  package private(set) var clock: StoreClock

  /// - Parameter clock: what Redis' clock is taken for before it has been asked.
  package init(_ configuration: Configuration, clock: StoreClock) {
    self.configuration = configuration
    heartbeat = Heartbeat(configuration)
    lease = Lease(ttl: configuration.leaseTTL)
    identity = StoreIdentity(heartbeatLife: configuration.heartbeatLife)
    self.clock = clock
  }

  /// The lease is ours, as far as we can be certain; without a lease, always while connected.
  package var isLeading: Bool { lease.isLeading }
  /// A heartbeat was answered in this session.
  package var isAnswered: Bool { heartbeat.isAnswered }

  /// Some event of the subscription has come. Called often: it only counts.
  package mutating func heard() { heartbeat.heard() }

  package mutating func receive(_ event: Event, now: BootTime) -> [Action] {
    do throws(IllegalMove) {
      return try move(event, now)
    } catch {
      return [.illegal(error)]
    }
  }

  private mutating func move(_ event: Event, _ now: BootTime) throws(IllegalMove) -> [Action] {
    switch event {
    case .connected(let hears):
      heartbeat.connected(hears: hears)
      lease.connected()
      identity.connected()
      return try beat(now)
    case .disconnected:
      heartbeat.disconnected()
      return try carryOut(lease.disconnected(), now)
    case .timerFired: return try beat(now)
    case .early: return heartbeat.isConnected ? try beat(now) : []
    case .replied(let reply): return try replied(reply, now)
    case .echoed:
      heartbeat.echoed()
      return []
    case .leaseFreed: return try carryOut(lease.freed(), now)
    case .fenced: return try carryOut(lease.fenced(), now)
    case .eligibility(let new): return try carryOut(lease.judged(new), now)
    }
  }

  private mutating func beat(_ now: BootTime) throws(IllegalMove) -> [Action] {
    let steps = try heartbeat.beat(now: now)
    var actions = try carryOut(lease.check(now: now), now)
    for step in steps {
      switch step {
      case .send(let sequence): actions.append(.send(try lease.ask(in: sequence)))
      case .reload(let reason): actions.append(.reload(reason: reason))
      case .reconnect(let reason): return actions + [.reconnect(reason: reason)]
      }
    }
    return actions + [.armTimer(after: configuration.period)]
  }

  private mutating func replied(_ reply: HeartbeatReply, _ now: BootTime) throws(IllegalMove) -> [Action] {
    guard let sentAt = heartbeat.answered(reply.sequence) else { return [] }
    let step = reply.serverTime.map { clock.told($0, sentAt: sentAt, receivedAt: now) } ?? 0
    var actions: [Action] = step == 0 ? [] : [.clockStepped(by: step)]
    for finding in identity.answered(reply, isClockSet: step != 0, now: now) {
      switch finding {
      case .storeReplaced: actions.append(.storeReplaced)
      case .reload(let reason): actions.append(.reload(reason: reason))
      }
    }
    if let difference = clock.compared(reply.clockDifference, tolerance: configuration.clockTolerance) {
      actions.append(.clockDiffers(by: difference))
    }
    return actions + (try carryOut(lease.answered(reply.lease, sentAt: sentAt, now: now), now))
  }

  private mutating func carryOut(_ steps: [Lease.Action], _ now: BootTime) throws(IllegalMove) -> [Action] {
    var actions: [Action] = []
    for step in steps {
      switch step {
      case .lead(let token): actions.append(.lead(token: token))
      case .standBy(let reason): actions.append(.standBy(reason: reason))
      case .release: actions.append(.release)
      case .offered: actions.append(.offered)
      case .ask: actions += try beat(now)
      case .askAgain(let delay): actions.append(.armTimer(after: min(configuration.period, delay)))
      }
    }
    return actions
  }
}
