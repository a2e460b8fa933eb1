import BeatCore
import ReactiveBeat
import Synchronization

/// A thread with a connection to the store of its own. It takes one call after the other, and a call waits for the
/// store's answers, which a loop that serves connections may never do.
///
/// A connection that is lost is opened again by the next call. Calls that come within a second of a failure to connect
/// are answered with its reason, and not tried.
final class StoreDesk: Sendable {
  /// Makes the answer to a call.
  typealias Work = @Sendable (StoreAPI) throws -> APIAnswer

  private struct Call {
    /// Behind it nobody waits for the answer any more.
    let end: MonotonicTime
    let work: Work
    let answer: @Sendable (APIAnswer) -> Void
  }

  private struct State {
    var calls = FirstInFirstOut<Call>()
    var isClosed = false
  }

  /// The most calls that wait.
  let capacity: Int
  private let source: StoreSource
  private let index: IndexDesk?
  private let state = Mutex(State())
  private let semaphore: Semaphore

  /// - Throws: the system has no thread left.
  init(_ source: StoreSource, _ index: IndexDesk? = nil, capacity: Int) throws {
    self.source = source
    self.index = index
    self.capacity = capacity
    semaphore = try Semaphore()
    try OwnThread.start { [self] in run() }
  }

  /// Puts a call at the end of the line. `answer` is called once, on the desk's thread, or at once if the line is full.
  ///
  /// - Parameter microseconds: how long the call may wait for its turn.
  func take(within microseconds: Int64, _ work: @escaping Work, answer: @escaping @Sendable (APIAnswer) -> Void) {
    let (end, isTooLong) = MonotonicTime.now().nanoseconds.addingReportingOverflow(microseconds * 1_000)
    let call = Call(end: MonotonicTime(nanoseconds: isTooLong ? .max : end), work: work, answer: answer)
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.calls.count < capacity else { return false }
      state.calls.append(call)
      return true
    }
    guard isTaken else {
      return answer(APIProblem(.tooMany, "\(Plural.of(capacity, "call")) wait already: try again in a moment").answer)
    }
    semaphore.signal()
  }

  /// Ends the thread after its present call. Calls that wait get no answer.
  func close() {
    let rest = state.withLock { state in
      state.isClosed = true
      return state.calls.removeAll()
    }
    semaphore.signal()
    _ = rest
  }

  private func run() {
    let counter = Counter(source, index)
    while true {
      let (call, isClosed) = state.withLock { ($0.calls.removeFirst(), $0.isClosed) }
      if isClosed { break }
      guard let call else {
        semaphore.wait()
        continue
      }
      guard MonotonicTime.now() < call.end else {
        call.answer(APIProblem(.storeUnreachable, "the call's turn did not come in time: nothing was done").answer)
        continue
      }
      call.answer(counter.answer(call.work))
    }
    counter.close()
  }

  /// The thread's own things: the connection, and what was learned by it.
  private final class Counter {
    /// How long a context is good, and how long a failure to connect; microseconds.
    private static let contextAge: Int64 = 5_000_000
    private static let pause: Int64 = 1_000_000

    private let source: StoreSource
    private let index: IndexDesk?
    private var client: (any StoreEditor)?
    private var context: (DocumentContext, at: MonotonicTime)?
    private var failure: (problem: APIProblem, at: MonotonicTime)?

    init(_ source: StoreSource, _ index: IndexDesk?) {
      self.source = source
      self.index = index
    }

    func answer(_ work: Work) -> APIAnswer {
      do {
        let client = try connected()
        return try work(StoreAPI(client: client, context: try fresh(client), source: source, index: index))
      } catch {
        if let error = error as? StoreError, error.kind == .unreachable { drop() }
        return APIProblem(error).answer
      }
    }

    func close() {
      client?.close()
      client = nil
    }

    private func connected() throws -> any StoreEditor {
      if let client {
        if !client.isClosed { return client }
        drop()
      }
      let now = MonotonicTime.now()
      if let failure, now.microseconds(since: failure.at) < Self.pause { throw failure.problem }
      do {
        let client = try source.connect(nil)
        (self.client, failure) = (client, nil)
        return client
      } catch {
        let problem = APIProblem(error)
        failure = (problem, MonotonicTime.now())
        throw problem
      }
    }

    private func drop() {
      client?.close()
      (client, context) = (nil, nil)
    }

    private func fresh(_ client: any StoreEditor) throws -> DocumentContext {
      let now = MonotonicTime.now()
      if let context, now.microseconds(since: context.at) < Self.contextAge { return context.0 }
      let made = try source.context(client)
      context = (made, now)
      return made
    }
  }
}
