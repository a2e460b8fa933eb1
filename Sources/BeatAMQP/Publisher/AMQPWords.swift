import BeatCore

/// The sentences about what RabbitMQ refuses: what is wrong, where, and what to do.
struct AMQPWords {
  /// The server and its virtual host, without credentials.
  let server: String
  let virtualHost: String
  /// Who logs in; nil: the client's certificate says it.
  let user: String?

  func at(_ reason: String) -> String { "\(server): \(reason)" }

  /// A message that was returned.
  ///
  /// - Parameter advice: how a queue that is missing may come.
  func unroutable(_ route: Route, _ refusal: AMQPRefusal, advice: String) -> String {
    guard refusal.code == .noRoute else {
      return "RabbitMQ returned the message for \(route.name): \(refusal)"
    }
    return switch route {
    case .queue(let queue):
      missing(queue: queue) + ": \(advice)"
    case .exchange(let exchange, let key):
      "no queue is bound to exchange \(EntryName(exchange)) with routing key \(EntryName(key)) in \(place), and Celery "
        + "would lose the message: start a worker that consumes from it, or name the \"queue\""
    }
  }

  /// A message that a queue did not take.
  func rejected(_ route: Route) -> String {
    "RabbitMQ refuses messages for \(route.name) in \(place): its queue is full (max-length with overflow reject-publish) or "
      + "cannot be written at present"
  }

  /// A message whose channel the server closed.
  func channelClosed(_ route: Route, _ refusal: AMQPRefusal) -> String {
    switch (refusal.code, route) {
    case (.notFound, .exchange(let exchange, _)): absent(exchange: exchange)
    case (.accessRefused, _): "\(refusal): \(rightToWrite(route))"
    default: "RabbitMQ refuses the message for \(route.name): \(refusal)"
    }
  }

  func missing(queue: String) -> String { "there is no queue \(EntryName(queue)) in \(place)" }

  func missing(exchange: String) -> String { "there is no exchange \(EntryName(exchange)) in \(place)" }

  /// A queue that is not there, and that could not be declared.
  func undeclared(_ queue: String, _ refusal: AMQPRefusal) -> String {
    "there is no queue \(EntryName(queue)) in \(place), and it could not be declared: \(refusal)"
  }

  private func rightToWrite(_ route: Route) -> String {
    let exchange = route.exchange.isEmpty ? "amq.default" : route.exchange
    return "\(who) needs the right to write to \(exchange): \(grant(exchange))"
  }

  /// Who logs in, in a sentence.
  var who: String { user.map { "user \($0)" } ?? "the user of the client's certificate" }

  /// How the user gets the right to write to an exchange. The command that sets rights takes away those which it does not
  /// repeat, so none is given that could be run as it stands.
  func grant(_ exchange: String = "amq.default") -> String {
    "its write pattern in virtual host \(virtualHost) must match \(exchange): look at the rights with rabbitmqctl list_permissions "
      + "-p \(ShellWords.quoted(virtualHost)), and set all three patterns with rabbitmqctl set_permissions"
  }

  /// A message for an exchange that is not there.
  func absent(exchange: String) -> String {
    missing(exchange: exchange) + ": start a worker of the application that declares it, or name the \"queue\""
  }

  private var place: String { "virtual host \(virtualHost) of \(server)" }
}

extension AMQPWords {
  /// The server takes no messages.
  func blocked(_ reason: String) -> String {
    "RabbitMQ (\(server)) takes no messages at present: \(reason.prefix(200)). Messages wait in the store. On its machine: "
      + "rabbitmq-diagnostics alarms"
  }

  /// A message whose confirm does not come.
  func unconfirmed(_ route: Route, seconds: Int) -> String {
    "RabbitMQ has not confirmed the message for \(route.name) in \(place) within \(seconds) s; the daemon waits for it, since "
      + "to send it again could run the task twice. Is the queue's leader there (rabbitmq-queues quorum_status --vhost "
      + "\(ShellWords.quoted(virtualHost)) QUEUE)?"
  }

  /// No server of several could be used.
  func unreachable(_ reasons: [String]) -> String {
    "none of \(Plural.of(reasons.count, "broker")) can be used: \(reasons.joined(separator: "; "))"
  }
}
