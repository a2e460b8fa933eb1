import Glibc

/// A blocking connection to Redis over a unix socket, as thin as can be: what it costs is part of each figure.
final class Connection {
  private let socket: Int32
  private var buffer: [UInt8] = []
  private var position = 0

  init(_ path: String, database: Int) {
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

  func send(_ parts: String...) { send(parts) }

  private func send(_ parts: [String]) {
    var text = "*\(parts.count)\r\n"
    for part in parts { text += "$\(part.utf8.count)\r\n\(part)\r\n" }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
      guard count > 0 else { fail("Redis has gone") }
      bytes = bytes.dropFirst(count)
    }
  }

  @discardableResult func call(_ parts: String...) -> [String] {
    send(parts)
    return receive()
  }

  /// The next reply, its strings and numbers in one list. An error ends the program.
  func receive() -> [String] {
    let line = readLine()
    let rest = String(line.dropFirst())
    switch line.first {
    case "+", ":": return [rest]
    case "$": return rest == "-1" ? [] : [readText(Int(rest) ?? 0)]
    case "*":
      var parts: [String] = []
      for _ in 0..<max(0, Int(rest) ?? 0) { parts += receive() }
      return parts
    default: fail("Redis says: \(line)")
    }
  }

  private func readLine() -> String {
    var scanned = position
    while true {
      if let end = buffer[scanned...].firstIndex(of: 0x0D), end + 1 < buffer.count {
        defer { position = end + 2 }
        return String(decoding: buffer[position..<end], as: UTF8.self)
      }
      scanned = max(position, buffer.count - 1)
      fill(&scanned)
    }
  }

  private func readText(_ count: Int) -> String {
    var start = position
    while buffer.count - position < count + 2 { fill(&start) }
    defer { position += count + 2 }
    return String(decoding: buffer[position..<position + count], as: UTF8.self)
  }

  private func fill(_ index: inout Int) {
    if position > 0 {
      buffer.removeFirst(position)
      index -= position
      position = 0
    }
    let start = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: 16_384))
    let count = buffer.withUnsafeMutableBytes { read(socket, $0.baseAddress?.advanced(by: start), 16_384) }
    guard count > 0 else { exit(0) }
    buffer.removeLast(16_384 - count)
  }
}

func fail(_ text: String) -> Never {
  let line = Array("pickup: \(text)\n".utf8)
  _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(1)
}

/// Nanoseconds of the monotonic clock.
func now() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
