import BeatLoop

/// How long a server may owe a reply.
///
/// A late reply does not prove that the server is dead. This process may have slept (it was stopped, or a callback was
/// long) while the reply waited in the socket, or the reply is large and still coming. So the connection counts as dead
/// only if another chance to read brings nothing at all.
struct ReplyPatience {
  enum Verdict: Equatable {
    /// The connection may wait; look again after so many microseconds.
    case wait(Int64)
    /// Nothing has come since the last look.
    case silent
    /// Bytes keep coming, but the reply has not ended within `RedisTimeouts.whole`.
    case endless
  }

  /// When the server last completed a reply, or when a reply was first owed.
  private var lastProgress = MonotonicTime(nanoseconds: 0)
  /// The state when a reply was found overdue: the number of the first request without a reply, and the bytes of the
  /// unfinished reply.
  private var overdue: (number: UInt, received: Int)?

  /// A reply is owed from now on.
  mutating func begin(at now: MonotonicTime) {
    lastProgress = now
    overdue = nil
  }

  /// A reply has come, and another is owed.
  mutating func progressed(at now: MonotonicTime) { lastProgress = now }

  /// What to do about a reply that is still owed.
  ///
  /// - Parameters:
  ///   - number: the number of the first request without a reply.
  ///   - received: how many bytes of that reply have come so far.
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
