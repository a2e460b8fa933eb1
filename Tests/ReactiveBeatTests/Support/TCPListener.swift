import BeatLoop
import Glibc

@testable import ReactiveBeat

/// A listener on an address of this machine, whose connections a test serves one after the other, on a thread of its
/// own. Its end waits for that thread.
final class TCPListener: Sendable {
  /// One connection. Its reads and writes have a minute.
  struct Peer {
    let descriptor: Int32

    /// The next bytes, at most `most`; empty: the other side has ended the connection.
    func receive(_ most: Int = 65_536) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
        count = max(0, recv(descriptor, buffer.baseAddress, most, 0))
      }
    }

    /// So many bytes, or fewer if the other side ends the connection before.
    func receive(exactly count: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      while bytes.count < count, case let next = receive(min(count - bytes.count, 1 << 20)), !next.isEmpty {
        bytes += next
      }
      return bytes
    }

    func send(_ bytes: [UInt8]) {
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return }
        sent += count
      }
    }

    func send(_ text: String) { send(Array(text.utf8)) }
  }

  let port: UInt16
  private let descriptor: Int32
  private let isOver: BeatLoop.Semaphore

  /// - Parameters:
  ///   - address: numeric; IPv6 if it has a colon.
  ///   - port: 0: a free one.
  ///   - serve: the connection is closed after it; nil: no connection is ever taken.
  init(
    _ address: String = "127.0.0.1", port: UInt16 = 0, backlog: Int32 = 16, serve: (@Sendable (Peer) -> Void)?
  ) throws {
    let listening = try TCPListener.listening(address, port, backlog)
    self.port = listening.port
    descriptor = listening.descriptor
    isOver = try BeatLoop.Semaphore()
    guard let serve else {
      isOver.signal()
      return
    }
    let (descriptor, isOver) = (descriptor, isOver)
    try OwnThread.start {
      while case let peer = accept(descriptor, nil, nil), peer >= 0 {
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
          setsockopt(peer, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        serve(Peer(descriptor: peer))
        close(peer)
      }
      isOver.signal()
    }
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    isOver.wait()
    close(descriptor)
  }

  private static func listening(
    _ address: String, _ port: UInt16, _ backlog: Int32
  ) throws -> (descriptor: Int32, port: UInt16) {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, "\(port)", &hints, &list) == 0, let target = list?.pointee else {
      throw Failure(address, EINVAL)
    }
    defer { freeaddrinfo(list) }
    let descriptor = socket(target.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var bound = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = withUnsafeMutablePointer(to: &bound) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        guard bind(descriptor, target.ai_addr, target.ai_addrlen) == 0, listen(descriptor, backlog) == 0 else {
          return Int32(-1)
        }
        return getsockname(descriptor, $0, &length)
      }
    }
    guard status == 0 else {
      let code = errno
      close(descriptor)
      throw Failure("listen on \(address)", code)
    }
    // The port is at the same place in an address of IPv4 and of IPv6.
    let port = withUnsafeBytes(of: &bound) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    return (descriptor, port)
  }
}

/// Fills the backlog of a listener that takes no connection: the system then answers nobody who connects to it.
final class FullBacklog {
  let listener: TCPListener
  private var fillers: [Int32] = []

  init(_ address: String = "127.0.0.1") throws {
    listener = try TCPListener(address, backlog: 0, serve: nil)
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = listener.port.bigEndian
    target.sin_addr.s_addr = inet_addr(address)
    for _ in 0..<3 {
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      let filler = socket(AF_INET, kind, 0)
      withUnsafePointer(to: &target) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      fillers.append(filler)
    }
  }

  deinit { for filler in fillers { close(filler) } }
}
