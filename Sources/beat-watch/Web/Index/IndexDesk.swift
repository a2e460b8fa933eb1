import BeatCore
import ReactiveBeat
import Synchronization

/// The index's thread, as other threads see it: they send it rows, runs and questions, which it takes one after the
/// other. It asks no server, so that a list never waits for one.
final class IndexDesk: Sendable {
  private let mailbox: LoopMailbox.Sender
  /// Into it only the index's thread looks.
  private let holder: Holder
  /// How many questions wait.
  private let questions = Atomic<Int>(0)
  /// The most questions that wait. Each takes some milliseconds.
  private static let capacity = 128

  private final class Holder: @unchecked Sendable {
    var keeper: IndexKeeper?
  }

  /// Starts the thread.
  ///
  /// Throws: the system has no thread or descriptor left.
  init() throws {
    let (holder, start) = (Holder(), try ThreadStart<LoopMailbox.Sender>())
    try OwnThread.start {
      do throws(EventLoopError) {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox(on: loop)
        holder.keeper = IndexKeeper(on: loop)
        start.tell(.success(mailbox.sender))
        loop.run()
        mailbox.close()
        holder.keeper = nil
      } catch { start.tell(.failure(error)) }
    }
    mailbox = try start.wait()
    self.holder = holder
  }

  /// Runs work on the index's thread.
  func post(_ work: @escaping @Sendable (IndexKeeper) -> Void) {
    mailbox.post { [holder] in if let keeper = holder.keeper { work(keeper) } }
  }

  /// Asks a question. The answer comes on the index's thread, or at once if too many wait.
  func ask(
    _ question: @escaping @Sendable (IndexKeeper) throws -> APIAnswer, answer: @escaping @Sendable (APIAnswer) -> Void
  ) {
    guard questions.add(1, ordering: .relaxed).newValue <= Self.capacity else {
      questions.subtract(1, ordering: .relaxed)
      return answer(
        APIProblem(.tooMany, "\(Plural.of(Self.capacity, "call")) wait already: try again in a moment").answer)
    }
    post { [self] keeper in
      questions.subtract(1, ordering: .relaxed)
      do { answer(try question(keeper)) } catch { answer(APIProblem(error).answer) }
    }
  }

  /// Ends the thread.
  func close() {
    post { $0.end() }
  }
}
