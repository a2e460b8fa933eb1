/// How the daemon declares a queue that is not there.
package enum QueueDeclaration: Hashable, Sendable, CustomStringConvertible {
  /// `maxPriority` is the largest priority that the queue tells apart, 1 to 255, as Celery's `task_queue_max_priority`; nil:
  /// it tells none apart.
  case classic(maxPriority: UInt8?)
  /// Replicated, and with its own copies on disk. RabbitMQ's quorum queues tell two priorities apart by themselves, and
  /// refuse the argument for more.
  case quorum

  /// The option's value.
  package var description: String {
    switch self {
    case .classic(let maxPriority): "classic" + (maxPriority.map { ",max-priority=\($0)" } ?? "")
    case .quorum: "quorum"
    }
  }

  /// The arguments of `queue.declare`. For a classic queue Celery names no type, and nor does this: where a virtual host has
  /// a default type, naming another one would be an error for each worker.
  var arguments: AMQPTable {
    switch self {
    case .quorum: ["x-queue-type": .text("quorum")]
    case .classic(let maxPriority?): ["x-max-priority": .integer(Int64(maxPriority))]
    case .classic(nil): [:]
    }
  }
}

extension QueueDeclaration {
  /// Reads `quorum`, or `classic`, which may have `,max-priority=N`.
  init(_ text: some StringProtocol) throws(AMQPURLError) {
    let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts.first, parts.dropFirst().first) {
    case ("quorum", nil): self = .quorum
    case ("quorum", _): throw AMQPURLError("a quorum queue takes no max-priority: RabbitMQ refuses it")
    case ("classic", nil): self = .classic(maxPriority: nil)
    case ("classic", let rest?):
      let most = rest.split(separator: "=", maxSplits: 1)
      guard most.count == 2, most[0] == "max-priority", let number = UInt8(most[1]), number > 0 else {
        throw AMQPURLError("expected ,max-priority= and a whole number, 1 to 255")
      }
      self = .classic(maxPriority: number)
    default: throw AMQPURLError("expected none, classic (with ,max-priority=N where wanted), quorum or application")
    }
  }
}
