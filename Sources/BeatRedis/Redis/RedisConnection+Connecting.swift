import BeatLoop
internal import CHiredisAsync

/// From a host's name to an established connection: address after address, then TLS.
extension RedisConnection {
  func resolved(_ outcome: HostLookup.Outcome) {
    lookup = nil
    guard case .resolving = state, case .tcp(let host, let port) = endpoint else { return }
    switch outcome {
    case .failed(let reason):
      end(.unresolved(host, reason))
    case .addresses(let addresses):
      state = .connecting(others: Array(addresses.dropFirst()))
      if let first = addresses.first { connect(to: .tcp(host: first, port: port)) }
    }
  }

  /// Tries one address, with an equal share of the time that is left for all addresses.
  func connect(to address: RedisEndpoint) {
    guard case .connecting(let others) = state else { return }
    tls = nil
    guard let context = RedisContext.begin(to: address) else {
      return connectFailed(.connecting(endpoint, "no memory"))
    }
    guard context.pointee.err == 0, ContextEvents.attach(context, to: loop) else {
      // The context was not attached to the loop: only this method can free it, and no callback comes.
      let reason = context.pointee.errstr.map { String(cString: $0) } ?? ""
      redisAsyncFree(context)
      return connectFailed(.connecting(endpoint, reason.isEmpty ? "no memory" : reason))
    }
    RedisContext.prepare(context, for: endpoint, patience: timeouts.reply)
    ledger.watch(context)
    self.context = context
    // The context holds its connection. `contextGone` gives that reference back, however the context ends.
    context.pointee.data = Unmanaged.passRetained(self).toOpaque()
    context.pointee.dataCleanup = { data in
      if let data { Unmanaged<RedisConnection>.fromOpaque(data).takeRetainedValue().contextGone() }
    }
    redisAsyncSetConnectCallback(context) { context, status in
      if status == REDIS_OK { RedisConnection.of(context)?.connected() }
    }
    let left = connectDeadline.microseconds(since: .now())
    deadline.schedule(after: left / Int64(others.count + 1))
  }

  /// The address accepted the connection.
  private func connected() {
    guard case .connecting = state, let context else { return }
    guard let security, case .tcp(let host, _) = endpoint else { return opened() }
    do throws(TLSFailure) {
      let session = try HiredisTLS(security, host: host, words: tlsWords)
      tls = session
      ContextEvents.of(context.pointee.ev.data)?.secure(by: session) { [unowned self] isSecure in
        // On a failure hiredis calls `contextGone`, which goes on with the session's reason.
        if isSecure { opened() } else { redisAsyncFree(context) }
      }
    } catch {
      end(.insecure(endpoint, error))
    }
  }

  private func opened() {
    guard case .connecting = state else { return }
    state = .open
    deadline.cancel()
    if !requests.isEmpty { expectReply() }
    writeUnsent()
  }

  func connectFailed(_ error: RedisConnectionError) {
    guard case .connecting(let others) = state else { return }
    guard let next = others.first, case .tcp(_, let port) = endpoint else { return end(error) }
    state = .connecting(others: Array(others.dropFirst()))
    // The next attempt waits for a later turn: hiredis may still be taking the failed context down.
    loop.soon { [self] in connect(to: .tcp(host: next, port: port)) }
  }
}
