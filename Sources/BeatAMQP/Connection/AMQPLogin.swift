import BeatCore

/// The way from the protocol header to an open virtual host, and what was agreed on it.
///
///     header ─► start ─► start-ok ─► tune ─► tune-ok, open ─► open-ok
struct AMQPLogin {
  /// The largest frame that this client takes; bytes, with its header and end. It is RabbitMQ's own limit.
  static let frameMax = UInt32(AMQPFrameReader.defaultFrameMax)
  /// The most channels that this client opens.
  static let channelMax: UInt16 = 128

  private enum State { case awaitingStart, awaitingTune, awaitingOpen, open }

  enum Progress {
    case send([AMQPMethod])
    /// The virtual host is open.
    case opened
    case failed(String)
  }

  private let credentials: AMQPURL.Login
  private let virtualHost: AMQPShortString
  /// The client's own name, as the server's operator sees it.
  private let name: String
  private var state = State.awaitingStart

  /// Largest frame; bytes.
  private(set) var frameMax = Int(Self.frameMax)
  private(set) var channelMax = Self.channelMax
  /// From one heartbeat to the next; seconds. 0: none.
  private(set) var heartbeat: UInt16
  /// What the server says of itself.
  private(set) var server = AMQPServerVersion([:])

  init(_ credentials: AMQPURL.Login, virtualHost: AMQPShortString, heartbeat: UInt16, name: String) {
    self.credentials = credentials
    self.virtualHost = virtualHost
    self.heartbeat = heartbeat
    self.name = name
  }

  var isOpen: Bool { if case .open = state { true } else { false } }

  mutating func receive(_ method: AMQPMethod) -> Progress {
    switch (state, method) {
    case (.awaitingStart, .start(let properties, let mechanisms)):
      server = AMQPServerVersion(properties)
      return start(offered: mechanisms.split(separator: " ").map(String.init))
    case (.awaitingTune, .tune(let offer)): return tune(offer)
    case (.awaitingOpen, .openOK):
      state = .open
      return .opened
    default: return .failed("the server broke the protocol in the middle of the login")
    }
  }

  /// A name and a password (RFC 4616), or the certificate by which TLS was established (RFC 4422, appendix A).
  private var mechanism: AMQPShortString {
    switch credentials {
    case .plain: "PLAIN"
    case .external: "EXTERNAL"
    }
  }

  private mutating func start(offered: [String]) -> Progress {
    guard offered.contains(mechanism.text) else {
      let advice =
        switch credentials {
        case .plain: "allow it there (auth_mechanisms in rabbitmq.conf), or log in by a certificate (EXTERNAL)"
        case .external: "enable it there: rabbitmq-plugins enable rabbitmq_auth_mechanism_ssl, and auth_mechanisms"
        }
      return .failed(
        "the server does not offer the login \(mechanism), only \(offered.prefix(8).map { $0.beginning(30).printable }.joined(separator: ", ")): \(advice)"
      )
    }
    let response: [UInt8] =
      switch credentials {
      case .plain(let user, let password): [0] + Array(user.utf8) + [0] + Array(password.utf8)
      case .external: []
      }
    state = .awaitingTune
    return .send([
      .startOK(
        clientProperties: [
          "product": .text("beat-watch"), "connection_name": .text(name),
          "capabilities": .table(AMQPTable(Self.capabilities.map { .init($0, .bool(true)) })),
        ], mechanism: mechanism, response: response)
    ])
  }

  /// What the client understands. A server hangs up in silence to refuse a login, unless the client has the last of these.
  private static let capabilities: [AMQPShortString] = [
    "publisher_confirms", "basic.nack", "connection.blocked", "authentication_failure_close",
  ]

  /// The smaller of both limits counts; 0 is no limit.
  private mutating func tune(_ offer: AMQPTuning) -> Progress {
    func smaller<Number: FixedWidthInteger>(_ ours: Number, _ theirs: Number) -> Number {
      theirs == 0 ? ours : min(ours, theirs)
    }
    guard offer.frameMax == 0 || offer.frameMax >= AMQPFrame.leastMax else {
      return .failed("the server offers frames that are too small: \(offer.frameMax)")
    }
    frameMax = Int(smaller(Self.frameMax, offer.frameMax))
    channelMax = smaller(Self.channelMax, offer.channelMax)
    heartbeat = heartbeat == 0 ? 0 : smaller(heartbeat, offer.heartbeat)
    state = .awaitingOpen
    return .send([
      .tuneOK(AMQPTuning(channelMax: channelMax, frameMax: UInt32(frameMax), heartbeat: heartbeat)),
      .open(virtualHost: virtualHost),
    ])
  }
}
