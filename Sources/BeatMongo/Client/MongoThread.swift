import BeatCore
import BeatLoop

/// A client on a thread of its own: work goes in, and its results come back on the loop's thread in the order of the
/// calls. The library blocks its caller, which the loop's thread must not be.
///
/// The client is made by the first work, on the thread. After an error of the network, or when no client can be made, all
/// later work is answered with that error and not tried: a session ends by it, and the next one has a new thread.
package final class MongoThread {
  private let loop: EventLoop
  private let mailbox: LoopMailbox
  private let queue: MongoWorkQueue
  /// What waits for a result, in the order of the calls. It stays on the loop's thread.
  private var answers = FirstInFirstOut<() -> Void>()
  private var isClosed = false

  /// Starts the thread.
  ///
  /// Throws: the system has no thread or descriptor left, or too many closed threads still wait for a server.
  package convenience init(
    on loop: EventLoop, makeClient: @escaping @Sendable () throws(MongoError) -> MongoClient
  ) throws(EventLoopError) {
    try self.init(on: loop, closedThreads: .ofProcess, makeClient: makeClient)
  }

  init(
    on loop: EventLoop, closedThreads: MongoClosedThreads,
    makeClient: @escaping @Sendable () throws(MongoError) -> MongoClient
  ) throws(EventLoopError) {
    self.loop = loop
    try closedThreads.requirePlace()
    mailbox = try LoopMailbox(on: loop)
    let queue = try MongoWorkQueue(closedThreads: closedThreads)
    self.queue = queue
    do throws(EventLoopError) {
      try OwnThread.start { queue.run(makeClient) }
    } catch {
      // No thread is there that would end.
      isClosed = true
      mailbox.close()
      throw error
    }
  }

  deinit { close() }

  /// How many calls have not been answered.
  package var openCalls: Int { answers.count }

  /// Runs `work` on the thread after all earlier work, and `then` on the loop's thread, in the order of the calls, and
  /// never inside this call. After `close()` neither runs.
  package func perform<Value: Sendable>(
    _ work: @escaping @Sendable (MongoClient) throws(MongoError) -> Value,
    then: @escaping (Result<Value, MongoError>) -> Void
  ) {
    loop.assertOnLoop()
    guard !isClosed else { return }
    let slot = MongoResult<Value>()
    answers.append { if let result = slot.take() { then(result) } }
    let owner = OnLoop(thread: self)
    queue.add { [sender = mailbox.sender] client in
      let result = Result { () throws(MongoError) in try work(client.get()) }
      slot.put(result)
      sender.post { owner.thread?.answer() }
      guard case .failure(let error) = result, error.kind == .network else { return nil }
      return error
    }
  }

  /// Drops the work that has not begun. No open call is answered any more. The thread ends when its call returns, for
  /// which nobody waits: a frozen server holds it until the timeout.
  package func close() {
    loop.assertOnLoop()
    guard !isClosed else { return }
    isClosed = true
    queue.close()
    mailbox.close()
    _ = answers.removeAll()
  }

  private func answer() {
    guard !isClosed else { return }
    answers.removeFirst()?()
  }

  /// The thread's owner, into which only the loop's thread looks: the mailbox runs there what is posted.
  private struct OnLoop: @unchecked Sendable {
    weak var thread: MongoThread?
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension MongoThread: Sendable {}
