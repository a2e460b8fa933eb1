import Glibc

/// One connection to a server by TCP, secured by TLS where that is wanted, or one that a `StreamListener` has accepted.
///
///     name -> addresses -> TCP -> TLS -> `opened` -> `received`…
///       |                   |      |         |           |
///       +-------------------+------+---------+-----------+--> `closed`, once
///
/// It begins to connect when made, and tries once; to reconnect, its owner makes another. Its last reference ends it,
/// as `close()` does without the attempt to write. It may be closed and released in its own callback; a callback that
/// only released it could still get what comes in that turn.
package final class ByteStream: ServedTransport {
  enum State {
    /// Looking up the host's addresses.
    case resolving
    /// Trying one address, by `socket`, or about to try the next one (nil); `others` are still to be tried.
    case connecting(StreamSocket?, others: [String])
    /// The address has accepted the connection, and TLS is being established.
    case securing(StreamSocket, TLSSession, others: [String])
    case open(StreamSocket, TLSSession?)
    /// Writing has failed, for this reason. What the other side sent before is still read: it may say why.
    case draining(StreamSocket, TLSSession?, ByteStreamError)
    case closed
  }

  let host: String
  let port: UInt16
  let security: TLSSettings?
  let words: TLSWords
  /// Microseconds from the beginning until `opened`, for all addresses together.
  let patience: Int64
  let loop: EventLoop
  /// The owner's callback; nil: it hears no more.
  private var handle: ((ByteStreamEvent) -> Void)?

  var state = State.resolving
  var lookup: HostLookup?
  /// The most telling failure of the addresses that were tried so far.
  var refusal: ByteStreamError?
  let began = MonotonicTime.now()
  lazy var deadline = LoopTimer(on: loop) { [unowned self] in deadlineReached() }

  var output = OutputBuffer()
  /// TLS renews its keys: it must write before it can go on reading.
  var readWaitsToWrite = false
  /// Nothing more is written, and the other side is told so once the output has gone.
  private(set) var isFinishing = false

  /// Begins to connect.
  ///
  /// - Parameters:
  ///   - host: a name, or an address (IPv6 without brackets).
  ///   - security: how TLS is used; nil: without TLS.
  ///   - patience: the time until `opened`, in microseconds, with the name lookup and TLS. Each address gets an equal
  ///     share of what is left.
  ///   - handle: runs for each event, on the loop, never inside a call of this class. The stream keeps it until it is
  ///     closed.
  package init(
    to host: String, port: UInt16, security: TLSSettings?, words: TLSWords, patience: Int64, on loop: EventLoop,
    handle: @escaping (ByteStreamEvent) -> Void
  ) {
    loop.assertOnLoop()
    self.host = host
    self.port = port
    self.security = security
    self.words = words
    self.patience = patience
    self.loop = loop
    self.handle = handle
    if let address = HostLookup.address(host) {
      connect(toOneOf: [address])
    } else {
      deadline.schedule(after: patience)
      lookup = HostLookup(of: host, on: loop) { [unowned self] in resolved($0) }
    }
  }

  /// Takes a connection that was accepted. It is open; `opened` is not told. No event comes before the next turn of
  /// the loop.
  ///
  /// Throws: the system has no memory for its events. The descriptor is closed then.
  init(
    accepted descriptor: Int32, from peer: StreamPeer, on loop: EventLoop, handle: @escaping (ByteStreamEvent) -> Void
  ) throws(StreamSocket.Refusal) {
    loop.assertOnLoop()
    (host, port) = (peer.description, 0)
    (security, words, patience) = (nil, .unneeded, 0)
    self.loop = loop
    self.handle = handle
    let socket = try StreamSocket(accepted: descriptor, on: loop) { [unowned self] in ready($0) }
    state = .open(socket, nil)
    socket.awaitInput()
  }

  deinit { lookup?.cancel() }

  package var unsent: Int { output.count }

  package func write(_ bytes: [UInt8]) {
    loop.assertOnLoop()
    switch state {
    case .resolving, .connecting, .securing:
      output.append(bytes)
    case .open(let socket, _):
      guard !isFinishing else { return }
      output.append(bytes)
      if !output.isEmpty { socket.writeSoon() }
    case .draining, .closed:
      break
    }
  }

  package func finish() {
    loop.assertOnLoop()
    guard !isFinishing, case .open(let socket, _) = state else { return }
    isFinishing = true
    if output.isEmpty { socket.endOutput() }
  }

  /// Ends the connection silently. Of what was written, the system gets what it takes at once; the rest is dropped.
  package func close() {
    loop.assertOnLoop()
    if case .open(let socket, let tls) = state { _ = writeOut(socket, tls) }
    release()
  }

  // MARK: The events

  func tell(_ event: ByteStreamEvent) { handle?(event) }

  /// Reports the end. Nothing is left of the connection by then.
  func end(_ error: ByteStreamError) {
    let handle = handle
    release()
    handle?(.closed(error))
  }

  private func release() {
    handle = nil
    deadline.cancel()
    lookup?.cancel()
    lookup = nil
    socket?.close()
    state = .closed
    output = OutputBuffer()
  }

  private var socket: StreamSocket? {
    switch state {
    case .resolving, .closed: nil
    case .connecting(let socket, _): socket
    case .securing(let socket, _, _), .open(let socket, _), .draining(let socket, _, _): socket
    }
  }

  /// What the socket tells.
  func ready(_ readiness: StreamSocket.Readiness) {
    switch state {
    case .resolving, .closed: break
    case .connecting(let socket, _): if let socket { connected(socket) }
    case .securing(let socket, let tls, _): handshake(socket, tls)
    case .open, .draining:
      switch readiness {
      case .toRead: read()
      case .toWrite: flush()
      }
    }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension ByteStream: Sendable {}
