import Glibc
import Synchronization

@testable import ReactiveBeat

/// A server on a unix socket that answers any number of connections as a test tells it.
final class LyingServer: Sendable {
  /// The answer to a request; nil: the connection is closed. The bytes may have more than one reply.
  typealias Answer = @Sendable (_ words: [[UInt8]]) -> [UInt8]?

  /// The path of the socket.
  let path: String
  private let listener: Int32
  private let greeting: [UInt8]
  private let answer: Answer
  private let isOver = Atomic(false)
  private let accepted = Atomic(0)
  private let asked = Atomic(0)
  private let thread = Mutex(pthread_t())

  /// - Parameter greeting: bytes that are sent before the first request.
  init(greeting: String = "", answer: @escaping Answer = { _ in Array("+OK\r\n".utf8) }) throws {
    path = "/tmp/reactivebeat-lying-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    self.greeting = Array(greeting.utf8)
    self.answer = answer
    listener = try unixSocket(at: path) { bind($0, $1, $2) }
    guard listen(listener, 64) == 0 else { throw Failure("listen on \(path)", errno) }
    // The thread does not keep its owner alive; `deinit` waits for its end.
    let owner = Unmanaged.passUnretained(self).toOpaque()
    thread.withLock { thread in
      _ = pthread_create(
        &thread, nil,
        { owner in
          if let owner { Unmanaged<LyingServer>.fromOpaque(owner).takeUnretainedValue().serve() }
          return nil
        }, owner)
    }
  }

  deinit {
    isOver.store(true, ordering: .relaxed)
    thread.withLock { _ = pthread_join($0, nil) }
    close(listener)
    unlink(path)
  }

  var endpoint: RedisEndpoint { .unix(path: path) }

  /// The environment of a daemon that uses this server.
  var environment: [String: String] {
    let socket = "redis+socket://\(path)?virtual_host="
    return ["CELERY_REDIS_SCHEDULER_URL": socket + "1", "CELERY_BROKER_URL": socket + "0"]
  }

  /// The number of connections so far.
  var connections: Int { accepted.load(ordering: .relaxed) }
  /// The number of requests so far.
  var requests: Int { asked.load(ordering: .relaxed) }

  private func serve() {
    var peers: [(descriptor: Int32, input: [UInt8])] = []
    defer { for peer in peers { close(peer.descriptor) } }
    while !isOver.load(ordering: .relaxed) {
      var waits = ([listener] + peers.map(\.descriptor)).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&waits, nfds_t(waits.count), 5)
      for index in peers.indices.reversed() where waits[1 + index].revents != 0 {
        if !serve(&peers[index]) { close(peers.remove(at: index).descriptor) }
      }
      if waits[0].revents != 0 {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else { continue }
        accepted.add(1, ordering: .relaxed)
        if say(greeting, to: peer) { peers.append((peer, [])) } else { close(peer) }
      }
    }
  }

  private func serve(_ peer: inout (descriptor: Int32, input: [UInt8])) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(peer.descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    peer.input += buffer[..<count]
    while let end = Wire.end(of: peer.input) {
      let words = Wire.words(of: Array(peer.input[..<end]))
      peer.input.removeFirst(end)
      asked.add(1, ordering: .relaxed)
      guard let bytes = answer(words), say(bytes, to: peer.descriptor) else { return false }
    }
    return true
  }

  private func say(_ bytes: [UInt8], to peer: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count, !isOver.load(ordering: .relaxed) {
      let count = bytes[sent...].withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}

/// Bytes of Redis' protocol, for a server's answers.
enum RESP {
  static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
  static func array(_ elements: String...) -> String { "*\(elements.count)\r\n" + elements.joined() }
  /// A push such as ["pmessage", pattern, channel, payload]: numbers are integers, all else is a bulk string.
  static func push(_ kind: String, _ rest: Any...) -> String {
    "*\(1 + rest.count)\r\n" + bulk(kind) + rest.map { ($0 as? Int).map { ":\($0)\r\n" } ?? bulk("\($0)") }.joined()
  }
}
