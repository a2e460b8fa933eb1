/// The leadership of a daemon. One call of the store each period carries a `HeartbeatRequest` there and a
/// `HeartbeatReply` back. Four machines each take their part of the reply, and this type puts their actions in order.
///
///     event                    machine                             action
///     timer, connected     ->  Heartbeat: do events arrive?     -> send, reload, reconnect, armTimer
///     reply's time         ->  StoreClock: what time is it?     -> clockStepped, clockDiffers
///     reply's incarnation  ->  StoreIdentity: the same store?   -> storeReplaced, reload
///     reply's lease        ->  Lease: does this daemon lead?    -> lead, standBy, release, offered, armTimer
///
/// What the reply says of the store comes before what it says of the lease: a daemon that is about to lead knows first
/// that it must reload. Pure: the driver sends, arms the timer, and hands in replies and the boot clock's time.
package struct Leadership {
  package enum Event {
    /// A session with the store has begun to watch for changes. `hears`: the events of this daemon's heartbeat will
    /// arrive.
    case connected(hears: Bool)
    case disconnected
    case timerFired
    case replied(HeartbeatReply)
    /// The event of this daemon's own heartbeat has arrived.
    case echoed
    /// The lease's holder gave it back, or it expired.
    case leaseFreed
    /// The store refused a fire because this daemon no longer holds the lease.
    case fenced
    /// The store refused a fire as not yet due: its clock is behind this daemon's estimate of it.
    case early
    /// What this daemon may ask for from now on.
    case eligibility(Eligibility)
  }

  package enum Action: Equatable {
    case send(HeartbeatRequest)
    /// Send `.timerFired` after this many microseconds.
    case armTimer(after: Int64)
    /// This daemon holds the lease: fire with this token.
    case lead(token: String)
    /// Stop firing: this daemon does not hold the lease, or cannot be certain of it.
    case standBy(reason: String)
    /// The store was emptied, or is another one: its record of runs may be older than this daemon's.
    case storeReplaced
    /// What this daemon knows of the documents may be wrong: read them all.
    case reload(reason: String)
    /// No event arrives: begin a new session.
    case reconnect(reason: String)
    /// Give the lease back if this daemon holds it.
    case release
    /// The lease's holder offers it to a daemon that lacks nothing.
    case offered
    /// The store's clock minus this machine's wall clock; microseconds. 0: they agree again.
    case clockDiffers(by: Int64)
    /// The store's clock was set by this many microseconds; negative: back.
    case clockStepped(by: Int64)
    /// The driver sent an event out of order. Nothing was done.
    case illegal(IllegalMove)
  }

  package let configuration: Configuration
  private var heartbeat: Heartbeat
  private var lease: Lease
  private var identity: StoreIdentity
  /// The store's clock, as estimated from its replies.
  package private(set) var clock: StoreClock

  /// - Parameter clock: the estimate of the store's clock until the first reply.
  package init(_ configuration: Configuration, clock: StoreClock) {
    self.configuration = configuration
    heartbeat = Heartbeat(configuration)
    lease = Lease(ttl: configuration.leaseTTL)
    identity = StoreIdentity(heartbeatLife: HeartbeatRequest.lifetime)
    self.clock = clock
  }

  /// This daemon certainly holds the lease, or there is no lease and it may fire.
  package var isLeading: Bool { lease.isLeading }
  /// When the question was sent whose answer confirmed the lease last; nil: this daemon holds none.
  package var confirmedAt: BootTime? { lease.confirmedAt }
  /// How long an earlier holder of the lease may yet take itself for the leader; microseconds.
  package func uncertainty(at now: BootTime) -> Int64 { lease.uncertainty(at: now) }
  /// This daemon leads, and no other does or can have taken over yet.
  package func certainlyLeads(at now: BootTime) -> Bool { lease.certainlyLeads(at: now) }
  /// A heartbeat was answered in this session.
  package var isAnswered: Bool { heartbeat.isAnswered }

  /// An event of the subscription has arrived. Called for each event: it only counts.
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
