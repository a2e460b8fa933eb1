import BeatCore

/// Carries out runs by hand. Each request waits in the store, and the leading daemon answers it in one atomic step, so
/// that no request is carried out twice or after its deadline.
///
///     in the store -> in progress -> fired, refused: the store has taken the request out
///                                 -> changed: another edit interfered, tried again after `editPause`
///                                 -> failed: answered with the reason, and not tried again
///                                 -> over: settled before, past its deadline, or the answer was lost
final class ManualRunner {
  /// The most answered requests that are remembered because they may still be in the store.
  private static let mostAnswered = 1000
  /// The time between two pages of requests, in which the first page's are taken out; microseconds.
  private static let pause: Int64 = 50_000
  /// The wait before a request is tried again because a document was edited at that moment; microseconds.
  private static let editPause: Int64 = 20_000

  private let requests: any ManualRequests
  private let plan: (EntryName, _ id: String) -> Result<FirePlan, Scheduler.ManualProblem>
  /// Why the outbox takes no message for the plan's route; nil: it takes one.
  private let refusal: (FirePlan) -> String?
  private let mayFire: () -> Bool
  private let explain: (Refusal, @escaping (String) -> Void) -> Void
  private let report: (ManualEvent) -> Void
  private let surroundings: any Surroundings
  private lazy var retry = surroundings.makeTimer { [unowned self] in look() }
  private var inProgress: Set<String> = []
  private var answered: Set<String> = []
  /// Why the last request failed, until one succeeds: each reason is reported once.
  private var failure: String?
  private var isOver = false
  /// Where the next look continues; nil: at the first page.
  private var position: ScanPosition?
  /// A look is on its way. If an event arrives during it (`isWanted`), one more look follows it and not one for each
  /// event: each request that is taken out raises an event, too.
  private var isLooking = false
  private var isWanted = false

  /// - Parameters:
  ///   - plan: makes the fire for a request, or says why there is none.
  ///   - refusal: why the outbox takes no message for the plan's route; nil: it takes one.
  ///   - mayFire: whether this daemon leads and knows all schedules.
  ///   - explain: finds the cause of a refusal, as a text.
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

  /// Reads a page of requests and carries them out.
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

/// What became of a run by hand.
package enum ManualEvent {
  case fired(FirePlan)
  case refused(EntryName, reason: String)
  /// It failed for a reason that does not concern the schedule.
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
