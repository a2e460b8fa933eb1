import BeatCore

/// Finds the Redis lists for a message's route.
final class QueueLookup {
  enum Answer {
    case lists([[UInt8]])
    /// There is no list for it; the text gives the reason.
    case refused(String)
    /// The connection died first.
    case lost
  }

  private let scripts: BrokerScripts
  /// What a fire can reach if the server is in cluster mode; nil: it is not.
  private let cluster: ClusterFit?
  private let reserved: ReservedKeys
  /// The queues that were declared on this connection.
  private var declared = DeclaredQueues()

  /// - Parameter reserved: names that cannot be queues.
  init(_ scripts: StoreScripts, reserved: ReservedKeys) {
    self.reserved = reserved
    self.scripts = scripts.onBroker
    cluster = scripts.cluster
  }

  /// Finds the lists of a plan's route. For a plain queue they are known at once, and `completion` is called before
  /// this returns.
  func lists(of plan: FirePlan, then completion: @escaping (Answer) -> Void) {
    let kombu = scripts.kombu
    switch plan.route {
    case .queue(let name):
      if !declared.contains(name) {
        if let problem = reserved.problem(name) {
          return completion(.refused("queue \(EntryName(name)) \(problem)"))
        }
        if declared.insert(name) { scripts.declare(queue: name) }
      }
      completion(.lists([kombu.list(of: Array(name.utf8), priority: plan.priority)]))
    case .exchange(let exchange, let key):
      scripts.queues(boundTo: exchange, routingKey: key) { [cluster, reserved, scripts] queues, error in
        guard let queues else {
          let text = "the bindings of exchange \(exchange) could not be read: "
          return completion(error.map { .refused(text + scripts.text(of: $0, boundTo: exchange)) } ?? .lost)
        }
        let lists = queues.map { (queue: $0, list: kombu.list(of: $0, priority: plan.priority)) }
        if lists.isEmpty { return completion(.refused(Route.unbound(exchange, key))) }
        for (queue, list) in lists {
          if let problem = reserved.problem(queue) {
            return completion(.refused(Route.misled(exchange, key, to: queue, problem)))
          }
          if let problem = cluster?.problem(ofList: list, queue: EntryName(queue).description) {
            return completion(.refused("exchange \(exchange), routing key \(key): \(problem)"))
          }
        }
        completion(.lists(lists.map(\.list)))
      }
    }
  }
}
