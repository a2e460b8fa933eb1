internal import CHiredisAsync
import Glibc

/// One TCP or Unix socket on the loop, which never blocks: it connects to an address or was accepted, reads and writes,
/// and tells when it is ready.
final class StreamSocket {
  enum Readiness {
    case toRead
    /// It has room, it has connected or has failed to, or `writeSoon` was called.
    case toWrite
  }

  /// The system refused a socket, or the connection; `code` is its error number.
  struct Refusal: Error {
    let code: Int32
  }

  private(set) var descriptor: Int32
  /// The events are in the loop's base.
  private let loop: EventLoop
  private let ready: (Readiness) -> Void
  private var readable: OpaquePointer?
  private var writable: OpaquePointer?
  private var awaitsInput = false
  private var awaitsRoom = false
  private var writesSoon = false

  /// Begins to connect. `ready` runs from the loop: first with `toWrite`, when `connectionError` tells how it went.
  /// `address` is numeric.
  convenience init(
    to address: String, port: UInt16, on loop: EventLoop, ready: @escaping (Readiness) -> Void
  ) throws(Refusal) {
    try self.init(try StreamSocket.connecting(to: address, port), on: loop, ready: ready)
    awaitRoom()
  }

  /// Takes a connection that was accepted. The descriptor is this object's from now on, also if this throws.
  convenience init(
    accepted descriptor: Int32, on loop: EventLoop, ready: @escaping (Readiness) -> Void
  ) throws(Refusal) {
    StreamSocket.setOptions(descriptor)
    try self.init(descriptor, on: loop, ready: ready)
  }

  private init(
    _ descriptor: Int32, on loop: EventLoop, ready: @escaping (Readiness) -> Void
  ) throws(Refusal) {
    self.loop = loop
    self.ready = ready
    self.descriptor = descriptor
    let me = Unmanaged.passUnretained(self).toOpaque()
    readable = event_new(
      loop.base, descriptor, Int16(EV_READ | EV_PERSIST),
      { _, _, me in me.map { StreamSocket.from($0).ready(.toRead) } }, me)
    writable = event_new(
      loop.base, descriptor, Int16(EV_WRITE), { _, _, me in me.map { StreamSocket.from($0).hasRoom() } }, me)
    guard readable != nil, writable != nil else { throw Refusal(code: ENOMEM) }
  }

  deinit { close() }

  /// No event comes any more. Closing again does nothing.
  func close() {
    if let readable { event_free(readable) }
    if let writable { event_free(writable) }
    (readable, writable) = (nil, nil)
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// The other side reads an end after what was written.
  func endOutput() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  // MARK: Connecting

  private static func connecting(to address: String, _ port: UInt16) throws(Refusal) -> Int32 {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // A numeric address is only read; nothing is looked up.
    guard getaddrinfo(address, String(port), &hints, &list) == 0, let target = list?.pointee else {
      throw Refusal(code: EINVAL)
    }
    defer { freeaddrinfo(list) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(target.ai_family, kind, Int32(IPPROTO_TCP))
    guard descriptor >= 0 else { throw Refusal(code: errno) }
    setOptions(descriptor)
    // A connect that is interrupted goes on by itself.
    guard connect(descriptor, target.ai_addr, target.ai_addrlen) == 0 || [EINPROGRESS, EINTR].contains(errno) else {
      let code = errno
      Glibc.close(descriptor)
      throw Refusal(code: code)
    }
    return descriptor
  }

  /// A peer that vanishes silently is noticed within half a minute while nothing is on its way to it. TCP_USER_TIMEOUT
  /// would shorten the rest as well; but it also ends the connection to a peer that is alive and has stopped reading
  /// for a while, as brokers do when they are short of memory. The protocol's own heartbeats tell the two apart.
  private static func setOptions(_ descriptor: Int32) {
    // What the system refuses here is not needed.
    func set(_ level: Int32, _ name: Int32, _ value: Int32) {
      var value = value
      _ = setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
    // Writes are put together already. Nagle's algorithm would hold the last segment back for an acknowledgement.
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
    set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
    set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
    set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
  }

  /// Why the connection was not established, by the system's error number; 0: it was.
  var connectionError: Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }

  // MARK: Waiting

  /// Tells `toRead` in each turn in which there is input, until `ignoreInput`.
  func awaitInput() {
    guard !awaitsInput, let readable else { return }
    awaitsInput = true
    event_add(readable, nil)
  }

  func ignoreInput() {
    guard awaitsInput, let readable else { return }
    awaitsInput = false
    event_del(readable)
  }

  /// Tells `toWrite` once, when there is room.
  func awaitRoom() {
    guard !awaitsRoom, let writable else { return }
    awaitsRoom = true
    event_add(writable, nil)
  }

  /// Tells `toWrite` once, in this turn of the loop, after what is ready in it already; if room is awaited, when there
  /// is some.
  func writeSoon() {
    guard !awaitsRoom, !writesSoon, let writable else { return }
    writesSoon = true
    event_active(writable, Int32(EV_WRITE), 0)
  }

  private func hasRoom() {
    awaitsRoom = false
    writesSoon = false
    ready(.toWrite)
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> StreamSocket {
    Unmanaged<StreamSocket>.fromOpaque(context).takeUnretainedValue()
  }

  // MARK: Bytes

  func read(into buffer: UnsafeMutableRawBufferPointer) -> ByteTransfer {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .moved(count) }
      if count == 0 { return .ended }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wantsRead
      default: return .broken(errno)
      }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> ByteTransfer {
    while true {
      let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count > 0 { return .moved(count) }
      switch errno {
      case EINTR: continue
      default: return errno == EAGAIN || count == 0 ? .wantsWrite : .broken(errno)
      }
    }
  }
}
