import BeatLoop

/// The one way to a connection that is ready for commands.
///
///     find the server -> connect, TLS -> AUTH, SELECT, CLIENT SETNAME -> `opened`
///           |                 |                      |                      |
///           +-----------------+----------------------+----------------------+--> `closed`, once
///
/// Each step has a deadline: `SentinelLookup.patience` for a sentinel, `timeouts` for the rest. It tries once; to
/// reconnect, its owner makes another dial. It lives until it is closed or cancelled.
final class RedisDial {
  private let url: RedisURL
  private let clientName: String
  private let timeouts: RedisTimeouts
  private let loop: EventLoop

  private var lookup: SentinelLookup?
  /// The connection, from the moment when the server was found.
  private(set) var connection: RedisConnection?
  private var found: ((RedisEndpoint) -> Void)?
  private var opened: ((RedisConnection) -> Void)?
  /// nil: the dial has not begun, or has ended.
  private var closed: ((RedisConnectionError) -> Void)?

  init(
    _ url: RedisURL, as clientName: String, on loop: EventLoop, timeouts: RedisTimeouts = RedisTimeouts()
  ) {
    self.url = url
    self.clientName = clientName
    self.timeouts = timeouts
    self.loop = loop
  }

  /// - Parameters:
  ///   - found: gets the server's address, before the dial connects to it. It may cancel the dial. Where the URL names
  ///     the server itself, it is called before `open` returns.
  ///   - opened: gets the connection when it is ready for commands.
  ///   - closed: gets the reason why there is no connection, or why it ended. The kind is `.unlocated` if no server was
  ///     found.
  func open(
    found: @escaping (RedisEndpoint) -> Void = { _ in }, opened: @escaping (RedisConnection) -> Void,
    closed: @escaping (RedisConnectionError) -> Void
  ) {
    (self.found, self.opened, self.closed) = (found, opened, closed)
    switch url.location {
    case .server(let endpoint): connect(to: endpoint)
    case .sentinels(let group):
      lookup = SentinelLookup(of: group, on: loop) { [self] outcome in
        lookup = nil
        switch outcome {
        case .found(let endpoint): connect(to: endpoint)
        case .failed(let reason): end(.unlocated(reason))
        }
      }
    }
  }

  /// Ends the dial and calls none of its callbacks. Cancelling again does nothing.
  func cancel() {
    (found, opened, closed) = (nil, nil, nil)
    lookup?.cancel()
    lookup = nil
    connection?.close()
  }

  private func connect(to endpoint: RedisEndpoint) {
    found?(endpoint)
    guard closed != nil else { return }
    let connection = RedisConnection(to: endpoint, security: url.security, on: loop, timeouts: timeouts) { [self] in
      end($0)
    }
    if case .sentinels = url.location { connection.tlsWords = HiredisTLS.wordsOfSentinels }
    self.connection = connection
    connection.handshake(url, clientName: clientName) { [self] error in
      // A refusal closes the connection, which then reports it to `closed`.
      guard error == nil, let opened else { return }
      self.opened = nil
      opened(connection)
    }
  }

  private func end(_ error: RedisConnectionError) {
    let closed = closed
    (found, opened, self.closed) = (nil, nil, nil)
    closed?(error)
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisDial: Sendable {}
