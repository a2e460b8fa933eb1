import BeatLoop
internal import CHiredisAsync
import Glibc

/// Drives one hiredis context by the event loop. It takes the place of hiredis' own libevent adapter.
///
/// That adapter changes its interest in the socket twice for each request, and waits to be told that the socket is
/// writable, which it nearly always is: ten system calls for a request and its reply. This class needs four. It asks
/// for reading once and keeps that. It writes at the end of the loop's turn, many commands in one call. It waits for
/// the socket only while the socket is connecting or full.
final class ContextEvents {
  private enum Writing {
    case nothing
    /// The output is written later in this turn of the loop.
    case soon
    /// The output is written when the socket is writable.
    case waiting
  }

  /// How often a subscribed connection is read in one turn, 16 KiB each time. Redis closes a connection whose events
  /// pile up (`client-output-buffer-limit pubsub`). So events are read before documents: one read of a document serves
  /// all events of it that came until then.
  private static let readsOfEvents = 16

  /// Valid while `readable` and `writable` are not nil.
  private let context: UnsafeMutablePointer<redisAsyncContext>
  private var readable: OpaquePointer?
  private var writable: OpaquePointer?
  private var isReading = false
  private var writing = Writing.nothing
  private var isInWrite = false
  private var tls: HiredisTLS?
  /// Runs when the TLS handshake ends. While it is not nil, the socket belongs to the handshake and hiredis is kept
  /// from it.
  private var onSecured: ((_ isSecure: Bool) -> Void)?

  /// Attaches a new context; false when memory is short. The context then keeps its events alive until it is freed.
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
    // Output that TLS cannot write before it has read something is written after that read.
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
    // The context may be gone by now. If it is still connecting, hiredis expects to be called again.
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

  /// Secures a connection that is established. `completion` runs once, from a later event, unless the context is freed
  /// first. On success hiredis reads and writes through `session` from then on.
  func secure(by session: HiredisTLS, then completion: @escaping (_ isSecure: Bool) -> Void) {
    tls = session
    onSecured = completion
    addRead()
    // The handshake begins in a later event: hiredis is still reporting the connection, and the handshake may end it.
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
      // The server may have sent data together with the end of its handshake.
      if let readable, tls.hasPending { event_active(readable, Int32(EV_READ), 0) }
    }
  }

  private var isSubscribed: Bool { context.pointee.c.flags & REDIS_SUBSCRIBED != 0 }

  /// Whether the socket, or TLS, has bytes that were not read yet.
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
