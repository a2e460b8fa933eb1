import BeatCore

/// From where a message shall go to the queues that take it there.
final class QueueLookup {
  enum Answer {
    case queues([[UInt8]])
    /// There are none; the text says why.
    case refused(String)
    /// The connection died first.
    case lost
  }

  private let scripts: BrokerScripts
  /// Queues that were declared on this connection.
  private var declared: Set<String> = []

  init(_ scripts: BrokerScripts) { self.scripts = scripts }

  /// A plain queue is known at once, and `completion` called before this returns.
  func queues(of route: Route, then completion: @escaping (Answer) -> Void) {
    switch route {
    case .queue(let name):
      if declared.insert(name).inserted { scripts.declare(queue: name) }
      completion(.queues([Array(name.utf8)]))
    case .exchange(let exchange, let key):
      scripts.queues(boundTo: exchange, routingKey: key) { queues, error in
        guard let queues else {
          let text = "the bindings of exchange \(exchange) could not be read: "
          return completion(error.map { .refused(text + $0.text) } ?? .lost)
        }
        completion(queues.isEmpty ? .refused(Route.unbound(exchange, key)) : .queues(queues))
      }
    }
  }
}
