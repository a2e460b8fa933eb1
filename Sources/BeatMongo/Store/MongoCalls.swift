import BeatCore
import BeatLoop

/// The calls of one session: each is work on the thread for commands, and its answer on the loop's thread. It keeps the
/// rules of `Completion`.
///
/// A command is carried out only when the one before it was answered, so the server's order is that of the calls.
final class MongoCalls {
  let place: MongoPlace
  private let thread: MongoThread
  private let loop: EventLoop
  /// How each open call is answered when the session ends.
  private var open = FirstInFirstOut<() -> Void>()
  private var isOver = false
  /// Called when a call has found the session useless; not inside the call.
  private let failed: (MongoError) -> Void

  init(_ thread: MongoThread, _ place: MongoPlace, on loop: EventLoop, failed: @escaping (MongoError) -> Void) {
    self.thread = thread
    self.place = place
    self.loop = loop
    self.failed = failed
  }

  /// Carries out a call.
  ///
  /// - Parameter work: runs on the thread for commands.
  func perform<Value: Sendable>(
    _ work: @escaping @Sendable (MongoClient) throws(MongoError) -> Value, then completion: @escaping Completion<Value>
  ) {
    guard !isOver else { return loop.soon { completion(.failure(.lost)) } }
    open.append { completion(.failure(.lost)) }
    thread.perform(work) { [self] result in
      guard !isOver else { return }
      // The other calls are lost as well, and all of them before the session reports its end.
      if case .failure(let error) = result, error.endsSession { return failed(error) }
      _ = open.removeFirst()
      completion(result.mapError { Refusal($0) })
    }
  }

  /// Ends the session: no call has a success any more.
  ///
  /// - Returns: what answers every open call with `Refusal.lost`; to be called in a later turn.
  func end() -> () -> Void {
    guard !isOver else { return {} }
    isOver = true
    thread.close()
    let lost = open.removeAll()
    return { for lose in lost { lose() } }
  }
}

extension MongoCalls {
  /// Carries out a call whose caller wants the server's error itself. `completion` is not called if the session ends.
  func attempt<Value: Sendable>(
    _ work: @escaping @Sendable (MongoClient) throws(MongoError) -> Value,
    then completion: @escaping (Result<Value, MongoError>) -> Void
  ) {
    perform({ client throws(MongoError) -> Result<Value, MongoError> in
      do throws(MongoError) { return .success(try work(client)) } catch {
        if error.endsSession { throw error }
        return .failure(error)
      }
    }) { result in
      if case .success(let answer) = result { completion(answer) }
    }
  }
}
