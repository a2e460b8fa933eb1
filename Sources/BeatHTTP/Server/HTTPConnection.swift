import BeatCore
import BeatLoop

/// One client's connection, request after request.
///
///     reading -> answering -> streaming?  -> reading … or leaving -> over
///
/// A client gets its time for each step, and not for each byte: one that sends a byte a second is refused as one that
/// sends none. While a request is answered, the next may come; what exceeds a head's length ends the connection.
final class HTTPConnection {
  private enum State {
    case reading
    /// `closes`: the connection ends after the response.
    case answering(HTTPExchange, closes: Bool)
    case streaming(HTTPExchange, isChunked: Bool)
    /// The last response is on its way. Input is dropped: a client that is still sending would otherwise lose it.
    case leaving
    case over
  }

  /// How long a client may go on sending what nobody reads, after the last response; microseconds.
  private static let leave: Int64 = 2_000_000

  private let limits: HTTPLimits
  private let surroundings: any Surroundings
  private let peer: StreamPeer
  private let handle: (HTTPExchange) -> Void
  /// Runs once, when the connection is over.
  private let over: (HTTPConnection) -> Void
  private var transport: (any ServedTransport)?
  private var reader: HTTPRequestReader
  private var state = State.reading
  private lazy var deadline = surroundings.makeTimer { [unowned self] in deadlineReached() }
  /// When the state of being idle began; nil: a request is being read or answered.
  private(set) var idleSince: BootTime?
  /// How many requests were read.
  private var served = 0
  /// What a slow client had still to take when it was last looked at.
  private var unsent = 0

  init(
    _ limits: HTTPLimits, from peer: StreamPeer, in surroundings: any Surroundings,
    handle: @escaping (HTTPExchange) -> Void, over: @escaping (HTTPConnection) -> Void
  ) {
    self.limits = limits
    self.peer = peer
    self.surroundings = surroundings
    self.handle = handle
    self.over = over
    reader = HTTPRequestReader(limits)
  }

  /// Begins with a connection that is open.
  func begin(_ transport: any ServedTransport) {
    self.transport = transport
    idleSince = surroundings.bootTime
    deadline.schedule(after: limits.headTime)
  }

  /// Ends the connection, whatever it is doing.
  func close() {
    if case .over = state { return }
    let exchange = exchange
    state = .over
    idleSince = nil
    deadline.cancel()
    transport?.close()
    transport = nil
    exchange?.clientGone()
    over(self)
  }

  private var exchange: HTTPExchange? {
    switch state {
    case .answering(let exchange, _), .streaming(let exchange, _): exchange
    case .reading, .leaving, .over: nil
    }
  }

  // MARK: what comes

  func receive(_ event: ByteStreamEvent) {
    switch event {
    case .opened: break
    case .closed: close()
    case .received(let bytes):
      switch state {
      case .reading:
        if reader.isIdle, served > 0 { deadline.schedule(after: limits.headTime) }
        idleSince = nil
        reader.append(bytes)
        readNext()
      case .answering:
        reader.append(bytes)
        if reader.waiting > limits.head { close() }
      // After the request for a stream a client has nothing to say.
      case .streaming, .leaving, .over: break
      }
    }
  }

  private func readNext() {
    guard case .reading = state else { return }
    let awaitedBody = reader.awaitsBody
    do throws(HTTPRefusal) {
      switch try reader.next() {
      case .request(let request): answer(request)
      case .incomplete:
        if reader.awaitsBody, !awaitedBody {
          deadline.schedule(after: limits.bodyTime)
          if reader.takeExpectation() { transport?.write(HTTPResponseWriter.continues) }
        }
      }
    } catch {
      refuse(error)
    }
  }

  private func answer(_ request: HTTPRequest) {
    served += 1
    deadline.cancel()
    let exchange = HTTPExchange(request, from: peer, on: self)
    state = .answering(exchange, closes: !request.keepsConnection)
    handle(exchange)
  }

  private func refuse(_ refusal: HTTPRefusal) {
    write(HTTPResponse.text(refusal.status, refusal.reason), hasBody: true, closes: true)
    leave()
  }

  // MARK: what is sent

  func send(_ response: HTTPResponse, to exchange: HTTPExchange) {
    guard case .answering(let current, let closes) = state, current === exchange else { return }
    write(response, hasBody: exchange.request.method != .head, closes: closes)
    if closes { leave() } else { readOn() }
  }

  func begin(_ response: HTTPResponse, of exchange: HTTPExchange) {
    guard case .answering(let current, let closes) = state, current === exchange else { return }
    let isChunked = !exchange.request.isOld
    transport?.write(
      HTTPResponseWriter.head(
        response, isChunked ? .chunked : .untilClose, closes: closes || !isChunked, at: surroundings.wallTime))
    state = .streaming(exchange, isChunked: isChunked)
    deadline.schedule(after: limits.responseTime)
    if !response.body.isEmpty { _ = write(response.body, of: exchange) }
  }

  func write(_ bytes: [UInt8], of exchange: HTTPExchange) -> Bool {
    guard case .streaming(let current, let isChunked) = state, current === exchange, let transport else { return false }
    guard transport.unsent + bytes.count <= limits.unsent else {
      // It may be the stream's own call in which this runs, so its end is not told.
      exchange.onEnd = nil
      close()
      return false
    }
    // An empty chunk would be the last.
    if !bytes.isEmpty { transport.write(isChunked ? HTTPResponseWriter.chunk(bytes) : bytes) }
    return true
  }

  func finish(_ exchange: HTTPExchange) {
    guard case .streaming(let current, let isChunked) = state, current === exchange else { return }
    if isChunked { transport?.write(HTTPResponseWriter.lastChunk) }
    leave()
  }

  private func write(_ response: HTTPResponse, hasBody: Bool, closes: Bool) {
    transport?.write(
      HTTPResponseWriter.head(response, .length(response.body.count), closes: closes, at: surroundings.wallTime))
    if hasBody, !response.body.isEmpty { transport?.write(response.body) }
  }

  // MARK: between requests, and at the end

  private func readOn() {
    state = .reading
    unsent = transport?.unsent ?? 0
    idleSince = surroundings.bootTime
    deadline.schedule(after: unsent > 0 ? limits.responseTime : limits.idleTime)
    guard !reader.isIdle else { return }
    // A request that came meanwhile is read in a turn of its own, so that others have theirs.
    idleSince = nil
    surroundings.soon { [weak self] in self?.readNext() }
  }

  private func leave() {
    state = .leaving
    idleSince = nil
    transport?.finish()
    unsent = transport?.unsent ?? 0
    deadline.schedule(after: unsent > 0 ? limits.responseTime : Self.leave)
  }

  private func deadlineReached() {
    switch state {
    case .reading:
      // A client that has not taken its last response gets more time only while it takes some of it.
      if let transport, transport.unsent > 0 {
        guard transport.unsent < unsent else { return close() }
        unsent = transport.unsent
        return deadline.schedule(after: limits.responseTime)
      }
      if unsent > 0, reader.isIdle {
        unsent = 0
        return deadline.schedule(after: limits.idleTime)
      }
      guard !reader.isIdle else { return close() }
      refuse(HTTPRefusal(.requestTimeout, "the request did not arrive in time"))
    case .streaming(let exchange, _):
      guard let transport, transport.unsent == 0 || transport.unsent < unsent || unsent == 0 else {
        exchange.onEnd.map { surroundings.soon($0) }
        exchange.onEnd = nil
        return close()
      }
      unsent = transport.unsent
      deadline.schedule(after: limits.responseTime)
    case .leaving:
      if let transport, transport.unsent > 0, transport.unsent < unsent {
        unsent = transport.unsent
        return deadline.schedule(after: limits.responseTime)
      }
      close()
    case .answering, .over: break
    }
  }
}
