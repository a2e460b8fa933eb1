import BeatCore

/// Decides whether this daemon leads: it carries out the actions of `Leadership` (heartbeat and lease) and `Candidacy`
/// (the right to lead).
final class LeaderElection {
  private unowned let daemon: Daemon
  private(set) var leadership: Leadership
  private var candidacy: Candidacy
  /// The token of the lease that this daemon holds or held last; empty: there is no lease.
  private(set) var token = ""
  private lazy var heartbeatTimer = daemon.surroundings.makeTimer { [unowned self] in
    receive(.timerFired as Leadership.Event)
  }
  private lazy var rehearsalTimer = daemon.surroundings.makeTimer { [unowned self] in
    receive(.timerFired as Candidacy.Event)
  }
  /// When a heartbeat was answered last in this session; nil: none was.
  private(set) var answeredAt: BootTime?
  /// When the event of a heartbeat came last in this session; nil: none did.
  private var echoedAt: BootTime?
  private var hears = false
  /// Why this daemon cannot fire, as it was last reported.
  private var said: String?
  /// What this daemon lacks, as it was reported with a session that could not go on.
  private var saidOfSession: String?

  init(_ daemon: Daemon) {
    self.daemon = daemon
    let surroundings = daemon.surroundings
    let configuration = daemon.configuration
    leadership = Leadership(
      configuration.leadership, clock: StoreClock(surroundings.wallTime, at: surroundings.bootTime))
    candidacy = Candidacy(leaseTTL: configuration.leadership.leaseTTL, delays: configuration.rehearsalDelays)
  }

  var isLeading: Bool { leadership.isLeading }
  /// How long an earlier holder of the lease may yet take itself for the leader; microseconds.
  var uncertainty: Int64 { leadership.uncertainty(at: daemon.surroundings.bootTime) }
  /// This daemon leads, and no other does or can have taken over yet.
  var certainlyLeads: Bool { leadership.certainlyLeads(at: daemon.surroundings.bootTime) }
  /// A heartbeat was answered in this session.
  var isAnswered: Bool { leadership.isAnswered }
  /// All schedules are loaded, and a rehearsal of this session succeeded.
  var isAble: Bool { candidacy.isAble }
  var hasLease: Bool { leadership.configuration.leaseTTL != nil }
  /// Why this daemon may not lead now; nil: it may, or nothing is proved.
  var withdrawal: String? { candidacy.withdrawal }
  /// When the store was last heard: by its answer to a heartbeat, and where edits are heard by the heartbeat's event.
  var heardAt: BootTime? { hears ? echoedAt : answeredAt }
  /// How old the last answer to a heartbeat may be: the next was sent a period later, and may take as long as its event;
  /// microseconds.
  var answerPatience: Int64 {
    leadership.configuration.period &+ leadership.configuration.echoPatience
  }
  /// The time by the store's clock.
  var now: UnixTime { leadership.clock.time(at: daemon.surroundings.bootTime) }

  func boot(at time: UnixTime) -> BootTime { leadership.clock.boot(at: time) }

  // MARK: what happens

  /// An event of a change has arrived.
  func heard() { leadership.heard() }

  /// The event of this daemon's own heartbeat has arrived.
  func echoed() {
    echoedAt = daemon.surroundings.bootTime
    receive(.echoed)
  }

  func connected(hears: Bool) {
    self.hears = hears
    receive(.connected(hears: hears))
    receive(.connected)
  }

  func loaded() { receive(.loaded) }
  /// The last rehearsal may be out of date: the broker was lost or is back, a message is deferred, or an audit has
  /// ended.
  func doubted() { receive(.doubted) }
  func lacked(_ reason: String) { receive(.lacked(reason: reason)) }

  /// Sends no further heartbeat.
  func stop() { heartbeatTimer.cancel() }

  /// - Parameter between: called after `Leadership` and before `Candidacy` has taken the event, to tell the scheduler.
  func disconnected(_ between: () -> Void) {
    heartbeatTimer.cancel()
    (answeredAt, echoedAt) = (nil, nil)
    receive(.disconnected as Leadership.Event)
    between()
    rehearsalTimer.cancel()
    receive(.disconnected as Candidacy.Event)
  }

  func ended(_ outcome: FireOutcome) {
    switch outcome {
    case .fired: if candidacy.isSuspect { receive(.fired) }
    case .forbidden(let reason): receive(.forbidden(reason: reason))
    default: break
    }
  }

  /// Takes the refusal of a watermark.
  func refused(_ refusal: Refusal) {
    if refusal.kind == .forbidden { receive(.forbidden(reason: refusal.words)) }
  }

  /// The reason why a session cannot go on, without repeating a lack that was reported before.
  func reason(_ what: String, _ explanation: StoreExplanation) -> String {
    guard let lack = explanation.lack else { return "\(what): \(explanation.text)" }
    if let said, said.hasSuffix(lack) { return "\(what): see `unable`" }
    saidOfSession = lack
    return "\(what): \(lack)"
  }

  // MARK: the heartbeat and the lease

  func receive(_ event: Leadership.Event) {
    for action in leadership.receive(event, now: daemon.surroundings.bootTime) { perform(action) }
  }

  private func perform(_ action: Leadership.Action) {
    switch action {
    case .send(let request): send(request)
    case .armTimer(let delay): if !daemon.isStopping { heartbeatTimer.schedule(after: delay) }
    case .lead(let token):
      self.token = token
      daemon.lead(token)
    case .standBy(let reason): daemon.standBy(reason)
    case .storeReplaced: daemon.dispatcher.receive(.storeReplaced)
    case .reload(let reason):
      daemon.report(.reloading(reason: reason))
      daemon.session?.loadAll(isReload: true)
    case .reconnect(let reason):
      daemon.session?.store.suspectLongNames()
      daemon.restart(.notReady(reason))
    case .release: daemon.session?.store.leases.release { _ in }
    case .offered: receive(.offered)
    case .clockStepped(let step):
      daemon.report(.clockStepped(by: step))
      daemon.dispatcher.receive(.clockStepped(by: step))
    case .clockDiffers(let difference): daemon.report(.clockDiffers(by: difference))
    case .illegal(let move): assertionFailure("\(move)")
    }
  }

  private func send(_ request: HeartbeatRequest) {
    guard !daemon.isStopping, let session = daemon.session else { return }
    session.store.leases.beat(request) { [unowned self, weak session] result in
      switch result {
      case .success(var reply):
        if session != nil, session === daemon.session { answeredAt = daemon.surroundings.bootTime }
        reply.clockDifference = reply.serverTime?.microseconds(since: daemon.surroundings.wallTime) ?? 0
        receive(.replied(reply))
        daemon.dispatcher.receive(.clockTold)
        daemon.places.found(reply.damaged)
        daemon.session?.announce()
        daemon.session?.keepTelling()
      case .failure(let refusal): session?.refused(refusal, "the heartbeat was refused", .heartbeat)
      }
    }
  }

  // MARK: the right to lead

  private func receive(_ event: Candidacy.Event) {
    for action in candidacy.receive(event, now: daemon.surroundings.bootTime) { perform(action) }
  }

  private func perform(_ action: Candidacy.Action) {
    switch action {
    case .rehearse: rehearse()
    case .armTimer(let delay): rehearsalTimer.schedule(after: delay)
    case .declare(let eligibility):
      receive(.eligibility(eligibility))
      daemon.session?.announce()
    case .report(.able):
      (said, saidOfSession) = (nil, nil)
      daemon.report(.proof(.able))
      daemon.proved(.able)
    case .report(.limited(let reason)):
      daemon.report(.proof(.limited(reason: reason)))
      daemon.proved(.limited(reason: reason))
    case .report(.unable(let reason)), .report(.undecided(let reason)):
      if saidOfSession.map({ !reason.hasSuffix($0) }) ?? true {
        said = reason
        daemon.report(.proof(.unable(reason: reason)))
      }
      daemon.proved(.unable(reason: reason))
    }
  }

  /// Rehearses a fire on keys of its own, and if messages go through an outbox, a delivery too.
  private func rehearse() {
    guard let session = daemon.session else { return }
    let (store, publisher) = (session.store, daemon.publisher)
    store.cancelRehearsal()
    publisher.cancelRehearsal()
    store.rehearse(isLoaded: candidacy.isLoaded) { [unowned self] proof in
      guard daemon.session === session else { return }
      guard store.delivery == .outbox, proof.mayLead else { return receive(.rehearsed(proof)) }
      publisher.rehearse { [unowned self] problem in
        if daemon.session === session { receive(.rehearsed(proof.lacking(problem))) }
      }
    }
  }
}

extension Candidacy.Proof {
  /// The same proof, with something more missing; nil: nothing more.
  fileprivate func lacking(_ problem: String?) -> Candidacy.Proof {
    guard let problem else { return self }
    if case .limited(let reason) = self { return .limited(reason: "\(reason); \(problem)") }
    return .limited(reason: problem)
  }
}
