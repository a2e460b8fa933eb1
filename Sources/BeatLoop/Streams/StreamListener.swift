internal import CHiredisAsync
import Glibc

/// Accepts connections on the loop, by TCP or by a Unix socket.
///
/// In one turn of the loop it accepts a few at most, so a crowd at the door holds nothing else up. Where the system
/// has no descriptor left, it rests for a second: the event would come back at once, in each turn.
package final class StreamListener {
  /// Makes the connection. It must be called at most once, within the callback; if it is not, the connection is closed.
  package typealias Take = (@escaping (ByteStreamEvent) -> Void) -> ByteStream?

  private static let acceptedInTurn = 16
  private static let backlog: Int32 = 128
  /// How long no connection is accepted after the system has refused one; microseconds.
  private static let rest: Int64 = 1_000_000

  private let loop: EventLoop
  private let handle: (StreamPeer, Take) -> Void
  private var descriptor: Int32 = -1
  private var event: OpaquePointer?
  private lazy var restTimer = LoopTimer(on: loop) { [unowned self] in listen() }
  /// The file of a Unix socket, which goes with the listener; nil: it listens by TCP.
  private var file: SocketFile?

  /// The address, with the port that the system has chosen where 0 was asked for.
  package private(set) var address: ListenAddress

  /// Begins to listen.
  ///
  /// - Parameter handle: runs on the loop for each connection, which it takes by calling `Take` with what hears of it.
  ///
  /// Throws: the address is another process' or not this machine's, or the system refuses. The text says what to do.
  package init(
    on address: ListenAddress, loop: EventLoop, handle: @escaping (StreamPeer, Take) -> Void
  ) throws(EventLoopError) {
    loop.assertOnLoop()
    self.loop = loop
    self.handle = handle
    self.address = address
    switch address {
    case .address(let host, let port):
      let bound = try Self.bound(host, port)
      descriptor = bound.descriptor
      self.address = .address(host, port: bound.port)
    case .path(let path):
      let file = try SocketFile(at: path)
      self.file = file
      descriptor = file.descriptor
    }
    do throws(EventLoopError) {
      guard Glibc.listen(descriptor, Self.backlog) == 0 else { throw Self.refusal("\(address)", errno) }
      event = event_new(
        loop.base, descriptor, Int16(EV_READ | EV_PERSIST),
        { _, _, me in me.map { StreamListener.from($0).acceptSome() } }, Unmanaged.passUnretained(self).toOpaque())
      guard event != nil else { throw EventLoopError("\(address)", errno: ENOMEM) }
    } catch {
      close()
      throw error
    }
    listen()
  }

  deinit { close() }

  /// Accepts no more. Connections that were taken stay open.
  package func close() {
    if let event { event_free(event) }
    event = nil
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
    file?.remove()
    file = nil
  }

  private func listen() { if let event { event_add(event, nil) } }

  private func acceptSome() {
    for _ in 0..<Self.acceptedInTurn {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      let accepted = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept4(descriptor, $0, &length, flags) }
      }
      guard accepted >= 0 else {
        switch errno {
        case EAGAIN: return
        // The client has gone already.
        case EINTR, ECONNABORTED, EPROTO: continue
        default:
          if let event { event_del(event) }
          return restTimer.schedule(after: Self.rest)
        }
      }
      take(accepted, Self.peer(of: &storage, length))
      // The owner may have closed the listener.
      guard descriptor >= 0 else { return }
    }
  }

  private func take(_ accepted: Int32, _ peer: StreamPeer) {
    var isTaken = false
    handle(peer) { [loop] hear in
      guard !isTaken else { return nil }
      isTaken = true
      return try? ByteStream(accepted: accepted, from: peer, on: loop, handle: hear)
    }
    if !isTaken { Glibc.close(accepted) }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> StreamListener {
    Unmanaged<StreamListener>.fromOpaque(context).takeUnretainedValue()
  }

  // MARK: the system's addresses

  private static func bound(_ host: String, _ port: UInt16) throws(EventLoopError) -> (descriptor: Int32, port: UInt16)
  {
    let place = "\(ListenAddress.address(host, port: port))"
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0, let target = list?.pointee else {
      throw EventLoopError(place, errno: EINVAL)
    }
    defer { freeaddrinfo(list) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(target.ai_family, kind, Int32(IPPROTO_TCP))
    // A machine without IPv6 has no `::`.
    if descriptor < 0, errno == EAFNOSUPPORT, host == "::" { return try bound("0.0.0.0", port) }
    guard descriptor >= 0 else { throw refusal(place, errno) }
    var (yes, no): (Int32, Int32) = (1, 0)
    let size = socklen_t(MemoryLayout<Int32>.size)
    _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
    // `::` takes IPv4, too.
    if target.ai_family == AF_INET6 {
      _ = setsockopt(descriptor, Int32(IPPROTO_IPV6), Int32(IPV6_V6ONLY), &no, size)
    }
    guard bind(descriptor, target.ai_addr, target.ai_addrlen) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      throw refusal(place, code)
    }
    return (descriptor, boundPort(descriptor) ?? port)
  }

  private static func boundPort(_ descriptor: Int32) -> UInt16? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return status == 0 ? numeric(&storage, length)?.port : nil
  }

  private static func peer(of storage: inout sockaddr_storage, _ length: socklen_t) -> StreamPeer {
    guard let (host, _) = numeric(&storage, length) else { return .local }
    return .address(host.hasPrefix("::ffff:") ? String(host.dropFirst(7)) : host)
  }

  private static func numeric(_ storage: inout sockaddr_storage, _ length: socklen_t) -> (host: String, port: UInt16)? {
    guard [AF_INET, AF_INET6].contains(Int32(storage.ss_family)) else { return nil }
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let status = withUnsafePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getnameinfo(
          $0, length, &host, socklen_t(host.count), &service, socklen_t(service.count), NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    guard status == 0, let port = UInt16(text(service)) else { return nil }
    return (text(host), port)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  static func refusal(_ place: String, _ code: Int32) -> EventLoopError {
    switch code {
    case EADDRINUSE:
      EventLoopError("\(place) cannot be listened on: another process does. Stop it, or choose another port")
    case EADDRNOTAVAIL: EventLoopError("\(place) cannot be listened on: this machine does not have that address")
    case EACCES: EventLoopError("\(place) cannot be listened on: this user may not. Ports below 1024 are for root")
    default: EventLoopError("\(place) cannot be listened on", errno: code)
    }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension StreamListener: Sendable {}
