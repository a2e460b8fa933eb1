import BeatDriver
import Synchronization

/// Sends a daemon's events to all open streams. Without a stream, no `BeatEvent` is made.
final class EventBroadcast: Sendable {
  /// How many events a stream keeps for a slow reader; then it drops the oldest.
  private static let capacity = 1024

  private struct State {
    var readers: [Int: AsyncStream<BeatEvent>.Continuation] = [:]
    var next = 0
    var isOver = false
  }
  private let state = Mutex(State())

  func stream() -> AsyncStream<BeatEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: BeatEvent.self, bufferingPolicy: .bufferingNewest(Self.capacity))
    let number: Int? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.next += 1
      state.readers[state.next] = continuation
      return state.next
    }
    guard let number else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in _ = state.readers.removeValue(forKey: number) }
    }
    return stream
  }

  func tell(_ event: DaemonEvent) {
    let readers = state.withLock { Array($0.readers.values) }
    guard !readers.isEmpty, let event = BeatEvent(event) else { return }
    for reader in readers { reader.yield(event) }
  }

  func finish() {
    let readers = state.withLock { state in
      state.isOver = true
      defer { state.readers = [:] }
      return Array(state.readers.values)
    }
    for reader in readers { reader.finish() }
  }
}
