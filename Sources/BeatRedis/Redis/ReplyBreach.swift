import BeatCore

/// What a server sent that no server may send. It ends the connection; the process and other connections go on.
enum ReplyBreach: Hashable, Sendable {
  /// A reply while none was owed.
  case unasked
  /// A push of RESP3, which no connection of ours has chosen.
  case push
  /// To a subscriber, something else than messages of its subscriptions and confirmations that are owed.
  case unsubscribed
  /// An answer to another question than was asked: replies and requests are out of step, or no Redis answers. The text says
  /// what was asked for.
  case misfit(String)
  /// More than a limit allows, with how much was found.
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
