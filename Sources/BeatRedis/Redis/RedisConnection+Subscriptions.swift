import BeatLoop
internal import CHiredisAsync

/// A connection that only listens, for `NotificationStream`.
extension RedisConnection {
  /// Subscribes to channels, or to patterns of channels if `patterns` is true. From now on every message and
  /// confirmation goes to `onPush`, which reads it in place.
  func subscribe(
    to names: [[UInt8]], patterns: Bool, onPush: @escaping (UnsafeMutablePointer<redisReply>) -> Void
  ) {
    loop.assertOnLoop()
    guard !isClosed else { return }
    guard case .open = state, requests.isEmpty, let context else {
      preconditionFailure("subscribe only when the connection stands and no reply is owed")
    }
    self.onPush = onPush
    confirmationsOwed += names.count
    ledger.expect(names, pattern: patterns)
    expectReply()
    var command = patterns ? RedisCommand("PSUBSCRIBE") : RedisCommand("SUBSCRIBE")
    command.append(contentsOf: names)
    let status = command.withBytes { bytes in
      // The context leads to the owner. A retained pointer would not do: this callback runs many times.
      redisAsyncFormattedCommand(
        context, { context, reply, _ in RedisConnection.of(context)?.pushed(reply) }, nil, bytes.baseAddress,
        bytes.count)
    }
    if status != REDIS_OK { end(.broken(endpoint, code: REDIS_ERR_OOM, reason: "")) }
  }

  /// Counts one confirmation of a subscription.
  func confirmed() {
    confirmationsOwed = max(0, confirmationsOwed - 1)
    if confirmationsOwed == 0 { deadline.cancel() } else { patience.begin(at: .now()) }
  }

  private func pushed(_ reply: UnsafeMutableRawPointer?) {
    guard let reply, case .open = state else { return }
    onPush?(reply.assumingMemoryBound(to: redisReply.self))
  }
}
