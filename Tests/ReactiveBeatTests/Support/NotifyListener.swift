import Glibc

@testable import ReactiveBeat

/// A service manager's socket, as systemd's: it keeps the messages that processes send.
final class NotifyListener {
  /// What NOTIFY_SOCKET is set to.
  let address: String
  private let descriptor: Int32
  /// All messages that were read so far.
  private(set) var messages: [String] = []

  init(abstract: Bool = false) throws {
    let name = "reactivebeat-test-notify-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    address = abstract ? "@\(name)" : "/tmp/\(name)"
    descriptor = socket(AF_UNIX, Int32(bitPattern: SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var bound = sockaddr_un()
    bound.sun_family = sa_family_t(AF_UNIX)
    let bytes = abstract ? [0] + Array(name.utf8) : Array(address.utf8) + [0]
    withUnsafeMutableBytes(of: &bound.sun_path) { $0.copyBytes(from: bytes) }
    let status = withUnsafePointer(to: &bound) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sa_family_t>.size + bytes.count))
      }
    }
    guard status == 0 else { throw Failure("bind \(address)", errno) }
  }

  deinit {
    close(descriptor)
    if !address.hasPrefix("@") { unlink(address) }
  }

  /// Reads what has come, without waiting. Returns the new messages.
  @discardableResult
  func read() -> [String] {
    var new: [String] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count >= 0 {
      new.append(String(decoding: buffer[..<count], as: UTF8.self))
    }
    messages += new
    return new
  }

  /// Waits for a message after the first `start` of them. Returns the messages from there to the first such one.
  @discardableResult
  func wait(after start: Int = 0, _ isMeant: (String) -> Bool) throws -> [String] {
    var found: Int?
    _ = eventually {
      read()
      found = messages.dropFirst(start).firstIndex(where: isMeant)
      return found != nil
    }
    guard let found else { throw Failure("no such message; there are:\n\(messages.joined(separator: "\n\n"))", 0) }
    return Array(messages[start...found])
  }
}
