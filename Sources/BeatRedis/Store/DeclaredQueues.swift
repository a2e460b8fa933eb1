import BeatCore

/// Queues that were declared for workers on one connection, each once. A declaration stays on the broker for good, so there
/// is an end to them: to further queues messages go undeclared, which only `celery purge` and the like do not see.
struct DeclaredQueues {
  private var names: Set<String> = []

  func contains(_ name: String) -> Bool { names.contains(name) }

  /// Whether this one is to be declared now.
  mutating func insert(_ name: String) -> Bool {
    guard names.count < Limit.declaredQueues.most else { return false }
    return names.insert(name).inserted
  }

  mutating func removeAll() { names.removeAll() }
}
