import BeatLoop

/// One request, and the place of its response. The response may come at any later time; a client that goes away before
/// it, ends the exchange.
package final class HTTPExchange {
  package let request: HTTPRequest
  package let peer: StreamPeer
  private weak var connection: HTTPConnection?
  /// Runs once if the client has gone before the response, or the stream, was complete.
  package var onEnd: (() -> Void)?
  /// Whether nothing can be sent any more.
  package private(set) var isOver = false

  init(_ request: HTTPRequest, from peer: StreamPeer, on connection: HTTPConnection) {
    self.request = request
    self.peer = peer
    self.connection = connection
  }

  /// Sends the response. Only the first response of an exchange is sent.
  package func respond(_ response: HTTPResponse) {
    guard !isOver else { return }
    isOver = true
    onEnd = nil
    connection?.send(response, to: self)
  }

  /// Begins a response of unknown length.
  ///
  /// - Returns: nil if the client has gone, or wants the head only.
  package func stream(_ response: HTTPResponse) -> HTTPStream? {
    guard !isOver else { return nil }
    guard request.method != .head, let connection else {
      respond(response)
      return nil
    }
    connection.begin(response, of: self)
    return HTTPStream(self)
  }

  /// - Returns: false: the client has gone, or is too far behind.
  fileprivate func write(_ bytes: [UInt8]) -> Bool {
    guard !isOver, let connection else { return false }
    return connection.write(bytes, of: self)
  }

  fileprivate func finish() {
    guard !isOver else { return }
    isOver = true
    onEnd = nil
    connection?.finish(self)
  }

  func clientGone() {
    guard !isOver else { return }
    isOver = true
    let told = onEnd
    onEnd = nil
    told?()
  }
}

/// The body of a response whose length is not known, such as server-sent events.
package final class HTTPStream {
  private let exchange: HTTPExchange

  init(_ exchange: HTTPExchange) { self.exchange = exchange }

  /// Sends bytes.
  ///
  /// - Returns: false: the stream is over. The client has gone, or has taken too little of what was sent before.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool { exchange.write(bytes) }

  /// Completes the response.
  package func finish() { exchange.finish() }

  package var isOver: Bool { exchange.isOver }
}
