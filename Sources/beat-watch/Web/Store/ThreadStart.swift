import ReactiveBeat
import Synchronization

/// What a new thread has made for the one that has started it, which waits for it.
final class ThreadStart<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, EventLoopError>?>(nil)
  private let semaphore: Semaphore

  init() throws(EventLoopError) { semaphore = try Semaphore() }

  func tell(_ value: Result<Value, EventLoopError>) {
    result.withLock { $0 = value }
    semaphore.signal()
  }

  func wait() throws(EventLoopError) -> Value {
    while true {
      if let result = result.withLock({ $0 }) { return try result.get() }
      semaphore.wait()
    }
  }
}
