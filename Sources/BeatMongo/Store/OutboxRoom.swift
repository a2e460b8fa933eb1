import Synchronization

/// How many messages wait in the outbox. Counting them costs the server a look at each schedule that has some, so the
/// number is counted anew only when it is old, or when it matters.
final class OutboxRoom: Sendable {
  private struct State {
    /// The number at the last count, and what this daemon has added since.
    var known = 0
    /// When it was counted, by the server's clock; milliseconds. nil: never.
    var countedAt: Int64?
  }
  /// How old a count may be; milliseconds.
  private static let lifetime: Int64 = 1000

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// How many messages more may wait.
  ///
  /// - Parameters:
  ///   - wanted: how many are wanted.
  ///   - now: the server's time; milliseconds.
  ///   - count: counts what waits.
  func room(for wanted: Int, now: Int64, count: () throws(MongoError) -> Int) throws(MongoError) -> Int {
    let state = self.state.withLock { $0 }
    let isFresh = state.countedAt.map { (0..<Self.lifetime).contains(now &- $0) } ?? false
    if isFresh, state.known + wanted <= limit { return limit - state.known }
    let waiting = try count()
    self.state.withLock { $0 = State(known: waiting, countedAt: now) }
    return limit - waiting
  }

  func added(_ count: Int) { state.withLock { $0.known += count } }
}
