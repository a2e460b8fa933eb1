import BeatLoop

/// How long a server may owe a reply.
///
/// Perhaps it was we who slept (a stopped process, a long callback) and the reply lies in the socket, or it is large and still
/// coming: so the connection is dead only if another chance to read brings nothing at all.
struct ReplyPatience {
  enum Verdict: Equatable {
    /// Look again after so many microseconds.
    case wait(Int64)
    /// Nothing comes.
    case silent
    /// Something comes, and does not come to its end.
    case endless
  }

  /// When the server last gave a reply, or when a reply was first owed.
  private var lastProgress = MonotonicTime(nanoseconds: 0)
  /// How far the server had come when a reply was found overdue: the first request without a reply, and the bytes of
  /// an unfinished one.
  private var overdue: (number: UInt, received: Int)?

  /// A reply is owed from now on.
  mutating func begin(at now: MonotonicTime) {
    lastProgress = now
    overdue = nil
  }

  /// A reply has come, and another is owed.
  mutating func progressed(at now: MonotonicTime) { lastProgress = now }

  /// What to think of a reply that is still owed.
  ///
  /// - Parameters:
  ///   - number: of the first request without a reply.
  ///   - received: bytes that have come so far.
  mutating func verdict(at now: MonotonicTime, _ timeouts: RedisTimeouts, number: UInt, received: Int) -> Verdict {
    let waited = now.microseconds(since: lastProgress)
    guard waited >= timeouts.reply else { return .wait(timeouts.reply - waited) }
    if let overdue {
      if overdue == (number, received) { return .silent }
      if waited >= timeouts.whole { return .endless }
    }
    overdue = (number, received)
    return .wait(min(timeouts.reply / 4, 250_000))
  }
}
