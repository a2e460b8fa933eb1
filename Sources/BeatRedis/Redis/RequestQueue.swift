import BeatCore

/// The requests of a connection, in their order: who waits for a reply, and which commands are still to be sent. A request
/// has a number, by which its reply is known.
struct RequestQueue {
  typealias Completion = (RedisReply?) -> Void

  private var pending = FirstInFirstOut<Completion>()
  /// The commands of the last in `pending` that hiredis has not been given yet: the connection does not stand, or
  /// enough is on its way.
  private var unsent = FirstInFirstOut<RedisCommand>()
  /// Of the first request without a reply. From 1, since a number travels through hiredis as a pointer.
  private(set) var firstNumber: UInt = 1

  /// Requests without a reply.
  var count: Int { pending.count }
  var isEmpty: Bool { pending.isEmpty }
  var hasUnsent: Bool { !unsent.isEmpty }

  /// - Parameter command: to be sent later; nil: it is sent by whoever asks, and nothing is still to be sent.
  /// - Returns: the request's number.
  @discardableResult
  mutating func append(_ command: RedisCommand?, then completion: @escaping Completion) -> UInt {
    if let command { unsent.append(command) }
    pending.append(completion)
    return firstNumber &+ UInt(pending.count) &- 1
  }

  /// The next command to be sent.
  mutating func takeUnsent() -> (command: RedisCommand, number: UInt)? {
    let number = firstNumber &+ UInt(pending.count &- unsent.count)
    return unsent.removeFirst().map { ($0, number) }
  }

  /// The reply to a request has come; nil: it is not the one that is next.
  mutating func answered(_ number: UInt) -> Completion? {
    guard number == firstNumber, let completion = pending.removeFirst() else { return nil }
    firstNumber &+= 1
    return completion
  }

  /// All who wait, in their order.
  mutating func removeAll() -> [Completion] {
    _ = unsent.removeAll()
    return pending.removeAll()
  }
}
