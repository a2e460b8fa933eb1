/// Where a message goes.
package enum Route: Hashable, Sendable {
  /// Straight to a queue: what Celery does with everything but a named exchange *and* a routing key.
  case queue(String)
  /// To each queue that is bound to the exchange under a matching key.
  case exchange(String, routingKey: String)

  /// - Parameter defaultQueue: where what names no queue goes.
  package init(_ options: MessageOptions, defaultQueue: String) {
    if let exchange = options.exchange, let key = options.routingKey {
      self = .exchange(exchange, routingKey: key)
    } else {
      self = .queue(options.queue ?? defaultQueue)
    }
  }

  /// As log lines name it. Cut where it is longer than may be.
  package var name: String {
    func cut(_ name: String) -> String { name.beginning(Limit.queueLength.most) }
    return switch self {
    case .queue(let name): cut(name)
    case .exchange(let name, let key): "\(cut(name))/\(cut(key))"
    }
  }

  /// As the message says it: Celery writes an empty exchange, the broker's own, for a plain queue.
  /// (Source: celery/app/amqp.py `_create_task_sender`.)
  package var exchange: String {
    switch self {
    case .queue: ""
    case .exchange(let name, _): name
    }
  }

  package var routingKey: String {
    switch self {
    case .queue(let name): name
    case .exchange(_, let key): key
    }
  }
}
