internal import CHiredisAsync
import Glibc

/// How long a server may take, in microseconds.
public struct RedisTimeouts: Sendable, Hashable {
  /// For the connection to stand, name lookup included, all addresses together.
  public var connect: Int64
  /// For the next reply while at least one is owed.
  public var reply: Int64

  /// The defaults are 2 s and 5 s.
  public init(connect: Int64 = 2_000_000, reply: Int64 = 5_000_000) {
    self.connect = connect
    self.reply = reply
  }
}

/// One connection to a Redis server: commands go out in order, replies come back in order.
///
/// It connects when made, and keeps itself alive until it is closed, by whichever side. It never reconnects: after
/// `onClose` its owner makes another. Commands that subscribe or monitor do not belong here; see
/// `NotificationStream`. No callback runs inside a call of `send` or `close`.
public final class RedisConnection {
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
  public let endpoint: RedisEndpoint
  /// Why it was closed, or nil. Set before the callbacks of pending requests get nil.
  public private(set) var closeError: RedisConnectionError?

  private let loop: EventLoop
  private let timeouts: RedisTimeouts
  private var onClose: ((RedisConnectionError) -> Void)?
  private var state = State.resolving
  /// hiredis owns it and frees it by itself; nil from the moment it says so, in `contextGone`.
  private var context: UnsafeMutablePointer<redisAsyncContext>?
  private var lookup: HostLookup?
  private let connectDeadline: MonotonicTime
  private lazy var deadline = LoopTimer(on: loop) { [unowned self] in deadlineReached() }

  /// Commands given before the connection stood, in the order of `pending`.
  private var unsent: [RedisCommand] = []
  private var pending = RequestQueue()
  /// The number of the first request in `pending`. From 1, since a number travels through hiredis as a pointer.
  private var firstNumber: UInt = 1
  /// When the server last gave a reply, or when a reply was first owed.
  private var lastProgress = MonotonicTime(nanoseconds: 0)
  /// How far the server had come when a reply was found overdue: the first request without a reply, and the bytes of
  /// an unfinished one.
  private var overdue: (number: UInt, received: Int)?

  private var onPush: ((UnsafeMutablePointer<redisReply>) -> Void)?
  private var confirmationsOwed = 0
  /// Lets the owner inside this module put its own affairs in order, just before `onClose`.
  var onFinish: (() -> Void)?

  /// Requests without a reply.
  public var inFlight: Int { pending.count }

  /// True as soon as no request will be answered any more.
  public var isClosed: Bool {
    switch state {
    case .closing, .closed: true
    default: false
    }
  }

  /// Begins to connect. `onClose` runs exactly once, after the callbacks of all pending requests.
  public init(
    to endpoint: RedisEndpoint, on loop: EventLoop, timeouts: RedisTimeouts = RedisTimeouts(),
    onClose: @escaping (RedisConnectionError) -> Void
  ) {
    loop.assertOnLoop()
    self.endpoint = endpoint
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
  /// carried the command out.
  public func send(_ command: RedisCommand, then completion: @escaping (RedisReply?) -> Void) {
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
      write(command, number: firstNumber &+ UInt(pending.count) &- 1)
    }
  }

  /// Ends the connection without waiting for replies: in the next turn of the loop the pending requests get nil,
  /// then `onClose` runs. Closing again does nothing.
  public func close() {
    loop.assertOnLoop()
    end(.closedLocally(endpoint))
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
    var options = redisOptions()
    options.options = REDIS_OPT_PREFER_IP_UNSPEC
    let context: UnsafeMutablePointer<redisAsyncContext>? =
      switch address {
      case .tcp(let host, let port):
        host.withCString {
          options.type = Int32(bitPattern: REDIS_CONN_TCP.rawValue)
          options.endpoint.tcp.ip = $0
          options.endpoint.tcp.port = Int32(port)
          return redisAsyncConnectWithOptions(&options)
        }
      case .unix(let path):
        path.withCString {
          options.type = Int32(bitPattern: REDIS_CONN_UNIX.rawValue)
          options.endpoint.unix_socket = $0
          return redisAsyncConnectWithOptions(&options)
        }
      }
    guard let context else { return connectFailed("no memory") }
    guard context.pointee.err == 0, CHiredisAsync_attach(context, loop.base) == REDIS_OK else {
      // Not attached: nobody else frees it, and no callback comes.
      let reason = context.pointee.errstr.map { String(cString: $0) } ?? ""
      redisAsyncFree(context)
      return connectFailed(reason.isEmpty ? "no memory" : reason)
    }
    prepare(context)
    self.context = context
    // The context holds its connection; `contextGone` gives the count back, whatever way the context ends.
    context.pointee.data = Unmanaged.passRetained(self).toOpaque()
    context.pointee.dataCleanup = { data in
      if let data { Unmanaged<RedisConnection>.fromOpaque(data).takeRetainedValue().contextGone() }
    }
    redisAsyncSetConnectCallback(context) { context, status in
      if status == REDIS_OK { RedisConnection.of(context)?.opened() }
    }
    let left = connectDeadline.microseconds(since: .now())
    deadline.schedule(after: left / Int64(others.count + 1))
  }

  private func prepare(_ context: UnsafeMutablePointer<redisAsyncContext>) {
    _ = fcntl(context.pointee.c.fd, F_SETFD, FD_CLOEXEC)
    if let functions = BoundedReplies.functions, let reader = context.pointee.c.reader {
      reader.pointee.fn = functions
      reader.pointee.maxelements = BoundedReplies.maximumElements
    }
    guard case .tcp = endpoint else { return }
    // A peer that vanished without a word is noticed within half a minute while idle, and soon after the reply
    // deadline while bytes of ours are unacknowledged. Set here and not by hiredis, for which a refusal by the system
    // is the end of the connection: the reply deadline works without them.
    set(context, SOL_SOCKET, SO_KEEPALIVE, 1)
    set(context, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
    set(context, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
    set(context, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    set(context, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: timeouts.reply / 1000))
  }

  private func set(_ context: UnsafeMutablePointer<redisAsyncContext>, _ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    _ = setsockopt(context.pointee.c.fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private func opened() {
    guard case .connecting = state else { return }
    state = .open
    deadline.cancel()
    let commands = unsent
    unsent = []
    if !commands.isEmpty { expectReply() }
    for (offset, command) in commands.enumerated() {
      guard case .open = state else { return }
      write(command, number: firstNumber &+ UInt(offset))
    }
  }

  private func connectFailed(_ reason: String) {
    guard case .connecting(let others) = state else { return }
    guard let next = others.first, case .tcp(_, let port) = endpoint else {
      return end(.connecting(endpoint, reason))
    }
    state = .connecting(others: Array(others.dropFirst()))
    // Not at once: this may run while hiredis is still taking the failed context down.
    loop.soon { [self] in connect(to: .tcp(host: next, port: port)) }
  }

  // MARK: Requests

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
    completion(RedisReply(copying: reply.assumingMemoryBound(to: redisReply.self)))
  }

  // MARK: Subscriptions, for NotificationStream

  /// Sends a command that subscribes, of which `confirmations` are expected; from now on every message goes to
  /// `onPush`, which reads it in place.
  func subscribe(
    _ command: RedisCommand, confirmations: Int, onPush: @escaping (UnsafeMutablePointer<redisReply>) -> Void
  ) {
    loop.assertOnLoop()
    guard !isClosed else { return }
    guard case .open = state, pending.isEmpty, let context else {
      preconditionFailure("subscribe only when the connection stands and no reply is owed")
    }
    self.onPush = onPush
    confirmationsOwed += confirmations
    expectReply()
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
      guard let context, !others.isEmpty else { return end(.noConnection(endpoint, after: timeouts.connect)) }
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
    let received = context?.pointee.c.reader?.pointee.len ?? 0
    if let overdue, overdue == (firstNumber, received) { return end(.noReply(endpoint, for: timeouts.reply)) }
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
      connectFailed(reason.isEmpty ? String(cString: strerror(ETIMEDOUT)) : reason)
    case .open:
      if code == REDIS_ERR_IO, firstNumber == 1, let words = lastWords(context.pointee.c.fd) {
        end(.turnedAway(endpoint, words) ?? .refused(endpoint, "the connection", words))
      } else {
        end(.broken(endpoint, code: code, reason: reason))
      }
    case .closing:
      finish()
    }
  }

  /// A server that is full writes an error and hangs up at once. Our first write then fails before hiredis has read
  /// anything, and the reason lies in the socket, which is still open.
  private func lastWords(_ descriptor: Int32) -> RedisServerError? {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 1, buffer[0] == UInt8(ascii: "-") else { return nil }
      let line = buffer[1..<count].prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
      return RedisServerError(String(decoding: line, as: UTF8.self))
    }
  }

  private func finish() {
    guard case .closing = state else { return }
    state = .closed
    unsent = []
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
