import BeatDriver
import Synchronization

/// Hands a daemon's events to all who have asked for a stream. Nothing is made of an event while nobody has.
final class EventBroadcast: Sendable {
  /// Events that wait for a slow reader, before the oldest goes.
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
