import BeatCore
import BeatLoop
import Synchronization

/// The work that a loop's thread adds and a client's thread takes out.
final class MongoWorkQueue: Sendable {
  /// It gets the client, or why there is none, and returns an error after which the client is not used again.
  typealias Work = @Sendable (Result<MongoClient, MongoError>) -> MongoError?

  private struct State {
    var work = FirstInFirstOut<Work>()
    var isClosed = false
  }

  private enum Client {
    case none
    case made(MongoClient)
    case ended(MongoError)
  }

  private let state = Mutex(State())
  private let semaphore: Semaphore
  private let closedThreads: MongoClosedThreads

  init(closedThreads: MongoClosedThreads) throws(EventLoopError) {
    semaphore = try Semaphore()
    self.closedThreads = closedThreads
  }

  func add(_ work: @escaping Work) {
    state.withLock { $0.work.append(work) }
    semaphore.signal()
  }

  func close() {
    let dropped = state.withLock { state in
      state.isClosed = true
      return state.work.removeAll()
    }
    closedThreads.begin()
    semaphore.signal()
    // What the work owns is released outside of the lock.
    _ = dropped
  }

  /// The thread's whole life: it returns after `close()`.
  func run(_ makeClient: () throws(MongoError) -> MongoClient) {
    var client = Client.none
    while true {
      let (work, isClosed) = state.withLock { ($0.work.removeFirst(), $0.isClosed) }
      guard !isClosed else { break }
      guard let work else {
        semaphore.wait()
        continue
      }
      if case .none = client { client = Self.made(makeClient) }
      let error: MongoError? =
        switch client {
        case .none: nil
        case .made(let made): work(.success(made))
        case .ended(let error): work(.failure(error))
        }
      if let error { client = .ended(error) }
    }
    // Closing a connection may take a moment, too.
    client = .none
    closedThreads.end()
  }

  private static func made(_ makeClient: () throws(MongoError) -> MongoClient) -> Client {
    do throws(MongoError) { return .made(try makeClient()) } catch { return .ended(error) }
  }
}

/// One result, put by the client's thread and taken by the loop's.
final class MongoResult<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, MongoError>?>(nil)

  func put(_ value: Result<Value, MongoError>) { result.withLock { $0 = value } }
  func take() -> Result<Value, MongoError>? { result.withLock { $0.take() } }
}
