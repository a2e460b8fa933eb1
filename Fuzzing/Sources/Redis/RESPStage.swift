import Glibc

@testable import BeatCore
@testable import BeatLoop
@testable import BeatRedis
@testable import ReactiveBeat

/// Both kinds of connection, and a server that answers their requests with an input's bytes, all on one thread.
final class RESPStage {
  private let loop: EventLoop
  private let path: String
  private let listener: Int32

  init() throws {
    loop = try EventLoop()
    path = "/tmp/reactivebeat-fuzz-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0, listen(listener, 4) == 0 else { throw BrokenProperty("no socket \(path)") }
  }

  deinit {
    close(listener)
    unlink(path)
  }

  /// Lets the input answer three commands.
  func answerCommands(_ bytes: [UInt8]) throws {
    var answers = [0, 0, 0]
    var closed = 0
    let connection = RedisConnection(to: .unix(path: path), on: loop) { _ in closed += 1 }
    for index in answers.indices { connection.send(RedisCommand("PING")) { _ in answers[index] += 1 } }
    try serve(bytes) { closed > 0 }
    try hold(closed == 1 && answers == [1, 1, 1], "closed \(closed) times, answered \(answers)")
  }

  /// Lets the input answer the subscription to `a*` and `b*`.
  func answerSubscriber(_ bytes: [UInt8]) throws {
    var confirmed = 0
    var closed = 0
    let stream = NotificationStream(to: .unix(path: path), on: loop) { _, _ in
    } onClose: { _ in
      closed += 1
    }
    stream.handshake(try RedisURL("redis+socket://\(path)"), clientName: nil) { error in
      if error == nil { stream.psubscribe([Array("a*".utf8), Array("b*".utf8)]) { confirmed += 1 } }
    }
    try serve(bytes, after: "+PONG\r\n") { closed > 0 }
    try hold(closed == 1 && confirmed <= 1, "closed \(closed) times, confirmed \(confirmed)")
  }

  /// Answers with `greeting`, then, when the client has read that, with the input. Then it closes the connection.
  private func serve(_ bytes: [UInt8], after greeting: String = "", until isOver: () -> Bool) throws {
    turn(3)
    let peer = accept(listener, nil, nil)
    guard peer >= 0 else { throw BrokenProperty("nobody connects") }
    defer { close(peer) }
    for part in [Array(greeting.utf8), bytes] where !part.isEmpty {
      _ = part.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
      turn(3)
    }
    shutdown(peer, Int32(SHUT_WR))
    for _ in 0..<100 where !isOver() { turn(1) }
    turn(2)
  }

  private func turn(_ count: Int) { for _ in 0..<count { loop.serveReady() } }
}
