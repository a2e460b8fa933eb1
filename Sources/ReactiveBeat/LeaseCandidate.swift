import BeatCore
import BeatLoop
import BeatRedis
import Logging

/// Earns the right to lead: carries out what `Candidacy` wants, and tells the log.
final class LeaseCandidate {
  private let configuration: BeatConfiguration
  private let instance: String
  private let loop: EventLoop
  private let logger: () -> Logger
  private let stand: (Pulse.Standing) -> Void
  private let tell: (Candidacy.Proof) -> Void
  private lazy var timer = LoopTimer(on: loop) { [unowned self] in receive(.timerFired) }
  private var candidacy: Candidacy
  private var scripts: StoreScripts?
  private var rehearsal: Rehearsal?
  /// Why this daemon cannot fire, as the log has it.
  private var said: String?
  /// What is missing, as the log has it of a session that could not go on.
  private var saidOfSession: String?

  /// - Parameters:
  ///   - logger: asked for before each line.
  ///   - stand: what the pulse may ask for, when that changes.
  ///   - tell: what the rehearsal has shown, when that is news.
  init(
    _ configuration: BeatConfiguration, as instance: String, on loop: EventLoop, logger: @escaping () -> Logger,
    stand: @escaping (Pulse.Standing) -> Void, tell: @escaping (Candidacy.Proof) -> Void
  ) {
    self.configuration = configuration
    self.instance = instance
    self.loop = loop
    self.logger = logger
    self.stand = stand
    self.tell = tell
    candidacy = Candidacy(leaseTTL: configuration.leaseTTL)
  }

  /// This session has shown that we can fire what is due.
  var isAble: Bool { candidacy.isAble }

  func connected(_ scripts: StoreScripts) {
    self.scripts = scripts
    // A rehearsal's own refusals are its result.
    scripts.connection.onRefusal = { [weak self] error in
      if let self, rehearsal == nil { receive(.lacked(reason: error.message)) }
    }
    receive(.connected)
  }

  func disconnected() {
    scripts = nil
    rehearsal?.cancel()
    rehearsal = nil
    timer.cancel()
    receive(.disconnected)
  }

  func loaded() { receive(.loaded) }
  func offered() { receive(.offered) }
  /// The broker was lost, or is back, or something is held on its way there.
  func doubted() { receive(.doubted) }

  func ended(_ outcome: FireOutcome) {
    switch outcome {
    case .fired: if candidacy.isSuspect { receive(.fired) }
    case .forbidden(let reason): receive(.forbidden(reason: reason))
    default: break
    }
  }

  /// Something beside a fire was refused.
  func refused(_ error: RedisServerError) {
    if error.isOfOurRights { receive(.forbidden(reason: error.message)) }
  }

  /// Why a session cannot go on, without what the log has already.
  func reason(_ what: String, _ error: RedisServerError, _ trial: RightsTrial) -> String {
    guard let advice = trial.advice(user: configuration.store.username) else { return "\(what): \(error.words)" }
    if let said, said.hasSuffix(advice) { return "\(what): see `unable`" }
    saidOfSession = advice
    return "\(what): \(advice)"
  }

  private func receive(_ event: Candidacy.Event) {
    for action in candidacy.receive(event, now: BootClock.now()) { perform(action) }
  }

  private func perform(_ action: Candidacy.Action) {
    switch action {
    case .rehearse:
      guard let scripts else { return }
      rehearsal?.cancel()
      let rehearsal = Rehearsal(
        scripts, configuration.settings, as: instance, isLoaded: candidacy.isLoaded, on: loop
      ) { [unowned self] proof in
        self.rehearsal = nil
        receive(.rehearsed(proof))
      }
      self.rehearsal = rehearsal
      rehearsal.start()
    case .armTimer(let delay):
      timer.schedule(after: delay)
    case .stand(let standing):
      stand(standing)
    case .report(.able):
      (said, saidOfSession) = (nil, nil)
      logger().notice("able", metadata: ["reason": .string("nothing is missing any more")])
      tell(.able)
    case .report(.limited(let reason)):
      logger().warning("limited", metadata: ["reason": .string("\(reason); another daemon leads rather, if one can")])
      tell(.limited(reason: reason))
    case .report(.unable(let reason)), .report(.undecided(let reason)):
      if saidOfSession.map({ !reason.hasSuffix($0) }) ?? true {
        said = reason
        logger().error("unable", metadata: ["reason": .string("this daemon cannot fire: \(reason)")])
      }
      tell(.unable(reason: reason))
    }
  }
}
