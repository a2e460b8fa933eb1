import BeatCore

/// The requests for runs by hand, in a hash whose fields are their ids.
final class RedisManualRequests: ManualRequests {
  /// The most requests that are read at once.
  private static let pageSize = 100

  private let scripts: StoreScripts
  private let queues: QueueLookup
  private let fence: () -> String

  init(_ scripts: StoreScripts, _ queues: QueueLookup, fence: @escaping () -> String) {
    self.scripts = scripts
    self.queues = queues
    self.fence = fence
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ManualRequestPage>) {
    let own = OwnHash(key: scripts.keys.manual)
    own.scan(scripts, from: ScanPosition.cursor(position), count: Self.pageSize) { [scripts] page, error in
      guard let page else { return completion(.failure(Refusal(error))) }
      var requests: [(id: String, request: ManualRequest)] = []
      for (name, bytes) in page.fields {
        if let id = String(validating: name, as: UTF8.self), let request = ManualRequest(bytes) {
          requests.append((id, request))
        } else {
          scripts.connection.send(RedisCommand("HDEL", scripts.keys.manual, name)) { _ in }
        }
      }
      completion(
        Result { () throws(Refusal) in
          ManualRequestPage(next: try ScanPosition.next(position, page.cursor), requests: requests)
        })
    }
  }

  func settle(
    _ request: ManualRequest, id: String, by step: ManualStep, then completion: @escaping (ManualOutcome) -> Void
  ) {
    switch step {
    case .refuse(let reason): send(.refusal(reason), request, id, completion)
    case .fire(let plan) where scripts.delivery == .outbox: send(.outbox(plan), request, id, completion)
    case .fire(let plan):
      // For a plain queue the answer comes at once; the declaration that was sent for it is answered later all the
      // same.
      queues.lists(of: plan) { [self] answer in
        switch answer {
        case .lists(let lists): send(.lists(plan, lists), request, id, completion)
        case .refused(let reason): send(.refusal(reason), request, id, completion)
        case .lost: completion(.over)
        }
      }
    }
  }

  private func send(
    _ step: StoreScripts.ManualStep, _ request: ManualRequest, _ id: String,
    _ completion: @escaping (ManualOutcome) -> Void
  ) {
    scripts.fireManually(step, request, id: id, token: fence(), then: completion)
  }

  /// Sends single commands, since the user may be allowed some of them. If the request cannot be removed, its author
  /// removes it.
  func refuse(_ id: String, because reason: String) {
    let key = scripts.keys.answer(to: id)
    for command in [
      RedisCommand("HDEL", scripts.keys.manual, id), RedisCommand("LPUSH", key, "refused \(reason)"),
      RedisCommand("EXPIRE", key, 60),
    ] {
      scripts.connection.send(command) { _ in }
    }
  }
}
