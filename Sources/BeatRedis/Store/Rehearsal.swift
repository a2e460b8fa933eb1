import BeatCore

/// Rehearses a fire from its first script to its last, with this daemon's rights on keys of its own. A daemon may lead
/// only if this succeeds. The scripts are those that really fire. Of the real keys they read the watermark and a
/// document that does not exist, and name the default queue, which the script does not touch.
///
///     tidy up -> read -> write -> heartbeat with lease -> anchor -> rebase -> fire -> fire on the real list
///     -> (outbox: read, remove) -> release -> tidy up -> try the rights that a fire can do without -> able or limited
///
///     a step is refused for want of a right: unable; for another reason: undecided
///
/// There is one rehearsal at a time. It removes its keys at its end, and at its beginning those of one that was broken
/// off. If the process dies in the middle, keys without an expiry stay.
final class Rehearsal {
  private typealias Step = (@escaping (Failure?) -> Void) -> Void

  private enum Failure {
    case refused(String, RedisServerError)
    case forbidden(String)
    case other(String)
  }

  private let scripts: StoreScripts
  /// The same scripts on the rehearsal's own keys.
  private let scratch: StoreScripts
  private let keys: RedisKeys
  private let user: String?
  private let queue: [UInt8]
  private let instance: String
  private let plan: FirePlan
  private let isLoaded: Bool
  private let finish: (Candidacy.Proof) -> Void
  private var token = ""
  /// What is missing that a fire can do without.
  private var lacks: [String] = []
  private var isOver = false

  /// - Parameters:
  ///   - isLoaded: whether the schedules have been read. If not, the load that is under way shows whether SCAN is
  ///     allowed.
  ///   - finish: called once with the result; not called if the connection dies, or after `cancel`.
  init(
    _ scripts: StoreScripts, _ configuration: StoreSettings, as instance: String, isLoaded: Bool,
    finish: @escaping (Candidacy.Proof) -> Void
  ) {
    self.scripts = scripts
    self.instance = instance
    self.isLoaded = isLoaded
    self.finish = finish
    user = configuration.store.username
    queue = Array(configuration.broker.defaultQueue.utf8)
    keys = RedisKeys(rehearsing: scripts.keys, as: instance)
    scratch = scripts.on(keys)
    plan = FirePlan.rehearsal(keys.taskIDs, queue: configuration.broker.defaultQueue, sha1: SHA1.digest)
  }

  func start() {
    var steps: [Step] = [tidyUp, readSchedules, write, heartbeat, anchor, rebase, fire, fireOnQueue]
    if scripts.delivery == .outbox { steps += [readOutbox, removeFromOutbox] }
    steps.append(release)
    goOn(with: steps[...])
  }

  func cancel() {
    isOver = true
  }

  private func goOn(with steps: ArraySlice<Step>) {
    guard !isOver, !scripts.connection.isClosed else { return }
    guard let step = steps.first else { return succeeded() }
    step { [self] failure in
      guard !isOver, !scripts.connection.isClosed else { return }
      if let failure { failed(failure) } else { goOn(with: steps.dropFirst()) }
    }
  }

  // MARK: the steps

  private func readSchedules(_ done: @escaping (Failure?) -> Void) {
    scripts.read([EntryName("rehearsal:\(instance)")]) { _, error in
      done(error.map { .refused("the schedules and their watermarks cannot be read", $0) })
    }
  }

  private func write(_ done: @escaping (Failure?) -> Void) {
    let command = RedisCommand("SET", keys.document(plan.entry), FirePlan.rehearsedDocument, "PX", 60_000)
    scripts.connection.send(command) { reply in done(reply?.error.map { .refused("nothing can be written", $0) }) }
  }

  private func heartbeat(_ done: @escaping (Failure?) -> Void) {
    let request = HeartbeatRequest(sequence: 1, leaseTTL: 60_000_000, claim: .free)
    scratch.beat(request, instance: instance, incarnation: "rehearsal") { [self] reply, error in
      if case .held(let token)? = reply?.lease { self.token = token }
      done(error.map { .refused("no heartbeat goes through", $0) })
    }
  }

  private func anchor(_ done: @escaping (Failure?) -> Void) {
    scratch.anchor([(plan.entry, FirePlan.rehearsedWatermark)]) { [self] _, error in
      // If the process dies in the middle, those of these keys that exist by now expire after a minute, where EXPIRE is
      // allowed.
      for key in [keys.watermark, keys.history, keys.outbox] {
        scripts.connection.send(RedisCommand("EXPIRE", key, 60)) { _ in }
      }
      done(error.map { .refused("no watermark can be kept", $0) })
    }
  }

  private func rebase(_ done: @escaping (Failure?) -> Void) {
    let watermark = FirePlan.rehearsedWatermark
    scratch.rebase(plan.entry, from: watermark.due, to: watermark, token: token) { _, error in
      done(error.map { .refused("no watermark can be replaced", $0) })
    }
  }

  private func fire(_ done: @escaping (Failure?) -> Void) {
    fire(on: scripts.delivery == .direct ? keys.rehearsalQueue : keys.outbox, done)
  }

  /// Fires the same occurrence again, on the real list. The watermark refuses it, so nothing is pushed, but the script
  /// has named the list to the server, which has checked the right to it.
  private func fireOnQueue(_ done: @escaping (Failure?) -> Void) {
    fire(on: scripts.delivery == .direct ? scripts.kombu.list(of: queue, priority: 0) : scripts.keys.outbox, done)
  }

  private func fire(on list: [UInt8], _ done: @escaping (Failure?) -> Void) {
    scratch.fire([plan], on: [list], token: token, history: scratch.historyLength) { outcome in
      switch outcome(0) {
      case .fired, .alreadyMine, .unknown: done(nil)
      case .forbidden(let reason): done(.forbidden(reason))
      case .refused(let reason), .wrongServer(let reason): done(.other(reason))
      case .already, .gone, .changed, .early, .fenced: done(.other("the rehearsal was disturbed"))
      }
    }
  }

  private func readOutbox(_ done: @escaping (Failure?) -> Void) {
    scratch.outbox(skipping: 0, count: 1, bytes: 1) { _, error in
      done(error.map { .refused("the outbox cannot be read", $0) })
    }
  }

  private func removeFromOutbox(_ done: @escaping (Failure?) -> Void) {
    scratch.removeFromOutbox(OutboxItem(plan).bytes) { [self] result in
      if case .failure(let error)? = result {
        lacks.append("what is delivered cannot be taken out of the outbox (\(error.words))")
      }
      done(nil)
    }
  }

  private func release(_ done: @escaping (Failure?) -> Void) {
    scratch.release(instance) { reply in done((reply?.error).map { .refused("the lease cannot be given back", $0) }) }
  }

  /// Removes the rehearsal's keys. This is the first step, too, since an earlier session may have broken one off.
  private func tidyUp(_ done: @escaping (Failure?) -> Void) {
    scratch.tidy(as: instance) { _, error in
      done(error.map { .refused("the keys of a rehearsal cannot be removed", $0) })
    }
  }

  // MARK: the end

  private func end(_ proof: Candidacy.Proof) {
    guard !isOver else { return }
    isOver = true
    finish(proof)
  }

  /// All steps succeeded: removes the keys, and tries the commands that a fire can do without.
  private func succeeded() {
    scratch.tidy(as: instance) { [self] tidied, error in
      guard !isOver, !scripts.connection.isClosed else { return }
      if let error { return failed(.refused("the keys of a rehearsal cannot be removed", error)) }
      scripts.tryRights(
        queue: EntryName(queue).description, as: instance, extent: .lesser, sparing: isLoaded ? [] : ["SCAN"]
      ) { [self] trial in
        guard !isOver else { return }
        take(trial, tidied)
      }
    }
  }

  /// Collects what is missing: commands that the user may not run, and steps that had no effect for another reason.
  private func take(_ trial: RightsTrial, _ tidied: StoreScripts.Tidied?) {
    if let lack = trial.lack(user: user) { lacks.append(lack) }
    if let problem = tidied?.problem, !trial.lacks("LPOP") {
      lacks.append("a message that reached some of its queues only could not be taken back (\(problem))")
    }
    if scripts.historyLength > 0, tidied?.hadHistory == false, !trial.lacks("XADD") {
      lacks.append("no history is kept (XADD is refused)")
    }
    guard scripts.delivery == .direct else { return end(Self.proof(lacks)) }
    scripts.onBroker.queues(boundTo: EntryName(queue).description, routingKey: "") { [self] _, error in
      guard !isOver, !scripts.connection.isClosed else { return }
      if let error, !trial.lacks("SMEMBERS") {
        lacks.append("the queues of named exchanges cannot be read (\(error.words))")
      }
      end(Self.proof(lacks))
    }
  }

  private static func proof(_ lacks: [String]) -> Candidacy.Proof {
    lacks.isEmpty ? .able : .limited(reason: lacks.joined(separator: "; "))
  }

  /// The connection has chosen the store's database, so that only the scripts' other one can be missing. Every server has
  /// database 0: if that is the other one, the server has answered SELECT and not done it.
  private func missingDatabase(_ error: RedisServerError) -> String {
    if scripts.brokerDatabase == 0 {
      return
        "the server has database 0 only (\(error.words)), and --store-url names database \(scripts.storeDatabase): "
        + "give database 0 in both URLs"
    }
    return "the server has no database \(scripts.brokerDatabase), which the broker's URL names (\(error.words)): name "
      + "another in --broker-url, or raise `databases` in the server's configuration"
  }

  private func failed(_ failure: Failure) {
    scratch.tidy(as: instance) { _, _ in }
    switch failure {
    case .other(let text): end(.undecided(reason: text))
    case .refused(_, let error) where error.cause == RedisServerError.noDatabase:
      end(.undecided(reason: missingDatabase(error)))
    case .refused(let what, let error) where !error.isOfOurRights: end(.undecided(reason: "\(what): \(error.words)"))
    case .refused(let what, let error): explain(what, error.words)
    case .forbidden(let text): explain("no message can be sent", text)
    }
  }

  private func explain(_ what: String, _ text: String) {
    scripts.tryRights(queue: EntryName(queue).description, as: instance) { [self] trial in
      end(.unable(reason: trial.explanation(of: what, text, user: user)))
    }
  }
}
