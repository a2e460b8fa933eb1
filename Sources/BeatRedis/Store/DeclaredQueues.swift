import BeatCore

/// The queues that were declared for workers on one connection, each once. A declaration stays on the broker for good,
/// so their number is bounded. Messages to further queues are delivered without one, and only `celery purge` and
/// similar commands do not find those queues.
struct DeclaredQueues {
  private var names: Set<String> = []

  func contains(_ name: String) -> Bool { names.contains(name) }

  /// Whether the queue must be declared now. It is then remembered as declared.
  mutating func insert(_ name: String) -> Bool {
    guard names.count < Limit.declaredQueues.most else { return false }
    return names.insert(name).inserted
  }

  mutating func removeAll() { names.removeAll() }
}
