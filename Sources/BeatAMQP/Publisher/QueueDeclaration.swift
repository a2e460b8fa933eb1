/// How the daemon declares a queue that is not there.
package struct QueueDeclaration: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: String, Sendable, CaseIterable {
    case classic
    /// Replicated, and with its own copies on disk.
    case quorum
  }

  package var kind: Kind
  /// The largest priority that the queue tells apart, 1 to 255, as Celery's `task_queue_max_priority`; nil: none.
  package var maxPriority: UInt8?

  package init(_ kind: Kind, maxPriority: UInt8? = nil) { (self.kind, self.maxPriority) = (kind, maxPriority) }

  /// The option's value.
  package var description: String { kind.rawValue + (maxPriority.map { ",max-priority=\($0)" } ?? "") }

  /// The arguments of `queue.declare`. For a classic queue Celery names no type, and nor does this: where a virtual host has
  /// a default type, naming another one would be an error for each worker.
  var arguments: AMQPTable {
    var arguments = AMQPTable()
    if kind == .quorum { arguments.members.append(.init("x-queue-type", .text("quorum"))) }
    if let maxPriority { arguments.members.append(.init("x-max-priority", .integer(Int64(maxPriority)))) }
    return arguments
  }
}

extension QueueDeclaration {
  /// Reads an option's value: `none`, `quorum`, or `classic`, which may have `,max-priority=N`.
  ///
  /// - Returns: nil for `none`.
  package static func option(_ text: String) throws -> QueueDeclaration? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard text != "none" else { return nil }
    guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }), parts.count <= 2 else {
      throw AMQPURLError("expected none, classic (with ,max-priority=N where wanted) or quorum")
    }
    guard parts.count == 2 else { return QueueDeclaration(kind) }
    let most = parts[1].split(separator: "=", maxSplits: 1)
    guard most.count == 2, most[0] == "max-priority", let number = UInt8(most[1]), number > 0 else {
      throw AMQPURLError("expected ,max-priority= and a whole number, 1 to 255")
    }
    // RabbitMQ's quorum queues tell two priorities apart by themselves, and refuse the argument.
    guard kind == .classic else { throw AMQPURLError("a quorum queue takes no max-priority: RabbitMQ refuses it") }
    return QueueDeclaration(kind, maxPriority: number)
  }
}
