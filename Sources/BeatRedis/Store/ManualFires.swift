import BeatCore
import BeatLoop

/// Runs that people ask for: each request is a field on the store, which the daemon that fires hears, carries out in one
/// script, and answers. Nobody's request is carried out twice, nor after its deadline.
package final class ManualFires {
  /// Requests that are looked at in one go; the others come when these are gone.
  private static let pageSize = 100

  private let scripts: StoreScripts
  private let queues: QueueLookup
  private let plan: (EntryName, _ request: String) -> Result<FirePlan, Scheduler.ManualProblem>
  /// Why no message for its route goes into the outbox; nil: it does.
  private let refusal: (FirePlan) -> String?
  private let token: () -> String?
  private let explain: (RedisServerError, @escaping (String) -> Void) -> Void
  private let report: (Event) -> Void
  private lazy var retry = LoopTimer(on: loop) { [unowned self] in look() }
  private let loop: EventLoop
  private var inProgress: Set<String> = []
  private var answered: Set<String> = []
  /// Why the last one failed, until one has succeeded: it is said once.
  private var failure: String?
  private var isOver = false

  package enum Event {
    case fired(FirePlan)
    case refused(EntryName, reason: String)
    /// For a reason that is not the schedule's.
    case failed(EntryName, reason: String)
  }

  /// Where the next look goes on.
  private var cursor = "0"
  /// A look is under way; it is followed by one more where something was heard meanwhile: each request that is taken away
  /// raises an event, too.
  private var isLooking = false
  private var isWanted = false

  /// Requests that were answered and may stand there still.
  private static let mostAnswered = 1000

  /// - Parameters:
  ///   - token: of the lease, empty without one; nil: this daemon does not fire.
  ///   - explain: finds out what a refusal is about.
  package init(
    _ scripts: StoreScripts, _ queues: QueueLookup, on loop: EventLoop,
    plan: @escaping (EntryName, _ request: String) -> Result<FirePlan, Scheduler.ManualProblem>,
    refusal: @escaping (FirePlan) -> String?, token: @escaping () -> String?,
    explain: @escaping (RedisServerError, @escaping (String) -> Void) -> Void,
    report: @escaping (Event) -> Void
  ) {
    self.scripts = scripts
    self.queues = queues
    self.loop = loop
    self.plan = plan
    self.refusal = refusal
    self.token = token
    self.explain = explain
    self.report = report
  }

  package func cancel() {
    isOver = true
    retry.cancel()
  }

  /// Carries out what is asked for.
  package func look() {
    guard token() != nil, !isOver else { return }
    guard !isLooking else { return isWanted = true }
    isLooking = true
    OwnHash(key: scripts.keys.manual).scan(scripts, from: cursor, count: Self.pageSize) { [weak self] page, _ in
      guard let self, !isOver else { return }
      isLooking = false
      guard let page else { return }
      for (name, bytes) in page.fields {
        guard let request = String(validating: name, as: UTF8.self), let wish = ManualRequest(bytes) else {
          // Nobody can be answered who does not write as we read.
          scripts.connection.send(RedisCommand("HDEL", scripts.keys.manual, name)) { _ in }
          continue
        }
        if !answered.contains(request), inProgress.insert(request).inserted { carryOut(wish, request) }
      }
      cursor = page.cursor ?? "0"
      let isMore = page.cursor != nil || isWanted
      isWanted = false
      if isMore { retry.schedule(after: page.cursor != nil ? 50_000 : 0) }
    }
  }

  private func carryOut(_ wish: ManualRequest, _ request: String) {
    switch plan(wish.entry, request) {
    case .failure(let problem):
      send(.refusal(problem.description, of: wish), wish, request)
    case .success(let plan) where scripts.delivery == .outbox:
      send(refusal(plan).map { .refusal($0, of: wish) } ?? .outbox(plan), wish, request)
    case .success(let plan):
      queues.lists(of: plan) { [weak self] answer in
        switch answer {
        case .lists(let lists): self?.send(.lists(plan, lists), wish, request)
        case .refused(let reason): self?.send(.refusal(reason, of: wish), wish, request)
        case .lost: self?.inProgress.remove(request)
        }
      }
    }
  }

  private func send(_ step: StoreScripts.ManualStep, _ wish: ManualRequest, _ request: String) {
    guard !isOver, let token = token() else {
      inProgress.remove(request)
      return
    }
    scripts.fireManually(step, wish, request: request, token: token) { [weak self] outcome in
      guard let self else { return }
      inProgress.remove(request)
      switch outcome {
      case .fired:
        failure = nil
        if let plan = step.plan { report(.fired(plan)) }
      case .refused(let reason): report(.refused(wish.entry, reason: reason))
      case .failed(let error):
        explain(error) { [weak self] reason in
          self?.answer(request, "refused \(reason)")
          self?.failed(wish, reason)
        }
      // An edit is on its way to us.
      case .changed: if !isOver { retry.schedule(after: 20_000) }
      case .over: break
      }
    }
  }

  private func failed(_ wish: ManualRequest, _ reason: String) {
    guard failure != reason else { return }
    failure = reason
    report(.failed(wish.entry, reason: reason))
  }

  /// In the script's place, by single commands, of which some may be allowed: whoever asks is not to wait for nothing. What
  /// cannot be taken away is left to them.
  private func answer(_ request: String, _ text: String) {
    guard !isOver else { return }
    if answered.count >= Self.mostAnswered { answered.removeAll() }
    answered.insert(request)
    let key = scripts.keys.answer(to: request)
    for command in [
      RedisCommand("HDEL", scripts.keys.manual, request), RedisCommand("LPUSH", key, text),
      RedisCommand("EXPIRE", key, 60),
    ] {
      scripts.connection.send(command) { _ in }
    }
  }
}

extension FireLedger {
  package mutating func take(_ event: ManualFires.Event, at now: UnixTime) {
    switch event {
    case .fired: firedManually(at: now)
    case .refused: break
    case .failed(_, let reason): failedManually("runs by hand are not carried out: \(reason)")
    }
  }
}
