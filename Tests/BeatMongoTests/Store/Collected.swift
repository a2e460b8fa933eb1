import Synchronization

/// What several threads have found.
final class Collected<Value: Sendable>: Sendable {
  private struct State {
    var all: [Value] = []
    var ends = 0
    var started = 0
  }

  private let state = Mutex(State())

  func add(_ value: Value) { state.withLock { $0.all.append(value) } }
  /// A thread has come to its next part.
  func start() { state.withLock { $0.started += 1 } }
  var started: Int { state.withLock { $0.started } }
  /// A thread has ended.
  func end() { state.withLock { $0.ends += 1 } }

  var all: [Value] { state.withLock { $0.all } }
  var ends: Int { state.withLock { $0.ends } }
}
