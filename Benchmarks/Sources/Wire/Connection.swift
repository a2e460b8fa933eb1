import Glibc

/// A blocking connection to Redis over a unix socket. It is as thin as possible, since its cost is part of each figure.
package final class Connection {
  private let socket: Int32
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
  /// The bounds of the bytes that were received and not read yet.
  private var head = 0
  private var tail = 0

  package init(_ path: String, database: Int) {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { fail("cannot connect to \(path): \(String(cString: strerror(errno)))") }
    call("SELECT", "\(database)")
  }

  deinit {
    close(socket)
    buffer.deallocate()
  }

  package static func encoded(_ parts: [String]) -> [UInt8] {
    var bytes = Array("*\(parts.count)\r\n".utf8)
    for part in parts {
      bytes += "$\(part.utf8.count)\r\n".utf8
      bytes += part.utf8
      bytes += "\r\n".utf8
    }
    return bytes
  }

  package func send(_ parts: String...) { send(Self.encoded(parts)) }

  /// Sends commands that are encoded already.
  package func send(_ commands: [UInt8]) {
    var sent = 0
    while sent < commands.count {
      let count = commands.withUnsafeBytes { bytes in
        bytes.baseAddress.map { write(socket, $0 + sent, bytes.count - sent) } ?? 0
      }
      guard count > 0 else { fail("Redis has gone") }
      sent += count
    }
  }

  @discardableResult package func call(_ parts: String...) -> [String] {
    send(Self.encoded(parts))
    return receive()
  }

  /// The next reply, with its strings and numbers in one list. An error ends the program.
  package func receive() -> [String] {
    var parts: [String] = []
    receive { parts.append(String(decoding: $0, as: UTF8.self)) }
    return parts
  }

  /// Hands over the strings and numbers of the next reply, one after the other. They are valid during the call only.
  package func receive(_ take: (UnsafeRawBufferPointer) -> Void) {
    let line = readLine()
    let kind = line.first ?? 0
    let rest = UnsafeRawBufferPointer(rebasing: line.dropFirst())
    switch kind {
    case UInt8(ascii: "+"), UInt8(ascii: ":"): take(rest)
    case UInt8(ascii: "$"):
      guard let count = number(rest), count >= 0 else { return }
      while tail - head < count + 2 { fill() }
      take(UnsafeRawBufferPointer(rebasing: buffer[head..<head + count]))
      head += count + 2
    case UInt8(ascii: "*"):
      for _ in 0..<max(0, number(rest) ?? 0) { receive(take) }
    default: fail("Redis says: \(String(decoding: line, as: UTF8.self))")
    }
  }

  private func number(_ digits: UnsafeRawBufferPointer) -> Int? {
    guard digits.first != UInt8(ascii: "-") else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
  }

  /// The next line without its end. It is valid until more is received.
  private func readLine() -> UnsafeRawBufferPointer {
    var scanned = 0
    while true {
      if let end = buffer[(head + scanned)..<tail].firstIndex(of: 0x0D), end + 1 < tail {
        defer { head = end + 2 }
        return UnsafeRawBufferPointer(rebasing: buffer[head..<end])
      }
      scanned = max(0, tail - head - 1)
      fill()
    }
  }

  private func fill() {
    if head > 0, head == tail || buffer.count - tail < 4096 {
      if tail > head, let start = buffer.baseAddress { memmove(start, start + head, tail - head) }
      tail -= head
      head = 0
    }
    if buffer.count - tail < 4096 {
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 1)
      larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
      buffer.deallocate()
      buffer = larger
    }
    let count = buffer.baseAddress.map { read(socket, $0 + tail, buffer.count - tail) } ?? 0
    guard count > 0 else {
      if count < 0, errno == EINTR { return }
      exit(0)  // Redis has ended, and with it the measurement.
    }
    tail += count
  }
}
