/// From a host's name to an established connection: address after address, then TLS.
extension ByteStream {
  func resolved(_ outcome: HostLookup.Outcome) {
    lookup = nil
    guard case .resolving = state else { return }
    switch outcome {
    case .failed(let reason): end(.unresolved(host, reason))
    case .addresses(let addresses): connect(toOneOf: addresses)
    }
  }

  /// Tries the first address, with an equal share of the time that is left for all of them.
  func connect(toOneOf addresses: [String]) {
    guard let first = addresses.first else { return }
    let others = Array(addresses.dropFirst())
    do throws(StreamSocket.Refusal) {
      let socket = try StreamSocket(to: first, port: port, on: loop) { [unowned self] in ready($0) }
      state = .connecting(socket, others: others)
      let left = patience - MonotonicTime.now().microseconds(since: began)
      deadline.schedule(after: left / Int64(addresses.count))
    } catch {
      state = .connecting(nil, others: others)
      // It may be the owner's call in which this runs.
      loop.soon { [weak self] in
        if let self { attemptFailed(.connecting(endpoint, error.code)) }
      }
    }
  }

  /// The attempt has an end: the connection is established, or refused.
  func connected(_ socket: StreamSocket) {
    guard case .connecting(_, let others) = state else { return }
    let code = socket.connectionError
    guard code == 0 else { return attemptFailed(.connecting(endpoint, code)) }
    guard let security else { return opened(socket, nil) }
    do throws(TLSFailure) {
      let tls = try TLSSession(security, host: host, words: words)
      state = .securing(socket, tls, others: others)
      socket.awaitInput()
      handshake(socket, tls)
    } catch {
      // Another address would not change this machine's files.
      end(.insecure(endpoint, error))
    }
  }

  func handshake(_ socket: StreamSocket, _ tls: TLSSession) {
    switch tls.handshake(socket.descriptor) {
    case .wantsRead: break
    case .wantsWrite: socket.awaitRoom()
    case .done: opened(socket, tls)
    case .failed(let failure): attemptFailed(.insecure(endpoint, failure))
    }
  }

  private func opened(_ socket: StreamSocket, _ tls: TLSSession?) {
    deadline.cancel()
    state = .open(socket, tls)
    tell(.opened)
    guard case .open = state else { return }
    socket.awaitInput()
    if !output.isEmpty { socket.writeSoon() }
    // The server may have sent data together with the end of its handshake.
    if tls?.hasPending == true { readSoon() }
  }

  /// Goes on with the next address. When none is left, the stream ends with the failure that tells most.
  func attemptFailed(_ error: ByteStreamError) {
    let others: [String]
    switch state {
    case .connecting(let socket, let rest): (_, others) = (socket?.close(), rest)
    case .securing(let socket, _, let rest): (_, others) = (socket.close(), rest)
    case .resolving, .open, .draining, .closed: return
    }
    deadline.cancel()
    let telling = refusal.map { $0.weight > error.weight ? $0 : error } ?? error
    guard !others.isEmpty else { return end(telling) }
    refusal = telling
    connect(toOneOf: others)
  }

  func deadlineReached() {
    switch state {
    case .resolving: end(.noLookup(host, after: patience))
    case .connecting: attemptFailed(.noConnection(endpoint, after: patience))
    case .securing: attemptFailed(.noHandshake(endpoint, after: patience, words))
    case .open, .draining, .closed: break
    }
  }

  /// As users write it: `localhost:5672`, `[::1]:5672`.
  var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
