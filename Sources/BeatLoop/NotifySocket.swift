// It has the types of sockets, which the module Glibc of the static standard library lacks.
internal import CHiredisAsync
import Glibc

/// Sends messages to the socket of a service manager, such as systemd's, as sd_notify(3) describes it. No call waits.
///
/// Each message names its destination, since the manager may have made its socket anew.
package final class NotifySocket {
  package enum Outcome: Equatable {
    case sent
    /// The manager has not yet read what it was sent before. The same message may be sent again later.
    case full
    /// The system's reason.
    case failed(String)
  }

  private let descriptor: Int32
  private var address = sockaddr_un()
  private let length: socklen_t

  /// - Parameter name: the path of a socket, or `@` and the name of an abstract one.
  ///
  /// Throws: the name is neither of the two or too long, or no descriptor is left.
  package init(_ name: String) throws(EventLoopError) {
    var bytes = Array(name.utf8)
    let isAbstract = bytes.first == UInt8(ascii: "@")
    guard bytes.count > 1, isAbstract || bytes.first == UInt8(ascii: "/") else {
      throw EventLoopError("notify socket", errno: EAFNOSUPPORT)
    }
    if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
    guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
      throw EventLoopError("notify socket", errno: ENAMETOOLONG)
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    // The end of an abstract name is its length, not a zero.
    length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + bytes.count } ?? 0)
    let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    descriptor = socket(AF_UNIX, Int32(bitPattern: kind), 0)
    guard descriptor >= 0 else { throw EventLoopError("notify socket", errno: errno) }
  }

  deinit { close(descriptor) }

  /// - Parameter message: assignments such as `READY=1`, one a line.
  package func send(_ message: String) -> Outcome {
    var message = message
    let count = message.withUTF8 { bytes in
      withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
        }
      }
    }
    guard count < 0 else { return .sent }
    return errno == EAGAIN || errno == ENOBUFS ? .full : .failed(EventLoopError.reason(errno))
  }
}

/// Belongs to the thread of its user.
@available(*, unavailable)
extension NotifySocket: Sendable {}
