import BeatRedis
import Glibc

/// A client that waits for each reply, to prepare data and to look at the results of the tested code.
/// It shares only the types of commands and replies with that code.
final class BlockingClient {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var position = 0

  /// Connects to a unix socket. Each call has 10 s.
  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { throw Failure("connect to \(path)", errno) }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Returns the reply, or nil when the server has closed the connection or does not answer.
  @discardableResult
  func callAsFunction(_ words: String...) -> RedisReply? { call(words.map { Array($0.utf8) }) }

  /// The same for words of any bytes.
  @discardableResult
  func call(_ words: [[UInt8]]) -> RedisReply? { write(Self.request(Self.understood(words))) ? reply() : nil }

  /// Sends commands that do not wait for each other's replies.
  @discardableResult
  func pipeline(_ commands: [[String]]) -> [RedisReply] {
    guard write(commands.flatMap { Self.request($0.map { Array($0.utf8) }) }) else { return [] }
    return commands.compactMap { _ in reply() }
  }

  /// A user's rules without those on channels, where the server has none: there all users may hear all channels.
  private static func understood(_ words: [[UInt8]]) -> [[UInt8]] {
    guard words.first == Array("ACL".utf8), words.dropFirst().first == Array("SETUSER".utf8) else { return words }
    return RedisServer.understood(words) { String(decoding: $0, as: UTF8.self) }
  }

  private static func request(_ words: [[UInt8]]) -> [UInt8] {
    words.reduce(into: Array("*\(words.count)\r\n".utf8)) {
      $0 += Array("$\($1.count)\r\n".utf8) + $1 + Array("\r\n".utf8)
    }
  }

  private func write(_ request: [UInt8]) -> Bool {
    var sent = 0
    while sent < request.count {
      let count = request[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Reads one more reply, such as a published message.
  func reply() -> RedisReply? {
    guard let line = line(), let kind = line.first else { return nil }
    let rest = String(decoding: line.dropFirst(), as: UTF8.self)
    switch kind {
    case UInt8(ascii: "+"): return .status(rest)
    case UInt8(ascii: "-"): return .error(RedisServerError(rest))
    case UInt8(ascii: ":"): return Int64(rest).map { .integer($0) }
    case UInt8(ascii: "$"):
      guard let count = Int(rest), count >= 0 else { return .null }
      while buffer.count - position < count + 2 { guard fill() else { return nil } }
      defer { position += count + 2 }
      return .string(Array(buffer[position..<(position + count)]))
    case UInt8(ascii: "*"):
      guard let count = Int(rest), count >= 0 else { return .null }
      var elements: [RedisReply] = []
      for _ in 0..<count {
        guard let element = reply() else { return nil }
        elements.append(element)
      }
      return .array(elements)
    default: return nil
    }
  }

  private func line() -> ArraySlice<UInt8>? {
    var searched = position
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { position = end + 1 }
        return buffer[position..<(end - 1)]
      }
      searched = buffer.count
      let before = position
      guard fill() else { return nil }
      searched -= before - position
    }
  }

  private func fill() -> Bool {
    if position > 0 {
      buffer.removeFirst(position)
      position = 0
    }
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer += chunk[..<count]
    return true
  }
}
