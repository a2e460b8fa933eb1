import BeatCore

/// A connection's requests in their order: the callbacks that wait for replies, and the commands that were not sent
/// yet. Each request has a number, which identifies its reply.
struct RequestQueue {
  typealias Completion = (RedisReply?) -> Void

  private var pending = FirstInFirstOut<Completion>()
  /// The commands of the newest requests in `pending`, which hiredis was not given yet: the connection is not
  /// established, or hiredis' output buffer is full.
  private var unsent = FirstInFirstOut<RedisCommand>()
  /// The number of the first request without a reply. Numbers begin at 1, since they travel through hiredis as
  /// pointers.
  private(set) var firstNumber: UInt = 1

  /// Requests without a reply.
  var count: Int { pending.count }
  var isEmpty: Bool { pending.isEmpty }
  var hasUnsent: Bool { !unsent.isEmpty }

  /// - Parameter command: a command that the queue keeps until it can be sent; nil: the caller sends it, and no earlier
  ///   command is still unsent.
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

  /// Ends the request whose reply has come; nil: another request's reply is next.
  mutating func answered(_ number: UInt) -> Completion? {
    guard number == firstNumber, let completion = pending.removeFirst() else { return nil }
    firstNumber &+= 1
    return completion
  }

  /// Removes all requests. The result is their callbacks, in their order.
  mutating func removeAll() -> [Completion] {
    _ = unsent.removeAll()
    return pending.removeAll()
  }
}
