import BeatLoop
internal import CHiredisAsync
import Glibc

/// Drives one hiredis context by the loop, in the place of hiredis' own libevent adapter.
///
/// The adapter changes its interest in the socket twice for each request and waits to be told that the socket is
/// writable, which it nearly always is: ten system calls for a request and its reply. Here they are four. Reading is
/// asked for once and kept; what is to be written is written at the end of the turn of the loop, many commands in one
/// call; only a socket that is connecting or full is waited for.
final class ContextEvents {
  private enum Writing {
    case nothing
    /// Later in this turn of the loop.
    case soon
    /// When the socket is writable.
    case waiting
  }

  /// How often what is subscribed to is read in one turn, 16 KiB each time. Redis closes a connection whose events pile
  /// up (`client-output-buffer-limit pubsub`), so events go before the reading of documents, of which each stands for
  /// as many events as came meanwhile.
  private static let readsOfEvents = 16

  /// Valid while `readable` and `writable` are not nil.
  private let context: UnsafeMutablePointer<redisAsyncContext>
  private var readable: OpaquePointer?
  private var writable: OpaquePointer?
  private var isReading = false
  private var writing = Writing.nothing
  private var isInWrite = false
  private var tls: TLSSession?
  /// While it is not nil, the socket belongs to the handshake and hiredis is kept from it.
  private var onSecured: ((_ isSecure: Bool) -> Void)?

  /// Attaches a new context; false when memory is short. Afterwards the context holds its events, until it goes.
  static func attach(_ context: UnsafeMutablePointer<redisAsyncContext>, to loop: EventLoop) -> Bool {
    let events = ContextEvents(context, loop)
    guard events.readable != nil, events.writable != nil else { return false }
    // Retained for hiredis; released in `cleanup`, which it calls exactly once, before it frees the context.
    context.pointee.ev.data = Unmanaged.passRetained(events).toOpaque()
    context.pointee.ev.addRead = { ContextEvents.of($0)?.addRead() }
    context.pointee.ev.addWrite = { ContextEvents.of($0)?.addWrite() }
    context.pointee.ev.delWrite = { ContextEvents.of($0)?.removeWrite() }
    context.pointee.ev.cleanup = { events in
      if let events { Unmanaged<ContextEvents>.fromOpaque(events).takeRetainedValue().free() }
    }
    return true
  }

  private init(_ context: UnsafeMutablePointer<redisAsyncContext>, _ loop: EventLoop) {
    self.context = context
    let descriptor = context.pointee.c.fd
    let me = Unmanaged.passUnretained(self).toOpaque()
    readable = event_new(
      loop.base, descriptor, Int16(EV_READ | EV_PERSIST), { _, _, me in ContextEvents.of(me)?.read() }, me)
    writable = event_new(loop.base, descriptor, Int16(EV_WRITE), { _, _, me in ContextEvents.of(me)?.write() }, me)
  }

  deinit { free() }

  // MARK: What hiredis asks for

  private func addRead() {
    guard !isReading else { return }
    isReading = true
    event_add(readable, nil)
  }

  private func addWrite() {
    // What cannot be written before something was read is written then.
    guard onSecured == nil, tls?.writeWaitsToRead != true else { return }
    if isInWrite || !isConnected {
      waitToWrite()
    } else if writing == .nothing {
      writing = .soon
      event_active(writable, Int32(EV_WRITE), 0)
    }
  }

  private func removeWrite() {
    guard writing != .nothing, onSecured == nil else { return }
    writing = .nothing
    event_del(writable)
  }

  private func free() {
    onSecured = nil
    if let readable { event_free(readable) }
    if let writable { event_free(writable) }
    readable = nil
    writable = nil
  }

  // MARK: What the loop tells

  private func read() {
    if onSecured != nil { return handshake() }
    for _ in 0..<Self.readsOfEvents {
      redisAsyncHandleRead(context)
      // The context may be gone by now.
      guard readable != nil else { return }
      if let reader = context.pointee.c.reader, ReplyLedger.of(reader.pointee.privdata)?.awaits(reader.pointee) == false
      {
        context.pointee.err = REDIS_ERR_PROTOCOL
        return redisAsyncFree(context)
      }
      guard isSubscribed, hasMore else { break }
    }
    guard let tls, let readable, let writable else { return }
    if tls.hasPending { event_active(readable, Int32(EV_READ), 0) }
    if tls.readWaitsToWrite { waitToWrite() }
    if tls.writeWaitsToRead { event_active(writable, Int32(EV_WRITE), 0) }
  }

  private func write() {
    writing = .nothing
    if onSecured != nil { return handshake() }
    let hasToRead = tls?.readWaitsToWrite == true
    isInWrite = true
    redisAsyncHandleWrite(context)
    isInWrite = false
    // The context may be gone by now; if it is not, and still connecting, it expects to be called again.
    guard let readable, writable != nil else { return }
    if !isConnected { addWrite() }
    if hasToRead { event_active(readable, Int32(EV_READ), 0) }
  }

  private func waitToWrite() {
    guard writing != .waiting else { return }
    writing = .waiting
    event_add(writable, nil)
  }

  // MARK: TLS

  /// Secures the connection, which stands. `completion` runs once, from a later event, unless the context goes before;
  /// on success hiredis then reads and writes through `session`.
  func secure(by session: TLSSession, then completion: @escaping (_ isSecure: Bool) -> Void) {
    tls = session
    onSecured = completion
    addRead()
    // Not at once: hiredis is still telling us that the connection stands, and the handshake may end it.
    event_active(writable, Int32(EV_WRITE), 0)
  }

  private func handshake() {
    guard let tls, let onSecured else { return }
    switch tls.handshake(context.pointee.c.fd) {
    case .wantsRead:
      break
    case .wantsWrite:
      waitToWrite()
    case .failed:
      self.onSecured = nil
      onSecured(false)
    case .done:
      self.onSecured = nil
      if writing == .waiting { removeWrite() }
      tls.carry(&context.pointee.c)
      onSecured(true)
      // What the server sent together with its last word of the handshake.
      if let readable, tls.hasPending { event_active(readable, Int32(EV_READ), 0) }
    }
  }

  private var isSubscribed: Bool { context.pointee.c.flags & REDIS_SUBSCRIBED != 0 }

  /// Whether the socket has bytes that nobody has read.
  private var hasMore: Bool {
    if tls?.hasPending == true { return true }
    var count: Int32 = 0
    return ioctl(context.pointee.c.fd, UInt(FIONREAD), &count) == 0 && count > 0
  }

  private var isConnected: Bool { context.pointee.c.flags & REDIS_CONNECTED != 0 }

  /// The events of a context, by its `ev.data`.
  static func of(_ events: UnsafeMutableRawPointer?) -> ContextEvents? {
    events.map { Unmanaged<ContextEvents>.fromOpaque($0).takeUnretainedValue() }
  }
}
