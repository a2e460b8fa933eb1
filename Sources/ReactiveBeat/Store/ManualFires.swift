import BeatCore

/// Runs that people ask for: each request is a field on the store, which the daemon that fires hears, carries out in one
/// script, and answers. Nobody's request is carried out twice, nor after its deadline.
final class ManualFires {
  /// Requests that are looked at in one go; the others come when these are gone.
  private static let pageSize = 100

  private let scripts: StoreScripts
  private let queues: QueueLookup
  private let plan: (EntryName, _ request: String) -> Result<FirePlan, Scheduler.ManualProblem>
  private let token: () -> String?
  private let report: (Event) -> Void
  private lazy var retry = LoopTimer(on: loop) { [unowned self] in look() }
  private let loop: EventLoop
  private var inProgress: Set<String> = []
  private var isOver = false

  enum Event {
    case fired(FirePlan)
    case refused(EntryName, reason: String)
  }

  /// - Parameters:
  ///   - token: of the lease, empty without one; nil: this daemon does not fire.
  init(
    _ scripts: StoreScripts, _ queues: QueueLookup, on loop: EventLoop,
    plan: @escaping (EntryName, _ request: String) -> Result<FirePlan, Scheduler.ManualProblem>,
    token: @escaping () -> String?, report: @escaping (Event) -> Void
  ) {
    self.scripts = scripts
    self.queues = queues
    self.loop = loop
    self.plan = plan
    self.token = token
    self.report = report
  }

  func cancel() {
    isOver = true
    retry.cancel()
  }

  /// Carries out what is asked for.
  func look() {
    guard token() != nil, !isOver else { return }
    scripts.connection.send(RedisCommand("HSCAN", scripts.keys.manual, "0", "COUNT", Self.pageSize)) {
      [weak self] reply in
      guard let self, !isOver, let parts = reply?.array, parts.count == 2, let fields = parts[1].array else { return }
      for index in stride(from: 0, to: fields.count - 1, by: 2) {
        guard let request = fields[index].text, let bytes = fields[index + 1].bytes else { continue }
        guard let wish = ManualRequest(bytes) else {
          // Nobody can be answered who does not write as we read.
          scripts.connection.send(RedisCommand("HDEL", scripts.keys.manual, request)) { _ in }
          continue
        }
        if inProgress.insert(request).inserted { carryOut(wish, request) }
      }
      if parts[0].text != "0" { retry.schedule(after: 50_000) }
    }
  }

  private func carryOut(_ wish: ManualRequest, _ request: String) {
    switch plan(wish.entry, request) {
    case .failure(let problem):
      send(.refusal(problem.description, of: wish), wish, request)
    case .success(let plan) where scripts.delivery == .outbox:
      send(.outbox(plan), wish, request)
    case .success(let plan):
      queues.lists(of: plan) { [weak self] answer in
        switch answer {
        case .lists(let lists): self?.send(.lists(plan, lists), wish, request)
        case .refused(let reason): self?.send(.refusal(reason, of: wish), wish, request)
        case .lost: break
        }
      }
    }
  }

  private func send(_ step: StoreScripts.ManualStep, _ wish: ManualRequest, _ request: String) {
    guard !isOver, let token = token() else { return }
    scripts.fireManually(step, wish, request: request, token: token) { [weak self] outcome in
      guard let self else { return }
      inProgress.remove(request)
      switch outcome {
      case .fired: if let plan = step.plan { report(.fired(plan)) }
      case .refused(let reason): report(.refused(wish.entry, reason: reason))
      // An edit is on its way to us.
      case .changed: if !isOver { retry.schedule(after: 20_000) }
      case .over: break
      }
    }
  }
}
