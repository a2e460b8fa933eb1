import BeatCore
import BeatLoop

/// One client's connection, request after request.
///
///     reading -> answering -> streaming?  -> reading … or leaving -> over
///
/// A client gets its time for each step, and not for each byte: one that sends a byte a second is refused as one that
/// sends none. What it does not take of its responses is bounded, in bytes and in time. While a request is answered, the
/// next may come; what exceeds a head's length ends the connection.
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
  private let service: HTTPService
  private unowned let others: HTTPConnections
  private var transport: (any ServedTransport)?
  private var reader: HTTPRequestReader
  private var state = State.reading
  private lazy var deadline = surroundings.makeTimer { [unowned self] in deadlineReached() }
  private var reception = Reception()
  /// Whether a request was read.
  private var hasServed = false
  /// Since when the connection has waited for a whole request; nil: it answers one, or is about to end.
  private(set) var waitingSince: BootTime?
  /// How many bytes of a body are still to come, as the client has announced them.
  private(set) var announced = 0

  init(
    _ limits: HTTPLimits, from peer: StreamPeer, in surroundings: any Surroundings, _ service: HTTPService,
    among others: HTTPConnections
  ) {
    self.limits = limits
    self.peer = peer
    self.surroundings = surroundings
    self.service = service
    self.others = others
    reader = HTTPRequestReader(limits)
  }

  /// Whether nothing of a next request has come.
  private var isIdle: Bool { waitingSince != nil && reader.isIdle }

  /// Whether the last response is on its way.
  var isLeaving: Bool {
    if case .leaving = state { true } else { false }
  }

  /// Begins with a connection that is open.
  func begin(_ transport: any ServedTransport) {
    self.transport = transport
    waitingSince = surroundings.bootTime
    deadline.schedule(after: limits.headTime)
  }

  /// Ends the connection, whatever it is doing.
  func close() {
    if case .over = state { return }
    let exchange = exchange
    state = .over
    (waitingSince, announced) = (nil, 0)
    deadline.cancel()
    transport?.close()
    transport = nil
    exchange?.clientGone()
    others.remove(self)
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
        if isIdle { deadline.schedule(after: limits.headTime) }
        reader.append(bytes)
        readNext()
        closeIfFlooded()
      case .answering:
        reader.append(bytes)
        closeIfFlooded()
      // After the request for a stream a client has nothing to say.
      case .streaming, .leaving, .over: break
      }
    }
  }

  /// A client may send its next request before it has the answer to the last, and no more than that.
  private func closeIfFlooded() {
    if reader.waiting > limits.head + (reader.head == nil ? 0 : reader.length) { close() }
  }

  private func readNext() {
    guard case .reading = state else { return }
    let hadHead = reader.head != nil
    do throws(HTTPRefusal) {
      switch try reader.next() {
      case .request(let request): answer(request)
      case .incomplete:
        guard let head = reader.head, !hadHead else { return }
        expectBody(of: head)
      }
    } catch {
      refuse(error.status, error.reason)
    }
  }

  private func expectBody(of head: HTTPRequest) {
    if let refusal = service.refuse(head, peer) { return refuse(refusal) }
    guard others.announced + reader.length <= limits.bodies else {
      return refuse(.serviceUnavailable, "too many requests with long bodies are coming: try again in a moment")
    }
    announced = reader.length
    deadline.schedule(after: limits.bodyTime)
    if reader.takeExpectation() { put(HTTPResponseWriter.continues) }
  }

  private func answer(_ request: HTTPRequest) {
    (waitingSince, announced) = (nil, 0)
    hasServed = true
    deadline.cancel()
    let exchange = HTTPExchange(request, from: peer, on: self)
    state = .answering(exchange, closes: !request.keepsConnection)
    service.handle(exchange)
  }

  private func refuse(_ status: HTTPStatus, _ reason: String) {
    var response = HTTPResponse.text(status, reason)
    response.fields += service.fields
    refuse(response)
  }

  private func refuse(_ response: HTTPResponse) {
    guard write(response, hasBody: true, closes: true) else { return }
    leave()
  }

  // MARK: what is sent

  func send(_ response: HTTPResponse, to exchange: HTTPExchange) {
    guard case .answering(let current, let closes) = state, current === exchange else { return }
    guard write(response, hasBody: exchange.request.method != .head, closes: closes) else { return }
    if closes { leave() } else { readOn() }
  }

  func begin(_ response: HTTPResponse, of exchange: HTTPExchange) {
    guard case .answering(let current, let closes) = state, current === exchange else { return }
    let isChunked = !exchange.request.isOld
    put(
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
    if !bytes.isEmpty { put(isChunked ? HTTPResponseWriter.chunk(bytes) : bytes) }
    return true
  }

  func finish(_ exchange: HTTPExchange) {
    guard case .streaming(let current, let isChunked) = state, current === exchange else { return }
    if isChunked { put(HTTPResponseWriter.lastChunk) }
    leave()
  }

  /// - Returns: false: the client has taken too little of what was sent before, and the connection is over.
  private func write(_ response: HTTPResponse, hasBody: Bool, closes: Bool) -> Bool {
    guard let transport, transport.unsent <= limits.unsent, !isStuck else {
      close()
      return false
    }
    put(HTTPResponseWriter.head(response, .length(response.body.count), closes: closes, at: surroundings.wallTime))
    if hasBody, !response.body.isEmpty { put(response.body) }
    return true
  }

  private func put(_ bytes: [UInt8]) {
    guard let transport else { return }
    reception.note(unsent: transport.unsent, now: surroundings.bootTime)
    transport.write(bytes)
    reception.written += bytes.count
  }

  /// Whether the client has taken nothing for too long of what waits for it.
  private var isStuck: Bool {
    guard let transport else { return true }
    let now = surroundings.bootTime
    reception.note(unsent: transport.unsent, now: now)
    return transport.unsent > 0 && now.microseconds(since: reception.movedAt) >= limits.responseTime
  }

  // MARK: between requests, and at the end

  private func readOn() {
    state = .reading
    waitingSince = surroundings.bootTime
    deadline.schedule(after: !reader.isIdle ? limits.headTime : hasUnsent ? takingTime : limits.idleTime)
    guard !reader.isIdle else { return }
    // A request that came meanwhile is read in a turn of its own, so that others have theirs.
    surroundings.soon { [weak self] in self?.readNext() }
  }

  private func leave() {
    state = .leaving
    (waitingSince, announced) = (nil, 0)
    transport?.finish()
    deadline.schedule(after: hasUnsent ? takingTime : Self.leave)
  }

  /// How long the client may yet take nothing of what waits for it.
  private var takingTime: Int64 {
    limits.responseTime - surroundings.bootTime.microseconds(since: reception.movedAt)
  }

  private var hasUnsent: Bool { transport.map { $0.unsent > 0 } ?? false }

  private func deadlineReached() {
    switch state {
    case .reading:
      guard reader.isIdle else {
        return refuse(.requestTimeout, "the request did not arrive in time")
      }
      let idle = waitingSince.map { surroundings.bootTime.microseconds(since: $0) } ?? .max
      guard hasServed, !isStuck, idle < limits.idleTime else { return close() }
      deadline.schedule(after: hasUnsent ? takingTime : limits.idleTime - idle)
    case .streaming(let exchange, _):
      guard !isStuck else {
        exchange.onEnd.map { surroundings.soon($0) }
        exchange.onEnd = nil
        return close()
      }
      deadline.schedule(after: limits.responseTime)
    case .leaving:
      guard hasUnsent, !isStuck else { return close() }
      deadline.schedule(after: takingTime)
    case .answering, .over: break
    }
  }
}

/// How far a client has taken what was written to it.
private struct Reception {
  /// Bytes since the connection's beginning.
  var written = 0
  private var taken = 0
  /// When the client has last taken something, or had nothing to take.
  private(set) var movedAt = BootTime(microseconds: 0)

  /// - Parameter unsent: how much of it waits.
  mutating func note(unsent: Int, now: BootTime) {
    guard unsent == 0 || written - unsent > taken else { return }
    taken = written - unsent
    movedAt = now
  }
}
