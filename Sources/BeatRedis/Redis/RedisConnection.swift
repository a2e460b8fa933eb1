import BeatCore
import BeatLoop
internal import CHiredisAsync
import Glibc

/// One connection to a Redis server: commands go out in order, replies come back in order.
///
/// It connects when made, and keeps itself alive until either side closes it. It never reconnects: after `onClose` its
/// owner makes another. Commands that subscribe or monitor do not belong here; see `NotificationStream`. No callback
/// runs inside a call of `send` or `close`.
package final class RedisConnection {
  enum State {
    /// Looking up the host's addresses.
    case resolving
    /// Trying one address; `others` are still to be tried.
    case connecting(others: [String])
    case open
    /// Closed for its owner; hiredis' context may live until the next turn of the loop.
    case closing
    case closed
  }

  /// Where this connection leads.
  package let endpoint: RedisEndpoint
  /// The user as whom it logs in; nil: the server's default user.
  package internal(set) var user: String?
  /// Why it was closed, or nil. Set before the callbacks of pending requests get nil.
  package private(set) var closeError: RedisConnectionError?

  let security: TLSSettings?
  let loop: EventLoop
  let timeouts: RedisTimeouts
  private var onClose: ((RedisConnectionError) -> Void)?
  var state = State.resolving
  /// hiredis owns the context and frees it by itself. It is nil from the moment when hiredis says so, in `contextGone`.
  var context: UnsafeMutablePointer<redisAsyncContext>?
  var lookup: HostLookup?
  /// The TLS session with the address that is being tried or was reached.
  var tls: HiredisTLS?
  /// How the errors of TLS name what a user can change.
  var tlsWords = HiredisTLS.words
  let connectDeadline: MonotonicTime
  lazy var deadline = LoopTimer(on: loop) { [unowned self] in deadlineReached() }

  var requests = RequestQueue()
  /// How many bytes hiredis' output buffer may hold. hiredis moves the rest of its output with every write; with a
  /// bound on it, the cost of a thousand commands does not grow with the number of commands that wait behind them.
  private static let outputLimit = 256 * 1024
  var patience = ReplyPatience()

  let ledger = ReplyLedger()
  var onPush: ((UnsafeMutablePointer<redisReply>) -> Void)?
  var confirmationsOwed = 0
  /// Lets an owner inside this module release its own state, just before `onClose`.
  var onFinish: (() -> Void)?
  /// Gets each error reply that says that this user may not run a command, or that there is no such command. It runs
  /// before the request's own callback.
  package var onRefusal: ((RedisServerError) -> Void)?

  /// Requests without a reply.
  package var inFlight: Int { requests.count }

  /// True as soon as no request will be answered any more.
  package var isClosed: Bool {
    switch state {
    case .closing, .closed: true
    default: false
    }
  }

  /// Begins to connect, by TLS if `security` is given; TLS is never used on a unix socket. `onClose` runs exactly once,
  /// after the callbacks of all pending requests.
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

  /// Sends a command, or keeps it until the connection is established. `then` runs exactly once: with the reply, which
  /// may be an error of the server, or with nil when the connection ended first. Nil means *unknown*: the server may
  /// have carried the command out. A reply is in memory twice for a moment, so read what may be large in parts (STRLEN,
  /// GETRANGE).
  package func send(_ command: RedisCommand, then completion: @escaping (RedisReply?) -> Void) {
    loop.assertOnLoop()
    precondition(onPush == nil, "a connection that subscribes takes no other command")
    switch state {
    case .closed:
      loop.soon { completion(nil) }
    case .closing: requests.append(nil, then: completion)
    case .resolving, .connecting: requests.append(command, then: completion)
    case .open:
      if requests.isEmpty { expectReply() }
      if !requests.hasUnsent, hasRoom {
        write(command, number: requests.append(nil, then: completion))
      } else {
        requests.append(command, then: completion)
      }
    }
  }

  /// Ends the connection without waiting for replies. In the next turn of the loop the pending requests get nil, then
  /// `onClose` runs. Closing again does nothing.
  package func close() {
    loop.assertOnLoop()
    end(.closedLocally(endpoint))
  }

  /// Ends the connection if a reply does not fit its request: later replies may then belong to other requests as well.
  /// An error reply fits every request, and nil means that the connection has ended already.
  ///
  /// - Parameter request: what was asked for, as in "a heartbeat".
  func endMisfit(_ reply: RedisReply?, of request: String) {
    if let reply, reply.error == nil { end(.breach(endpoint, .misfit(request))) }
  }

  /// Ends the connection for a reason that its owner gives.
  func end(_ error: RedisConnectionError) {
    guard !isClosed else { return }
    closeError = error
    state = .closing
    deadline.cancel()
    lookup?.cancel()
    lookup = nil
    // The context is never freed from inside a callback of hiredis or of this class: there hiredis delays the freeing,
    // or calls back into this method.
    loop.soon { [self] in
      if let context { redisAsyncFree(context) } else { finish() }
    }
  }

  // MARK: Requests

  private var hasRoom: Bool {
    guard let context, let output = context.pointee.c.obuf else { return false }
    return sdslen(output) < RedisConnection.outputLimit
  }

  /// Sends what is unsent, as far as there is room. Every reply is the occasion to send more.
  func writeUnsent() {
    while case .open = state, hasRoom, let next = requests.takeUnsent() { write(next.command, number: next.number) }
  }

  private func write(_ command: RedisCommand, number: UInt) {
    guard let context else { return }
    let status = command.withBytes { bytes in
      redisAsyncFormattedCommand(
        context, { RedisConnection.of($0)?.received($1, number: UInt(bitPattern: $2)) },
        UnsafeMutableRawPointer(bitPattern: number), bytes.baseAddress, bytes.count)
    }
    // hiredis has not queued the callback; `end` answers this request with the others.
    if status != REDIS_OK { end(.broken(endpoint, code: REDIS_ERR_OOM, reason: "")) }
  }

  /// Takes a reply. When hiredis takes a connection down, it calls with a nil reply; `finish` answers those requests,
  /// all at one place.
  private func received(_ reply: UnsafeMutableRawPointer?, number: UInt) {
    guard let reply, case .open = state else { return }
    guard let completion = requests.answered(number) else {
      return end(.broken(endpoint, code: REDIS_ERR_PROTOCOL, reason: "a reply to no request"))
    }
    if requests.isEmpty { deadline.cancel() } else { patience.progressed(at: .now()) }
    if requests.hasUnsent { writeUnsent() }
    let answer = RedisReply(draining: reply.assumingMemoryBound(to: redisReply.self))
    if let error = answer.error { refused(error) }
    completion(answer)
  }

  /// Reports an error about the user's rights to `onRefusal`. Scripts return such errors in their replies, so adapters
  /// call this, too.
  func refused(_ error: RedisServerError) {
    if let onRefusal, error.isOfOurRights { onRefusal(error) }
  }

  // MARK: Deadlines

  func expectReply() {
    patience.begin(at: .now())
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
    guard !requests.isEmpty || confirmationsOwed > 0 else { return }
    let received = ledger.taken &+ Int(context?.pointee.c.reader?.pointee.len ?? 0)
    switch patience.verdict(at: .now(), timeouts, number: requests.firstNumber, received: received) {
    case .wait(let microseconds): deadline.schedule(after: microseconds)
    case .silent: end(.noReply(endpoint, for: timeouts.reply))
    case .endless: end(.endlessReply(endpoint, after: timeouts.whole))
    }
  }

  // MARK: The end

  /// hiredis is about to free the context: after a failed connect, a broken connection, or `redisAsyncFree`.
  func contextGone() {
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
      } else if requests.firstNumber == 1, tls == nil {
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
    onPush = nil
    for completion in requests.removeAll() { completion(nil) }
    onFinish?()
    onFinish = nil
    let onClose = onClose
    self.onClose = nil
    if let closeError { onClose?(closeError) }
  }

  static func of(_ context: UnsafePointer<redisAsyncContext>?) -> RedisConnection? {
    context?.pointee.data.map { Unmanaged<RedisConnection>.fromOpaque($0).takeUnretainedValue() }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisConnection: Sendable {}
