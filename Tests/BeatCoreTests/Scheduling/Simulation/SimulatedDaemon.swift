@testable import BeatCore

/// A daemon as `BeatService` drives one: a scheduler, a pulse, and its connections to the store as queues. What is in
/// them is on its way, and may be late or lost. Requests and replies keep their order, and so do events; the two
/// connections know nothing of each other.
struct SimulatedDaemon {
  enum Request {
    case read([EntryName], load: Int?)
    case anchor(EntryName, Mark)
    case rebase(EntryName, from: UnixTime, to: Mark, token: String)
    case fire(FirePlan, token: String)
    /// One of the steps of SCAN: the names whose hash falls into it.
    case scan(step: Int, load: Int)
    case pulse(PulseRequest, instance: String, word: String)
    case release(String)
    /// The scripts of a fire, on keys of its own.
    case rehearse
    /// Notifications are switched on; where they were off, this word tells the other daemons so, in the same write.
    case switchOn(word: String)
    case probe(String)
  }

  enum Reply {
    case read([EntryName], [Scheduler.DocumentRead], load: Int?)
    case kept(EntryName, Bool)
    case fired(FirePlan, FireOutcome)
    case scanned(step: Int, [EntryName], load: Int)
    case pulsed(PulseReply)
    case released
    case rehearsed(Candidacy.Proof)
    /// This daemon may not do that.
    case refused
    case switchedOn
    case probed(isHeard: Bool)
  }

  /// Where its stay with the store is (StoreSession).
  enum Session { case none, opening, subscribing, probing, watching }

  static let scanSteps = 3

  let instance: String
  private(set) var scheduler: Scheduler
  private(set) var pulse: Pulse
  private var candidacy: Candidacy
  /// How far its machine's wall clock is from the true time; microseconds. The clock since boot is always right.
  let offset: Int64
  private(set) var session = Session.none
  /// The armed time, on the clock since boot.
  private(set) var timer: BootTime?
  /// On the clock since boot.
  private(set) var pulseTimer: BootTime?
  private var candidateTimer: BootTime?
  private(set) var isStopping = false
  /// The process has come to its end.
  private(set) var hasEnded = false
  /// SIGSTOP: it does nothing until then, while the world goes on.
  var frozenUntil: UnixTime?
  /// Nothing reaches it until then, though it is alive.
  var deafUntil: UnixTime?

  private(set) var requests: [Request] = []
  private(set) var replies: [Reply] = []
  private(set) var events: [ModelStore.Change] = []
  /// Requests of a connection that has died: some may still reach the server.
  private(set) var abandoned: [Request] = []
  private var inFlight: [FirePlan] = []
  /// Fires that could not be sent, to be ended when the event at hand is done with.
  private var unsent: [FirePlan] = []
  /// Events of our own fires that are to come, each with the heartbeat after which it was expected.
  private var echoes: [EntryName: (count: Int, beat: Int)] = [:]
  private var beats = 0
  private var token = ""
  private var load = 0
  private var isLoading = false
  /// Events were missed since the load began.
  private var isToLoadAgain = false
  /// The server has closed the connection of the events alone.
  private var isSilenced = false
  private var pages = 0
  private var isScanned = true
  private var words = 0

  init(_ configuration: SchedulerConfiguration, _ pulse: Pulse.Configuration, offset: Int64, at time: UnixTime) {
    instance = pulse.instance
    scheduler = Scheduler(configuration)
    let ttl = pulse.leaseTTL ?? 600_000
    candidacy = Candidacy(leaseTTL: pulse.leaseTTL, delays: ttl / 3...ttl)
    self.pulse = Pulse(pulse, clock: StoreClock(time.advanced(by: offset), at: Self.boot(time)))
    self.offset = offset
    receive(.leadershipChanged(false) as Scheduler.Event, time)
  }

  var isConnected: Bool { session != .none }
  var isWatching: Bool { session == .watching }
  var isSubscribed: Bool { session == .probing || session == .watching && !isSilenced }
  var isWaitingToSubscribe: Bool { session == .subscribing || isSilenced }
  var isQuiet: Bool { requests.isEmpty && replies.isEmpty && events.isEmpty }

  private static func boot(_ time: UnixTime) -> BootTime { BootTime(microseconds: time.microseconds) }
  func isFrozen(at time: UnixTime) -> Bool { frozenUntil.map { time < $0 } ?? false }
  func isDeaf(at time: UnixTime) -> Bool { deafUntil.map { time < $0 } ?? false }
  func isDue(at time: UnixTime) -> Bool { timer.map { $0 <= Self.boot(time) } ?? false }
  func isPulseDue(at time: UnixTime) -> Bool { pulseTimer.map { $0 <= Self.boot(time) } ?? false }
  func isCandidateDue(at time: UnixTime) -> Bool { candidateTimer.map { $0 <= Self.boot(time) } ?? false }

  /// The true time at which something happens by itself.
  var nextWake: UnixTime? {
    [timer, pulseTimer, candidateTimer].compactMap { $0 }.min().map { UnixTime(microseconds: $0.microseconds) }
  }

  // MARK: what happens to it

  mutating func wake(at time: UnixTime) {
    timer = nil
    receive(.timerFired as Scheduler.Event, time)
    finish(time)
  }

  mutating func beat(at time: UnixTime) {
    pulseTimer = nil
    receive(.timerFired as Pulse.Event, time)
    finish(time)
  }

  mutating func look(at time: UnixTime) {
    candidateTimer = nil
    receive(.timerFired as Candidacy.Event, time)
    finish(time)
  }

  mutating func connect(at time: UnixTime) {
    session = .opening
    words += 1
    send(.switchOn(word: "\(instance)-\(words)"))
  }

  /// The server has taken in what we subscribe to.
  mutating func subscribed(at time: UnixTime) {
    if isSilenced { return missed(time) }
    session = .probing
    send(.probe(instance))
  }

  /// The connection of the events dies alone.
  mutating func silence() {
    guard session == .watching else { return }
    isSilenced = true
    events.removeAll()
  }

  /// Reads everything anew, on a connection that goes on: scripts may be on their way.
  mutating func reload(at time: UnixTime) {
    guard session == .watching else { return }
    loadAll(time)
    finish(time)
  }

  /// Both connections die.
  /// - Parameter isNoticedFirst: whether that is told before the fires on their way end.
  mutating func disconnect(at time: UnixTime, isNoticedFirst: Bool) {
    guard isConnected else { return }
    if isNoticedFirst { endSession(time) }
    endFires(time)
    if !isNoticedFirst { endSession(time) }
    finish(time)
  }

  /// SIGTERM
  mutating func stop(at time: UnixTime) {
    guard !isStopping else { return }
    isStopping = true
    timer = nil
    pulseTimer = nil
    candidateTimer = nil
    if inFlight.isEmpty { release() }
    finish(time)
  }

  mutating func tell(_ change: ModelStore.Change) { events.append(change) }

  mutating func hear(at time: UnixTime) {
    switch events.removeFirst() {
    case .document(let name):
      if session == .watching { receive(.touched(name), time) }
    case .rewritten(let name):
      if session == .watching, !isEcho(name) { receive(.touched(name), time) }
    case .heartbeat(instance):
      beats += 1
      echoes = echoes.filter { $0.value.beat >= beats - 1 }
      if session == .watching { receive(.echoed, time) } else if session == .probing { watch(time) }
    case .heartbeat: break
    case .leaseFreed:
      if session == .watching { receive(.leaseFreed, time) }
    }
    finish(time)
  }

  mutating func take(at time: UnixTime) {
    switch replies.removeFirst() {
    case .read(let names, let reads, let load):
      if let load, load != self.load { break }
      for (name, read) in zip(names, reads) { receive(.read(name, read), time) }
      if load != nil {
        pages -= 1
        finishLoad(time)
      }
    case .kept(let name, let isKept):
      if !isKept { receive(.touched(name), time) }
    case .fired(let plan, let outcome):
      inFlight.removeAll { $0 == plan }
      ended(plan, outcome, time)
    case .scanned(let step, let names, let load):
      guard load == self.load else { break }
      if !names.isEmpty {
        pages += 1
        send(.read(names, load: load))
      }
      if step + 1 < Self.scanSteps { send(.scan(step: step + 1, load: load)) } else { isScanned = true }
      finishLoad(time)
    case .pulsed(var reply):
      reply.clockDifference = reply.serverTime?.microseconds(since: time.advanced(by: offset)) ?? 0
      receive(.replied(reply), time)
      receive(.clockTold as Scheduler.Event, time)
    case .released: if isStopping { hasEnded = true }
    case .rehearsed(let proof): receive(.rehearsed(proof), time)
    case .refused:
      // As after an error of a script that is no fire.
      endSession(time)
      endFires(time)
    case .switchedOn: session = .subscribing
    case .probed(let isHeard):
      // Its deadline would come. (The service would try other events then; here it tries the same again.)
      if !isHeard { endSession(time) }
    }
    finish(time)
  }

  // MARK: what it does (BeatService)

  private mutating func watch(_ time: UnixTime) {
    session = .watching
    receive(.connected(hears: true), time)
    receive(.connected as Candidacy.Event, time)
    loadAll(time)
  }

  private mutating func loadAll(_ time: UnixTime) {
    isToLoadAgain = false
    receive(.loadStarted, time)
    scan()
  }

  private mutating func scan() {
    isLoading = true
    isScanned = false
    pages = 0
    load += 1
    send(.scan(step: 0, load: load))
  }

  private mutating func missed(_ time: UnixTime) {
    isSilenced = false
    echoes.removeAll()
    receive(.echoed, time)
    receive(.leaseFreed, time)
    isToLoadAgain = true
    loadAgain(time)
    finish(time)
  }

  private mutating func loadAgain(_ time: UnixTime) {
    if session == .watching, isToLoadAgain, !isLoading { loadAll(time) }
  }

  private mutating func finishLoad(_ time: UnixTime) {
    guard isLoading, isScanned, pages == 0 else { return }
    isLoading = false
    receive(.loadFinished, time)
    receive(.loaded as Candidacy.Event, time)
    loadAgain(time)
  }

  private mutating func endSession(_ time: UnixTime) {
    session = .none
    abandoned += requests
    requests.removeAll()
    replies.removeAll()
    events.removeAll()
    load += 1
    (isLoading, isToLoadAgain, isSilenced) = (false, false, false)
    echoes.removeAll()
    pulseTimer = nil
    candidateTimer = nil
    receive(.disconnected as Candidacy.Event, time)
    receive(.disconnected as Pulse.Event, time)
    receive(.disconnected as Scheduler.Event, time)
    if isStopping, inFlight.isEmpty { hasEnded = true }
  }

  private mutating func endFires(_ time: UnixTime) {
    let lost = inFlight
    inFlight.removeAll()
    for plan in lost { ended(plan, .unknown, time) }
  }

  /// As at the end of a turn of the loop.
  private mutating func finish(_ time: UnixTime) {
    while !unsent.isEmpty { ended(unsent.removeFirst(), .unknown, time) }
  }

  private mutating func ended(_ plan: FirePlan, _ outcome: FireOutcome, _ time: UnixTime) {
    let wasMistaken = outcome != .fired && !isEcho(plan.entry)
    receive(.fireEnded(plan, outcome), time)
    if wasMistaken, outcome != .unknown { receive(.touched(plan.entry), time) }
    if case .forbidden(let reason) = outcome { receive(.forbidden(reason: reason), time) }
    if outcome == .fired { receive(.fired as Candidacy.Event, time) }
    if outcome == .fenced { receive(.fenced, time) }
    if case .early = outcome { receive(.timerFired as Pulse.Event, time) }
    if isStopping, inFlight.isEmpty, unsent.isEmpty { release() }
  }

  /// Whether a document that was written in place was written by us (Echoes).
  private mutating func isEcho(_ name: EntryName) -> Bool {
    guard let (count, beat) = echoes[name] else { return false }
    echoes[name] = count > 1 ? (count - 1, beat) : nil
    return true
  }

  private mutating func release() {
    guard session == .watching, pulse.configuration.leaseTTL != nil else {
      hasEnded = true
      return
    }
    send(.release(instance))
  }

  private mutating func receive(_ event: Scheduler.Event, _ time: UnixTime) {
    for action in scheduler.receive(event, now: pulse.clock.time(at: Self.boot(time))) {
      switch action {
      case .read(let name): send(.read([name], load: nil))
      case .anchor(let name, let mark): send(.anchor(name, mark))
      case .rebase(let name, let from, let mark): send(.rebase(name, from: from, to: mark, token: token))
      case .mend: break  // no simulated hand damages a mark
      case .armTimer(let time): if !isStopping { timer = time.map(pulse.clock.boot(at:)) }
      case .report: break
      case .fire(let plan):
        echoes[plan.entry] = ((echoes[plan.entry]?.count ?? 0) + 1, beats)
        if session != .watching || isStopping {
          unsent.append(plan)
        } else {
          inFlight.append(plan)
          send(.fire(plan, token: token))
        }
      }
    }
  }

  private mutating func receive(_ event: Pulse.Event, _ time: UnixTime) {
    for action in pulse.receive(event, now: Self.boot(time)) {
      switch action {
      case .send(let request):
        if !isStopping { send(.pulse(request, instance: instance, word: "\(instance).\(request.sequence)")) }
      case .armTimer(let delay):
        if !isStopping { pulseTimer = Self.boot(time).advanced(by: delay) }
      case .lead(let token):
        self.token = token
        receive(.leadershipChanged(true), time)
      case .standBy: receive(.leadershipChanged(false), time)
      case .storeReplaced: receive(.storeReplaced as Scheduler.Event, time)
      case .reload: if session == .watching { loadAll(time) }
      case .reconnect:
        endSession(time)
        endFires(time)
      case .clockStepped(let step): receive(.clockStepped(by: step), time)
      case .release: send(.release(instance))
      case .offered: receive(.offered as Candidacy.Event, time)
      case .clockDiffers: break
      }
    }
  }

  private mutating func receive(_ event: Candidacy.Event, _ time: UnixTime) {
    for action in candidacy.receive(event, now: Self.boot(time)) {
      switch action {
      case .rehearse: send(.rehearse)
      case .armTimer(let delay): if !isStopping { candidateTimer = Self.boot(time).advanced(by: delay) }
      case .stand(let standing): receive(.standing(standing) as Pulse.Event, time)
      case .report: break
      }
    }
  }

  private mutating func send(_ request: Request) {
    if isConnected { requests.append(request) }
  }

  // MARK: its connections

  mutating func takeRequest() -> Request { requests.removeFirst() }
  mutating func answer(_ reply: Reply) { replies.append(reply) }

  mutating func takeAbandoned() -> [Request] {
    defer { abandoned.removeAll() }
    return abandoned
  }
}

extension ModelStore {
  /// Carries a request out.
  mutating func execute(
    _ request: SimulatedDaemon.Request, of instance: String, now: UnixTime
  ) -> SimulatedDaemon.Reply {
    if let refusal = refusal(of: request, from: instance) { return refusal }
    switch request {
    case .rehearse: return .rehearsed(.able)
    case .read(let names, let load): return .read(names, names.map { read($0) }, load: load)
    case .anchor(let name, let mark): return .kept(name, anchor(name, mark))
    case .rebase(let name, let from, let mark, let token):
      return .kept(name, rebase(name, from: from, to: mark, token: token, now: now))
    case .fire(let plan, let token): return .fired(plan, fire(plan, token: token, now: now))
    case .scan(let step, let load):
      let names = documents.keys.filter { Self.slot(of: $0) == step }.sorted { "\($0)" < "\($1)" }
      return .scanned(step: step, names, load: load)
    case .pulse(let request, let instance, let word):
      return .pulsed(pulse(request, instance: instance, word: word, now: now))
    case .release(let instance):
      release(instance)
      return .released
    case .switchOn(let word):
      if switchOn() { tell(word) }
      return .switchedOn
    case .probe(let instance):
      probe(instance)
      return .probed(isHeard: hasNotifications)
    }
  }

  private func refusal(of request: SimulatedDaemon.Request, from instance: String) -> SimulatedDaemon.Reply? {
    switch request {
    case .read, .scan: return may(instance, .read) ? nil : .refused
    case .pulse: return may(instance, .pulse) ? nil : .refused
    case .fire(let plan, _): return may(instance, .fire) ? nil : .fired(plan, .forbidden("NOPERM"))
    // Nothing is kept, and who asked is told of no other mark.
    case .anchor(let name, _), .rebase(let name, _, _, _): return may(instance, .fire) ? nil : .kept(name, true)
    case .rehearse: return missing[instance] == nil ? nil : .rehearsed(.unable(reason: "NOPERM"))
    case .release, .switchOn, .probe: return nil
    }
  }

  /// The same in each run, unlike `hashValue`.
  private static func slot(of name: EntryName) -> Int {
    name.bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % SimulatedDaemon.scanSteps
  }
}
