import BeatCore

/// What a server sent although the protocol forbids it. It ends the connection; the process and its other connections
/// go on.
enum ReplyBreach: Hashable, Sendable {
  /// A reply came while no request was waiting for one.
  case unasked
  /// A push of RESP3 came, which this program never chooses.
  case push
  /// A subscriber got something other than messages of its subscriptions and confirmations that are owed.
  case unsubscribed
  /// A reply does not fit its request: replies and requests are out of step, or the server is no Redis. The text says
  /// what was asked for.
  case misfit(String)
  /// The reply exceeds a limit; the number is how much was found.
  case excess(Limit, Int)
}

extension RedisConnectionError {
  static func breach(_ endpoint: RedisEndpoint, _ breach: ReplyBreach) -> RedisConnectionError {
    let words =
      switch breach {
      case .unasked: "sent a reply to no request"
      case .push: "sent a push of RESP3, a protocol that was not chosen"
      case .unsubscribed: "sent a subscriber what it has not subscribed to"
      case .misfit(let request): "gave an answer that \(request) cannot have"
      case .excess(let limit, let count): "goes beyond a limit: \(limit.subject) \(limit.excess(count))"
      }
    return RedisConnectionError(
      .protocolBreach,
      "what answers at \(endpoint) \(words): is it a Redis server, and do proxies on the way keep replies whole and in order?"
    )
  }
}
