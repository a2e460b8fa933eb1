import BeatCore
import BeatLoop
internal import CHiredisAsync
import Glibc

/// One connection to a Redis server: commands go out in order, replies come back in order.
///
/// It connects when made, and keeps itself alive until it is closed, by whichever side. It never reconnects: after
/// `onClose` its owner makes another. Commands that subscribe or monitor do not belong here; see
/// `NotificationStream`. No callback runs inside a call of `send` or `close`.
package final class RedisConnection {
  private enum State {
    /// Looking up the host's addresses.
    case resolving
    /// Trying one address; `others` are still to be tried.
    case connecting(others: [String])
    case open
    /// Closed for its users; hiredis' context may live until the next turn of the loop.
    case closing
    case closed
  }

  /// Where this connection leads.
  package let endpoint: RedisEndpoint
  /// Why it was closed, or nil. Set before the callbacks of pending requests get nil.
  package private(set) var closeError: RedisConnectionError?

  private let security: TLSSettings?
  private let loop: EventLoop
  private let timeouts: RedisTimeouts
  private var onClose: ((RedisConnectionError) -> Void)?
  private var state = State.resolving
  /// hiredis owns it and frees it by itself; nil from the moment it says so, in `contextGone`.
  private var context: UnsafeMutablePointer<redisAsyncContext>?
  private var lookup: HostLookup?
  /// Of the address that is being tried or was reached.
  private var tls: TLSSession?
  private let connectDeadline: MonotonicTime
  private lazy var deadline = LoopTimer(on: loop) { [unowned self] in deadlineReached() }

  /// Who waits for a reply, in the order of the commands.
  private var pending = FirstInFirstOut<(RedisReply?) -> Void>()
  /// The commands of the last in `pending` that hiredis has not been given yet: the connection does not stand, or
  /// enough is on its way.
  private var unsent = FirstInFirstOut<RedisCommand>()
  /// hiredis moves what is left of its output with every write. With a bound on it the cost of a thousand commands
  /// does not grow with what waits behind them.
  private static let outputLimit = 256 * 1024
  /// The number of the first request in `pending`. From 1, since a number travels through hiredis as a pointer.
  private var firstNumber: UInt = 1
  /// When the server last gave a reply, or when a reply was first owed.
  private var lastProgress = MonotonicTime(nanoseconds: 0)
  /// How far the server had come when a reply was found overdue: the first request without a reply, and the bytes of
  /// an unfinished one.
  private var overdue: (number: UInt, received: Int)?

  private let ledger = ReplyLedger()
  private var onPush: ((UnsafeMutablePointer<redisReply>) -> Void)?
  private var confirmationsOwed = 0
  /// Lets the owner inside this module put its own affairs in order, just before `onClose`.
  var onFinish: (() -> Void)?
  /// Told of each reply that says that this user may not do that, or that there is no such command, before whoever asked.
  package var onRefusal: ((RedisServerError) -> Void)?

  /// Requests without a reply.
  package var inFlight: Int { pending.count }

  /// True as soon as no request will be answered any more.
  package var isClosed: Bool {
    switch state {
    case .closing, .closed: true
    default: false
    }
  }

  /// Begins to connect, by TLS if there is a `security`; a unix socket has none. `onClose` runs exactly once, after the
  /// callbacks of all pending requests.
  package init(
    to endpoint: RedisEndpoint, security: TLSSettings? = nil, on loop: EventLoop,
    timeouts: RedisTimeouts = RedisTimeouts(), onClose: @escaping (RedisConnectionError) -> Void
  ) {
    loop.assertOnLoop()
    self.endpoint = endpoint
    self.security = security
    self.loop = loop
    self.timeouts = timeouts
    self.onClose = onClose
    let (nanoseconds, _) = timeouts.connect.multipliedReportingOverflow(by: 1000)
    connectDeadline = MonotonicTime(nanoseconds: MonotonicTime.now().nanoseconds &+ nanoseconds)
    switch endpoint {
    case .unix:
      state = .connecting(others: [])
      connect(to: endpoint)
    case .tcp(let host, let port):
      if let address = HostLookup.address(host) {
        state = .connecting(others: [])
        connect(to: .tcp(host: address, port: port))
      } else {
        lookup = HostLookup(of: host, on: loop) { [self] in resolved($0) }
        deadline.schedule(after: timeouts.connect)
      }
    }
  }

  /// Sends a command; before the connection stands it waits. `then` runs exactly once: with the reply, which may be
  /// an error of the server, or with nil when the connection ended first. Nil means *unknown*: the server may have
  /// carried the command out. A reply is in memory twice, so ask for what may be large in parts (STRLEN, GETRANGE).
  package func send(_ command: RedisCommand, then completion: @escaping (RedisReply?) -> Void) {
    loop.assertOnLoop()
    precondition(onPush == nil, "a connection that subscribes takes no other command")
    switch state {
    case .closed:
      loop.soon { completion(nil) }
    case .closing:
      pending.append(completion)
    case .resolving, .connecting:
      unsent.append(command)
      pending.append(completion)
    case .open:
      pending.append(completion)
      if pending.count == 1 { expectReply() }
      if unsent.isEmpty, hasRoom {
        write(command, number: firstNumber &+ UInt(pending.count) &- 1)
      } else {
        unsent.append(command)
      }
    }
  }

  /// Ends the connection without waiting for replies: in the next turn of the loop the pending requests get nil,
  /// then `onClose` runs. Closing again does nothing.
  package func close() {
    loop.assertOnLoop()
    end(.closedLocally(endpoint))
  }

  /// Ends the connection, since a reply does not fit its request: those that follow may be answers to others, too. An error
  /// fits every request, and without a reply the connection has ended already.
  ///
  /// - Parameter request: what was asked for: "a heartbeat".
  func endMisfit(_ reply: RedisReply?, of request: String) {
    if let reply, reply.error == nil { end(.breach(endpoint, .misfit(request))) }
  }

  /// Ends the connection for a reason of its owner.
  func end(_ error: RedisConnectionError) {
    guard !isClosed else { return }
    closeError = error
    state = .closing
    deadline.cancel()
    lookup?.cancel()
    lookup = nil
    // Never from inside hiredis' or our own callbacks: freeing there is delayed, or leads back in here.
    loop.soon { [self] in
      if let context { redisAsyncFree(context) } else { finish() }
    }
  }

  // MARK: Connecting

  private func resolved(_ outcome: HostLookup.Outcome) {
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

  /// Tries one address, with a fair share of the time that is left.
  private func connect(to address: RedisEndpoint) {
    guard case .connecting(let others) = state else { return }
    tls = nil
    guard let context = RedisContext.begin(to: address) else {
      return connectFailed(.connecting(endpoint, "no memory"))
    }
    guard context.pointee.err == 0, ContextEvents.attach(context, to: loop) else {
      // Not attached: nobody else frees it, and no callback comes.
      let reason = context.pointee.errstr.map { String(cString: $0) } ?? ""
      redisAsyncFree(context)
      return connectFailed(.connecting(endpoint, reason.isEmpty ? "no memory" : reason))
    }
    RedisContext.prepare(context, for: endpoint, patience: timeouts.reply)
    ledger.watch(context)
    self.context = context
    // The context holds its connection; `contextGone` gives the count back, whatever way the context ends.
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

  /// The address has answered.
  private func connected() {
    guard case .connecting = state, let context else { return }
    guard let security, case .tcp(let host, _) = endpoint else { return opened() }
    do throws(TLSFailure) {
      let session = try TLSSession(security, host: host)
      tls = session
      ContextEvents.of(context.pointee.ev.data)?.secure(by: session) { [unowned self] isSecure in
        // `contextGone` goes on from there, with the session's reason.
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
    if !pending.isEmpty { expectReply() }
    writeUnsent()
  }

  private func connectFailed(_ error: RedisConnectionError) {
    guard case .connecting(let others) = state else { return }
    guard let next = others.first, case .tcp(_, let port) = endpoint else { return end(error) }
    state = .connecting(others: Array(others.dropFirst()))
    // Not at once: this may run while hiredis is still taking the failed context down.
    loop.soon { [self] in connect(to: .tcp(host: next, port: port)) }
  }

  // MARK: Requests

  private var hasRoom: Bool {
    guard let context, let output = context.pointee.c.obuf else { return false }
    return sdslen(output) < RedisConnection.outputLimit
  }

  /// What is unsent waits for replies to what is sent, so every reply is the occasion to send more.
  private func writeUnsent() {
    while case .open = state, hasRoom, !unsent.isEmpty {
      let number = firstNumber &+ UInt(pending.count &- unsent.count)
      if let command = unsent.removeFirst() { write(command, number: number) }
    }
  }

  private func write(_ command: RedisCommand, number: UInt) {
    guard let context else { return }
    let status = command.withBytes { bytes in
      redisAsyncFormattedCommand(
        context, { RedisConnection.of($0)?.received($1, number: UInt(bitPattern: $2)) },
        UnsafeMutableRawPointer(bitPattern: number), bytes.baseAddress, bytes.count)
    }
    // The callback was not queued; `end` answers the request with the others.
    if status != REDIS_OK { end(.broken(endpoint, code: REDIS_ERR_OOM, reason: "")) }
  }

  /// At teardown hiredis calls with a nil reply: those requests are answered in `finish`, all at one place.
  private func received(_ reply: UnsafeMutableRawPointer?, number: UInt) {
    guard let reply, case .open = state else { return }
    guard number == firstNumber, let completion = pending.removeFirst() else {
      return end(.broken(endpoint, code: REDIS_ERR_PROTOCOL, reason: "a reply to no request"))
    }
    firstNumber &+= 1
    if pending.isEmpty { deadline.cancel() } else { lastProgress = .now() }
    if !unsent.isEmpty { writeUnsent() }
    let answer = RedisReply(draining: reply.assumingMemoryBound(to: redisReply.self))
    if let error = answer.error { refused(error) }
    completion(answer)
  }

  /// Says so, if an error is about rights: one that a script has passed over, and told.
  func refused(_ error: RedisServerError) {
    if let onRefusal, error.isOfOurRights { onRefusal(error) }
  }

  // MARK: Subscriptions, for NotificationStream

  /// Subscribes to these channels, or `patterns` of channels; from now on every message and confirmation goes to
  /// `onPush`, which reads it in place.
  func subscribe(
    to names: [[UInt8]], patterns: Bool, onPush: @escaping (UnsafeMutablePointer<redisReply>) -> Void
  ) {
    loop.assertOnLoop()
    guard !isClosed else { return }
    guard case .open = state, pending.isEmpty, let context else {
      preconditionFailure("subscribe only when the connection stands and no reply is owed")
    }
    self.onPush = onPush
    confirmationsOwed += names.count
    ledger.expect(names, pattern: patterns)
    expectReply()
    var command = patterns ? RedisCommand("PSUBSCRIBE") : RedisCommand("SUBSCRIBE")
    command.append(contentsOf: names)
    let status = command.withBytes { bytes in
      // The owner is found by the context, never by a retained pointer: this callback runs many times.
      redisAsyncFormattedCommand(
        context, { context, reply, _ in RedisConnection.of(context)?.pushed(reply) }, nil, bytes.baseAddress,
        bytes.count)
    }
    if status != REDIS_OK { end(.broken(endpoint, code: REDIS_ERR_OOM, reason: "")) }
  }

  /// A confirmation has come.
  func confirmed() {
    confirmationsOwed = max(0, confirmationsOwed - 1)
    overdue = nil
    if confirmationsOwed == 0 { deadline.cancel() } else { lastProgress = .now() }
  }

  private func pushed(_ reply: UnsafeMutableRawPointer?) {
    guard let reply, case .open = state else { return }
    onPush?(reply.assumingMemoryBound(to: redisReply.self))
  }

  // MARK: Deadlines

  private func expectReply() {
    lastProgress = .now()
    overdue = nil
    deadline.schedule(after: timeouts.reply)
  }

  private func deadlineReached() {
    switch state {
    case .resolving:
      end(.noConnection(endpoint, after: timeouts.connect))
    case .connecting(let others):
      guard let context, !others.isEmpty else {
        return end(
          tls == nil
            ? .noConnection(endpoint, after: timeouts.connect) : .noHandshake(endpoint, after: timeouts.connect))
      }
      redisAsyncFree(context)  // Leads to `contextGone`, and there to the next address.
    case .open:
      replyDeadlineReached()
    case .closing, .closed:
      break
    }
  }

  private func replyDeadlineReached() {
    guard !pending.isEmpty || confirmationsOwed > 0 else { return }
    let waited = MonotonicTime.now().microseconds(since: lastProgress)
    guard waited >= timeouts.reply else { return deadline.schedule(after: timeouts.reply - waited) }
    // Perhaps it was we who slept (a stopped process, a long callback) and the reply lies in the socket, or it is
    // large and still coming: the connection is dead only if another chance to read brings nothing at all.
    let received = ledger.taken &+ Int(context?.pointee.c.reader?.pointee.len ?? 0)
    if let overdue {
      if overdue == (firstNumber, received) { return end(.noReply(endpoint, for: timeouts.reply)) }
      if waited >= timeouts.whole { return end(.endlessReply(endpoint, after: timeouts.whole)) }
    }
    overdue = (firstNumber, received)
    deadline.schedule(after: min(timeouts.reply / 4, 250_000))
  }

  // MARK: The end

  /// hiredis is about to free the context: after a failed connect, a broken connection, or `redisAsyncFree`.
  private func contextGone() {
    guard let context else { return }
    let code = context.pointee.err
    let reason = context.pointee.errstr.map { String(cString: $0) } ?? ""
    self.context = nil
    switch state {
    case .resolving, .closed:
      break
    case .connecting:
      deadline.cancel()
      connectFailed(
        tls?.failure.map { .insecure(endpoint, $0) }
          ?? .connecting(endpoint, reason.isEmpty ? String(cString: strerror(ETIMEDOUT)) : reason))
    case .open:
      if let breach = ledger.breach {
        end(.breach(endpoint, breach))
      } else if let failure = tls?.failure {
        end(.insecure(endpoint, failure))
      } else if firstNumber == 1, tls == nil {
        if code == REDIS_ERR_IO, let words = RedisContext.lastWords(context) {
          end(.turnedAway(endpoint, words) ?? .refused(endpoint, "the connection", words))
        } else {
          end(.hungUp(endpoint, code: code, reason: reason))
        }
      } else {
        end(.broken(endpoint, code: code, reason: reason))
      }
    case .closing:
      finish()
    }
  }

  private func finish() {
    guard case .closing = state else { return }
    state = .closed
    _ = unsent.removeAll()
    onPush = nil
    for completion in pending.removeAll() { completion(nil) }
    onFinish?()
    onFinish = nil
    let onClose = onClose
    self.onClose = nil
    if let closeError { onClose?(closeError) }
  }

  private static func of(_ context: UnsafePointer<redisAsyncContext>?) -> RedisConnection? {
    context?.pointee.data.map { Unmanaged<RedisConnection>.fromOpaque($0).takeUnretainedValue() }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisConnection: Sendable {}
