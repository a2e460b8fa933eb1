import BeatCore

/// Runs that people ask for: each request waits on the store, the daemon that fires hears of it, carries it out in one
/// step, and answers. Nobody's request is carried out twice, nor after its deadline.
final class ManualRunner {
  /// Requests that were answered and may stand there still.
  private static let mostAnswered = 1000
  /// Between two pages, microseconds: the others come when these are gone.
  private static let pause: Int64 = 50_000
  /// Until what another edit stands in the way of is tried again; microseconds.
  private static let editPause: Int64 = 20_000

  private let requests: any ManualRequests
  private let plan: (EntryName, _ id: String) -> Result<FirePlan, Scheduler.ManualProblem>
  /// Why no message for its route goes into the outbox; nil: it does.
  private let refusal: (FirePlan) -> String?
  private let mayFire: () -> Bool
  private let explain: (Refusal, @escaping (String) -> Void) -> Void
  private let report: (ManualEvent) -> Void
  private let surroundings: any Surroundings
  private lazy var retry = surroundings.makeTimer { [unowned self] in look() }
  private var inProgress: Set<String> = []
  private var answered: Set<String> = []
  /// Why the last one failed, until one has succeeded: it is said once.
  private var failure: String?
  private var isOver = false
  /// Where the next look goes on.
  private var position: ScanPosition?
  /// A look is under way; it is followed by one more where something was heard meanwhile: each request that is taken away
  /// raises an event, too.
  private var isLooking = false
  private var isWanted = false

  /// - Parameters:
  ///   - mayFire: this daemon is the one that fires, and knows all schedules.
  ///   - explain: finds out what a refusal is about.
  init(
    _ requests: any ManualRequests, in surroundings: any Surroundings,
    plan: @escaping (EntryName, _ id: String) -> Result<FirePlan, Scheduler.ManualProblem>,
    refusal: @escaping (FirePlan) -> String?, mayFire: @escaping () -> Bool,
    explain: @escaping (Refusal, @escaping (String) -> Void) -> Void, report: @escaping (ManualEvent) -> Void
  ) {
    self.requests = requests
    self.surroundings = surroundings
    self.plan = plan
    self.refusal = refusal
    self.mayFire = mayFire
    self.explain = explain
    self.report = report
  }

  func cancel() {
    isOver = true
    retry.cancel()
  }

  /// Carries out what is asked for.
  func look() {
    guard mayFire(), !isOver else { return }
    guard !isLooking else { return isWanted = true }
    isLooking = true
    requests.page(from: position) { [weak self] result in
      guard let self, !isOver else { return }
      isLooking = false
      guard case .success(let page) = result else { return }
      for (id, request) in page.requests where !answered.contains(id) && inProgress.insert(id).inserted {
        carryOut(request, id)
      }
      position = page.next
      let isMore = page.next != nil || isWanted
      isWanted = false
      if isMore { retry.schedule(after: page.next != nil ? Self.pause : 0) }
    }
  }

  private func carryOut(_ request: ManualRequest, _ id: String) {
    switch plan(request.entry, id) {
    case .failure(let problem): settle(request, id, by: .refuse(problem.description))
    case .success(let plan): settle(request, id, by: refusal(plan).map { .refuse($0) } ?? .fire(plan))
    }
  }

  private func settle(_ request: ManualRequest, _ id: String, by step: ManualStep) {
    guard !isOver, mayFire() else {
      inProgress.remove(id)
      return
    }
    requests.settle(request, id: id, by: step) { [weak self] outcome in
      guard let self else { return }
      inProgress.remove(id)
      switch outcome {
      case .fired:
        failure = nil
        if let plan = step.plan { report(.fired(plan)) }
      case .refused(let reason): report(.refused(request.entry, reason: reason))
      case .failed(let refusal):
        explain(refusal) { [weak self] reason in
          self?.answer(id, reason)
          self?.failed(request, reason)
        }
      case .changed: if !isOver { retry.schedule(after: Self.editPause) }
      case .over: break
      }
    }
  }

  private func failed(_ request: ManualRequest, _ reason: String) {
    guard failure != reason else { return }
    failure = reason
    report(.failed(request.entry, reason: reason))
  }

  private func answer(_ id: String, _ reason: String) {
    guard !isOver else { return }
    if answered.count >= Self.mostAnswered { answered.removeAll() }
    answered.insert(id)
    requests.refuse(id, because: reason)
  }
}

/// What became of a run that somebody has asked for.
package enum ManualEvent {
  case fired(FirePlan)
  case refused(EntryName, reason: String)
  /// For a reason that is not the schedule's.
  case failed(EntryName, reason: String)
}

extension FireLedger {
  mutating func take(_ event: ManualEvent, at now: UnixTime) {
    switch event {
    case .fired: firedManually(at: now)
    case .refused: break
    case .failed(_, let reason): failedManually("runs by hand are not carried out: \(reason)")
    }
  }
}
