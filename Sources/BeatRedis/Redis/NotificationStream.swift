import BeatLoop
internal import CHiredisAsync

/// A connection that only listens: to pattern subscriptions, such as those of keyspace notifications, and to the keys
/// that CLIENT TRACKING reports.
///
/// It is apart from the command connection because hiredis ends a subscribed connection at the first error reply. All
/// pending commands would end with it.
package final class NotificationStream {
  private let connection: RedisConnection
  private var onMessage: ((_ channel: Span<UInt8>, _ payload: Span<UInt8>) -> Void)?
  private var onInvalidate: (([[UInt8]]?) -> Void)?
  private var confirmed: [(left: Int, then: () -> Void)] = []

  /// Begins to connect, as a `RedisConnection` does. `onMessage` gets a message's channel and payload, which may be
  /// read during the call only. `onClose` runs exactly once.
  package init(
    to endpoint: RedisEndpoint, security: TLSSettings? = nil, on loop: EventLoop,
    timeouts: RedisTimeouts = RedisTimeouts(),
    onMessage: @escaping (_ channel: Span<UInt8>, _ payload: Span<UInt8>) -> Void,
    onClose: @escaping (RedisConnectionError) -> Void
  ) {
    self.onMessage = onMessage
    connection = RedisConnection(to: endpoint, security: security, on: loop, timeouts: timeouts, onClose: onClose)
    // The connection holds this stream while it is open, and here lets go of the closures that the owner gave.
    connection.onFinish = { [self] in
      self.onMessage = nil
      self.onInvalidate = nil
      confirmed = []
    }
  }

  /// Does what `RedisConnection.handshake` does. It must come before any subscription.
  package func handshake(
    _ url: RedisURL, clientName: String?, then completion: @escaping (RedisConnectionError?) -> Void
  ) {
    connection.handshake(url, clientName: clientName, then: completion)
  }

  /// Subscribes, after a successful handshake. `confirmed` runs once the server has confirmed every pattern: from then
  /// on no matching message is lost until the connection ends. A refusal (NOPERM) ends the connection.
  package func psubscribe(_ patterns: [[UInt8]], then confirmed: @escaping () -> Void) {
    guard !patterns.isEmpty else { preconditionFailure("no pattern to subscribe to") }
    self.confirmed.append((patterns.count, confirmed))
    connection.subscribe(to: patterns, patterns: true) { [self] in received($0) }
  }

  /// The connection's id, for CLIENT TRACKING's REDIRECT; nil if the server does not tell it. It must be asked for
  /// before any subscription.
  package func clientID(then completion: @escaping (Int64?) -> Void) {
    connection.send(RedisCommand("CLIENT", "ID")) { completion($0?.integer) }
  }

  /// Calls `handler` with the keys that another connection's CLIENT TRACKING, redirected to this one, reports as
  /// changed; nil means all keys. `channel` has the server's name for it. (Redis: client-side caching, the
  /// two-connections mode of RESP2)
  package func hearInvalidations(
    on channel: String, _ handler: @escaping ([[UInt8]]?) -> Void, then confirmed: @escaping () -> Void
  ) {
    onInvalidate = handler
    self.confirmed.append((1, confirmed))
    connection.subscribe(to: [Array(channel.utf8)], patterns: false) { [self] in received($0) }
  }

  /// Ends the stream; `onClose` follows.
  package func close() { connection.close() }

  /// True as soon as no message will come any more.
  package var isClosed: Bool { connection.isClosed }

  /// Takes a push in one of the shapes that `ReplyLedger` lets through.
  private func received(_ reply: UnsafeMutablePointer<redisReply>) {
    guard reply.pointee.elements >= 3, let elements = reply.pointee.element, let kind = elements[0]?.pointee.bytes
    else {
      return
    }
    // ["pmessage", pattern, channel, payload] or ["psubscribe", pattern, count]
    if reply.pointee.elements == 4, let channel = elements[2], let payload = elements[3] {
      onMessage?(channel.pointee.bytes.span, payload.pointee.bytes.span)
    } else if kind.elementsEqual("psubscribe".utf8) || kind.elementsEqual("subscribe".utf8) {
      confirm()
    } else if kind.elementsEqual("message".utf8), let payload = elements[2] {
      onInvalidate?(RedisReply(draining: payload).array?.compactMap(\.bytes))
    }
  }

  private func confirm() {
    connection.confirmed()
    guard !confirmed.isEmpty else { return }
    confirmed[0].left -= 1
    if confirmed[0].left == 0 { confirmed.removeFirst().then() }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension NotificationStream: Sendable {}

extension String {
  /// Copies borrowed bytes into a string.
  init(copying span: Span<UInt8>) { self.init(decoding: [UInt8](copying: span), as: UTF8.self) }
}

extension Span<UInt8> {
  func elementsEqual(_ bytes: [UInt8]) -> Bool {
    count == bytes.count && indices.allSatisfy { self[$0] == bytes[$0] }
  }
}

extension [UInt8] {
  /// Copies borrowed bytes into an array.
  package init(copying span: Span<UInt8>) {
    self.init(unsafeUninitializedCapacity: span.count) { buffer, count in
      for index in span.indices { buffer.initializeElement(at: index, to: span[index]) }
      count = span.count
    }
  }
}
