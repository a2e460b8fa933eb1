import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A server answers late, slowly, not at all, or with something that is no answer.
@Suite struct SlowServerTests {
  private static let names = ["a", "b"]

  private func stage(_ arguments: [String] = []) throws -> Stage {
    let stage = try Stage(arguments)
    for name in Self.names { stage.set(name, schedule(name, every: "0.2", #", "catchup": "all""#)) }
    return stage
  }

  private func seconds(from start: UnixTime, to line: LogLine) throws -> Double {
    Double(try line.time("ts").microseconds(since: start)) / 1_000_000
  }

  /// Redis itself is busy for some seconds: for less time than a reply may take, and for more.
  @Test(arguments: [2, 8]) func busy(_ sleep: Int) throws {
    let stage = try stage(RedisServer.debugCommands)
    let daemon = try stage.daemon()
    #expect(stage.fires(Self.names, 2))
    #expect(stage.store("DEBUG", "SLEEP", "\(sleep)")?.isOK == true)
    #expect(stage.fires(Self.names, Int64(sleep * 5) + 2, within: 20))
    #expect(daemon.logged("disconnected").isEmpty == (sleep < 5))
    #expect(try daemon.stop() == .status(0))
    try stage.expectEachOnce(Self.names, every: 200_000)
    #expect(daemon.logged("skipped").isEmpty)
  }

  /// One byte comes each 100 ms: the leader stands by, another daemon takes over, and the slow one still handles
  /// signals.
  @Test func oneByteAtATime() throws {
    let stage = try stage()
    let proxy = try FaultProxy(to: stage.server)
    let slow = try stage.daemon(proxy.environment)
    try slow.wait(for: "leading")
    let other = try stage.daemon()
    #expect(stage.fires(Self.names, 2))
    proxy.drip(100)
    try slow.wait(for: "standing by")
    try other.wait(for: "leading")
    #expect(stage.fires(Self.names, 5))
    // Its answers are still on their way: it waits for them no longer than its patience.
    #expect(try slow.stop() == .status(0))
    try other.stop()
    try stage.expectEachOnce(Self.names, every: 200_000)
  }

  /// No byte passes any more, and neither side closes: a network that has gone silently.
  @Test func halfOpen() throws {
    let stage = try stage()
    let proxy = try FaultProxy(to: stage.server)
    let daemon = try stage.daemon(proxy.environment)
    #expect(stage.fires(Self.names, 2))
    let start = SystemClock.now()
    proxy.isDead = true
    // It does not fire on a lease of which it is not certain, and ends the connection after its deadline.
    #expect(try seconds(from: start, to: daemon.wait(for: "standing by")) < 4.5)
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("has not answered"))
    #expect(try seconds(from: start, to: line) < 8)
    proxy.isDead = false
    try daemon.wait(for: "reconnected")
    #expect(stage.fires(Self.names, 2))
    try daemon.stop()
    try stage.expectEachOnce(Self.names, every: 200_000)
  }

  /// Half of the traffic stops: commands are answered, but events do not come. The daemon knows after two heartbeats.
  @Test func halfOpenForEvents() throws {
    let stage = try stage()
    stage.set("edited", schedule("edited"))
    let proxy = try FaultProxy(to: stage.server)
    let daemon = try stage.daemon(proxy.environment)
    #expect(stage.fires(Self.names, 2))
    let start = SystemClock.now()
    proxy.isDeaf = true
    stage.set("edited", schedule("edited", every: "60"))
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("heartbeat"))
    #expect(try seconds(from: start, to: line) < 5)
    try daemon.wait(for: "changed", key: stage.key("edited"))
    proxy.isDeaf = false
    try daemon.wait(for: "reconnected")
    stage.set("edited", schedule("edited", every: "90"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    #expect(stage.fires(Self.names, 2))
    try daemon.stop()
    stage.store("DEL", stage.key("edited"))
    try stage.expectEachOnce(Self.names, every: 200_000)
  }

  /// Another program listens at the address, or Redis' replies are not whole.
  @Test(arguments: [
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "\0\0\0\0", "*2000000000\r\n", "$-7\r\n",
    "+OK\r\n$5\r\nab",
    "220 smtp.example ESMTP\r\n", String(repeating: "*1\r\n", count: 100_000), "$536870912\r\nx", "",
  ])
  func notRedis(_ words: String) throws {
    let stage = try stage()
    let speaker = try Speaker(Array(words.utf8))
    let daemon = try stage.launch(speaker.environment)
    let line = try daemon.wait(for: "disconnected", within: 20)
    #expect(!line.reason.isEmpty)
    // It tries again, and stays well.
    #expect(eventually(within: 20) { speaker.guests >= 2 })
    #expect(daemon.isRunning)
    #expect(try daemon.stop() == .status(0))
    #expect(daemon.logged("disconnected").count <= 2)
  }

  /// A reply that never ends fills neither the memory nor the log.
  /// This holds for an announced length, for the sum of many parts, and for a line without end: the connection ends
  /// long before the memory is full.
  @Test(
    arguments: [
      ("$1000000000000\r\n", "A", "a server's reply has"),
      ("*1048576\r\n", "$1000000\r\n" + String(repeating: "A", count: 1_000_000) + "\r\n", "a server's reply has"),
      ("*3\r\n*1048576\r\n", "*1048576\r\n" + String(repeating: ":1\r\n", count: 1_048_576), "a server's reply has"),
      ("*1048576\r\n", "*3\r\n_\r\n$0\r\n\r\n#t\r\n", "a server's reply has"),
      ("+", String(repeating: "A", count: 1 << 16), "a line in a server's reply has"),
    ])
  func endlessReply(words: String, more: String, reason: String) throws {
    let stage = try stage()
    let speaker = try Speaker(Array(words.utf8), repeating: Array(more.utf8))
    let daemon = try stage.launch(speaker.environment)
    let line = try daemon.wait(for: "disconnected", within: 30)
    #expect(line.reason.contains(reason), "\(line.reason)")
    #expect(try daemon.peakMemory() < 400 << 20)
    #expect(try daemon.stop() == .status(0))
  }
}

/// A unix socket at which a program that is not Redis answers each client with fixed words, and then rests or repeats
/// them for ever.
private final class Speaker: Sendable {
  let path: String
  private let listener: Int32
  private let words: [UInt8]
  private let more: [UInt8]
  private let count = Holding(0)
  private let thread = Holding(pthread_t())

  init(_ words: [UInt8], repeating more: [UInt8] = []) throws {
    path = "/tmp/reactivebeat-test-speaker-\(getpid())-\(UInt64.random(in: 0 ... .max)).sock"
    listener = try unixSocket(at: path) { bind($0, $1, $2) }
    (self.words, self.more) = (words, more)
    guard listen(listener, 16) == 0 else { throw Failure("listen on \(path)", errno) }
    let owner = Unmanaged.passUnretained(self).toOpaque()
    thread.change { thread in
      _ = pthread_create(
        &thread, nil,
        { owner in
          if let owner { Unmanaged<Speaker>.fromOpaque(owner).takeUnretainedValue().serve() }
          return nil
        }, owner)
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    thread.change { _ = pthread_join($0, nil) }
    close(listener)
    unlink(path)
  }

  var guests: Int { count.value }

  var environment: [String: String] {
    let socket = "redis+socket://\(path)?virtual_host="
    return ["CELERY_REDIS_SCHEDULER_URL": socket + "1", "CELERY_BROKER_URL": socket + "0"]
  }

  private func serve() {
    var open: [Int32] = []
    defer { for guest in open { close(guest) } }
    while true {
      let guest = accept(listener, nil, nil)
      guard guest >= 0 else { return }
      count.change { $0 += 1 }
      var buffer = [UInt8](repeating: 0, count: 4096)
      _ = recv(guest, &buffer, buffer.count, 0)
      var isThere = say(words, to: guest)
      while isThere, !more.isEmpty { isThere = say(more, to: guest) }
      // A few clients are kept waiting; with more, the first of them is closed.
      if words.isEmpty { close(guest) } else { open.append(guest) }
      if open.count > 4 { close(open.removeFirst()) }
    }
  }

  private func say(_ words: [UInt8], to guest: Int32) -> Bool {
    var sent = 0
    while sent < words.count {
      let count = words[sent...].withUnsafeBytes { send(guest, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
