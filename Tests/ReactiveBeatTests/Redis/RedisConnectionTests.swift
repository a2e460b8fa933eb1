import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct RedisConnectionTests {
  @Test("sends and receives over both transports, also before the connection is open", arguments: [false, true])
  func roundTrip(tcp: Bool) throws {
    let server = try RedisServer(tcp: tcp)
    var replies: [RedisReply?] = []
    var closed: [RedisConnectionError] = []
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) {
        closed.append($0)
        loop.stop()
      }
      connection.send(RedisCommand("SET", "k", "v")) { replies.append($0) }
      connection.send(RedisCommand("GET", "k")) { replies.append($0) }
      connection.send(RedisCommand("GET", "none")) { replies.append($0) }
      connection.send(RedisCommand("INCR", "n")) { replies.append($0) }
      connection.send(RedisCommand("INCR", "k")) { replies.append($0) }
      connection.send(RedisCommand("EVAL", "return {1, {'a', {}}, false}", 0)) {
        replies.append($0)
        #expect(connection.inFlight == 0)
        connection.close()
        connection.close()
        #expect(connection.isClosed)
        #expect(closed.isEmpty)
      }
      #expect(replies.isEmpty)
      #expect(connection.inFlight == 6)
    }
    #expect(
      replies == [
        .status("OK"), .string([UInt8(ascii: "v")]), .null, .integer(1),
        .error(RedisServerError("ERR value is not an integer or out of range")),
        .array([.integer(1), .array([.string([97]), .array([])]), .null]),
      ])
    #expect(closed.map(\.kind) == [.closedLocally])
  }

  @Test("keys and values are bytes")
  func binary() throws {
    let server = try RedisServer()
    let key: [UInt8] = [0, 10, 13, 37, 115, 0]
    let value = (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var reply: RedisReply?
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      connection.send(RedisCommand("SET", key, value)) { #expect($0?.isOK == true) }
      connection.send(RedisCommand("GET", key)) {
        reply = $0
        connection.close()
      }
    }
    #expect(reply == .string(value))
    #expect(try server.client().call([Array("GET".utf8), key]) == .string(value))
  }

  @Test("100,000 commands in one go are answered in order")
  func pipelined() throws {
    let server = try RedisServer()
    var next: Int64 = 1
    var misplaced = 0
    let start = MonotonicTime.now()
    try onLoop(seconds: 60) { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      for _ in 0..<100_000 {
        connection.send(RedisCommand("INCR", "counter")) { reply in
          if reply?.integer != next { misplaced += 1 }
          next += 1
          if next == 100_001 { connection.close() }
        }
      }
    }
    #expect(next == 100_001)
    #expect(misplaced == 0)
    #expect(MonotonicTime.now().microseconds(since: start) < 30_000_000)
  }

  @Test("more commands than the socket takes at once keep their order, also those of callbacks")
  func largePipeline() throws {
    let server = try RedisServer()
    let value = String(repeating: "x", count: 3_000)
    var answered: [Int] = []
    try onLoop(seconds: 60) { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      for index in 0..<10_000 {
        connection.send(RedisCommand("SET", "k\(index)", value)) { _ in
          answered.append(index)
          if index % 1_000 == 999 {
            connection.send(RedisCommand("STRLEN", "k\(index)")) { reply in
              #expect(reply == .integer(3_000))
              answered.append(10_000 + index)
              if index == 9_999 { connection.close() }
            }
          }
        }
      }
    }
    #expect(answered.filter { $0 < 10_000 } == Array(0..<10_000))
    #expect(answered.count == 10_010)
    // Commands that callbacks sent come after all that were sent before.
    #expect(Array(answered.suffix(10)) == (1...10).map { 10_000 + $0 * 1_000 - 1 })
  }

  @Test("a server killed with requests in flight: each gets nil once, then onClose")
  func killed() throws {
    let server = try RedisServer()
    var answers = [Int](repeating: 0, count: 100)
    var closed: [RedisConnectionError] = []
    try onLoop { loop in
      let holder = Holder<RedisConnection>()
      let connection = RedisConnection(to: server.endpoint, on: loop) { error in
        closed.append(error)
        #expect(answers.allSatisfy { $0 == 1 })
        // A request on a closed connection is answered, too, and not within the call.
        var answered = false
        holder.value?.send(RedisCommand("PING")) {
          #expect($0 == nil)
          answered = true
          holder.value = nil
          loop.stop()
        }
        #expect(!answered)
      }
      holder.value = connection
      connection.send(RedisCommand("PING")) { _ in
        server.suspend()
        for index in answers.indices {
          connection.send(RedisCommand("PING")) {
            #expect($0 == nil)
            #expect(connection.closeError != nil)
            answers[index] += 1
          }
        }
        loop.soon { server.kill() }
      }
    }
    #expect(closed.map(\.kind) == [.closedByServer])
    #expect(closed.first?.message.contains(server.socketPath) == true)
  }

  @Test("a frozen server is given up after the reply deadline, not before")
  func frozen() throws {
    let server = try RedisServer()
    var closed: [RedisConnectionError] = []
    var answers: [RedisReply?] = []
    var start = MonotonicTime.now()
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop, timeouts: RedisTimeouts(reply: 200_000)) {
        closed.append($0)
        loop.stop()
      }
      connection.send(RedisCommand("PING")) { _ in
        server.suspend()
        start = .now()
        connection.send(RedisCommand("PING")) { answers.append($0) }
      }
    }
    #expect(MonotonicTime.now().microseconds(since: start) >= 200_000)
    #expect(answers == [nil])
    #expect(closed.map(\.kind) == [.timedOut])
    #expect(closed.first?.message.contains("200 ms") == true)
    server.resume()
  }

  @Test("an idle connection has no deadline, and a slow server that answers is not given up")
  func slowButAlive() throws {
    let server = try RedisServer()
    var answers = 0
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop, timeouts: RedisTimeouts(reply: 400_000)) {
        #expect($0.kind == .closedLocally)
        loop.stop()
      }
      let resume = LoopTimer(on: loop) {
        // Four replies come, 250 ms apart. The last one is awaited for more than twice the deadline, but each reply
        // comes within it.
        for _ in 0..<4 {
          connection.send(RedisCommand("BLPOP", "nothing", "0.25")) { reply in
            #expect(reply == .null)
            answers += 1
            if answers == 4 { connection.close() }
          }
        }
      }
      connection.send(RedisCommand("PING")) { _ in resume.schedule(after: 600_000) }
      return resume
    }
    #expect(answers == 4)
  }

  @Test("the reply of an awake server still counts after this process has slept")
  func weSlept() throws {
    let server = try RedisServer()
    var answer: RedisReply?
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop, timeouts: RedisTimeouts(reply: 500_000)) {
        #expect($0.kind == .closedLocally)
        loop.stop()
      }
      let large = String(repeating: "x", count: 4_000_000)
      connection.send(RedisCommand("SET", "k", large)) { _ in
        connection.send(RedisCommand("GET", "k")) {
          answer = $0
          connection.close()
        }
        // The request leaves in the next turn of the loop. Then this thread sleeps for longer than the deadline.
        loop.soon { loop.soon { usleep(800_000) } }
      }
    }
    #expect(answer?.bytes?.count == 4_000_000)
  }

  @Test("no server listens: the error says where, and what to do")
  func refusedConnection() throws {
    let port = try RedisServer.freePort()
    for (endpoint, text) in [
      (RedisEndpoint.tcp(host: "127.0.0.1", port: port), "connection to 127.0.0.1:\(port) refused: is redis-server"),
      (.tcp(host: "localhost", port: port), "connection to localhost:\(port) refused: is redis-server"),
      (.tcp(host: "::1", port: port), "connection to [::1]:\(port)"),
      (.unix(path: "/tmp/reactivebeat-no-such.sock"), "/tmp/reactivebeat-no-such.sock failed, there is no such socket"),
    ] {
      var closed: [RedisConnectionError] = []
      var answers: [RedisReply?] = []
      try onLoop { loop in
        let connection = RedisConnection(to: endpoint, on: loop) {
          closed.append($0)
          #expect(answers == [nil])
          loop.stop()
        }
        connection.send(RedisCommand("PING")) { answers.append($0) }
        #expect(closed.isEmpty)
      }
      #expect(closed.map(\.kind) == [.refused])
      #expect(closed.first?.message.contains(text) == true, "\(closed.first?.message ?? "")")
    }
  }

  @Test("a host without an address is named, and the loop does not wait for the look-up")
  func unresolved() throws {
    var closed: [RedisConnectionError] = []
    var turns = 0
    try onLoop { loop in
      func count() {
        turns += 1
        if closed.isEmpty { loop.soon { count() } }
      }
      count()
      _ = RedisConnection(to: .tcp(host: "nowhere.invalid", port: 6379), on: loop) {
        closed.append($0)
        loop.stop()
      }
    }
    #expect(turns > 1)
    #expect([.unresolved, .timedOut].contains(closed.first?.kind))
    #expect(closed.first?.message.contains("nowhere.invalid") == true)
  }

  @Test("a name with several addresses: the one that answers is found")
  func severalAddresses() throws {
    // localhost may be ::1 first; the server is on 127.0.0.1 only.
    let server = try RedisServer(tcp: true)
    var reply: RedisReply?
    try onLoop { loop in
      let connection = RedisConnection(to: .tcp(host: "localhost", port: server.port), on: loop) { _ in loop.stop() }
      connection.send(RedisCommand("PING")) {
        reply = $0
        connection.close()
      }
    }
    #expect(reply == .status("PONG"))
  }

  @Test("closed while connecting or resolving: nil and onClose, once", arguments: ["127.0.0.1", "localhost"])
  func closedEarly(host: String) throws {
    let server = try RedisServer(tcp: true)
    var closed: [RedisConnectionError] = []
    var answers: [RedisReply?] = []
    try onLoop { loop in
      let end = LoopTimer(on: loop) { loop.stop() }
      let connection = RedisConnection(to: .tcp(host: host, port: server.port), on: loop) { closed.append($0) }
      connection.send(RedisCommand("PING")) { answers.append($0) }
      connection.close()
      end.schedule(after: 50_000)
      return end
    }
    #expect(answers == [nil])
    #expect(closed.map(\.kind) == [.closedLocally])
  }

  @Test("a listener that never answers the connection is given up by the connect deadline")
  func connectDeadline() throws {
    // The backlog of one is full: further connections stay in SYN_SENT.
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, length)
        _ = listen(listener, 0)
        _ = getsockname(listener, $0, &length)
      }
    }
    var fillers: [Int32] = []
    defer { for filler in fillers { close(filler) } }
    for _ in 0..<3 {
      let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
      }
      fillers.append(filler)
    }
    var closed: [RedisConnectionError] = []
    let start = MonotonicTime.now()
    try onLoop { loop in
      _ = RedisConnection(
        to: .tcp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port)), on: loop,
        timeouts: RedisTimeouts(connect: 150_000)
      ) {
        closed.append($0)
        loop.stop()
      }
    }
    #expect(MonotonicTime.now().microseconds(since: start) >= 150_000)
    #expect(closed.map(\.kind) == [.timedOut])
    #expect(closed.first?.message.contains("did not accept a connection within 150 ms") == true)
  }

  @Test("another program than Redis answers: the error asks for the port")
  func notRedis() throws {
    try withFakeServer(greeting: "HTTP/1.1 400 Bad Request\r\n\r\n") { endpoint in
      let closed = try closingError(endpoint)
      #expect(closed?.kind == .protocolBreach)
      #expect(closed?.message.contains("does not speak Redis' protocol") == true)
    }
  }

  @Test("replies nested too deep, or arrays too long, end the connection and not the process")
  func hostileReplies() throws {
    for greeting in [String(repeating: "*1\r\n", count: 100_000) + ":1\r\n", "*4000000000\r\n", "*2000000\r\n:1\r\n"] {
      try withFakeServer(greeting: greeting) { endpoint in
        let closed = try closingError(endpoint)
        #expect(closed?.kind == .protocolBreach)
      }
    }
    let allowed = String(repeating: "*1\r\n", count: 7) + ":1\r\n"
    var reply: RedisReply?
    try withFakeServer(greeting: allowed) { endpoint in _ = try closingError(endpoint) { reply = $0 } }
    var depth = 0
    while let inner = reply?.array?.first {
      depth += 1
      reply = inner
    }
    #expect(depth == 7)
    #expect(reply == .integer(1))
  }

  @Test("2,000 connections one after the other leave nothing behind, in the process or on the server")
  func reconnects() async throws {
    let server = try RedisServer()
    let watcher = try server.client()
    await #expect(processExitsWith: .success) { [path = server.socketPath as String] in
      let endpoint = try #require(RedisURL("redis+socket://\(path)").endpoint)
      var count = 0
      var before = 0
      try onLoop(seconds: 60) { loop in
        func again() {
          if count == 20 { before = openDescriptors() }
          guard count < 2_000 else { return loop.stop() }
          count += 1
          let connection = RedisConnection(to: endpoint, on: loop) { _ in again() }
          // There are three ways to end: in a reply, by the server, and before the connection is open.
          switch count % 3 {
          case 0: connection.send(RedisCommand("PING")) { _ in connection.close() }
          case 1: connection.send(RedisCommand("QUIT")) { _ in }
          default: connection.close()
          }
        }
        again()
      }
      #expect(count == 2_000)
      #expect(openDescriptors() < before + 8)
    }
    #expect(eventually { watcher("CLIENT", "LIST")?.text?.split(separator: "\n").count == 1 })
  }

  @Test("closing in a reply discards the replies behind it, which get nil")
  func closeInCallback() throws {
    let server = try RedisServer()
    var replies: [RedisReply?] = []
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) { _ in loop.stop() }
      for index in 0..<5 {
        connection.send(RedisCommand("ECHO", index)) {
          replies.append($0)
          if index == 1 { connection.close() }
        }
      }
    }
    #expect(replies == [.string([48]), .string([49]), nil, nil, nil])
  }

  /// Connects, sends one command, and returns why the connection ended.
  private func closingError(
    _ endpoint: RedisEndpoint, _ receive: @escaping (RedisReply?) -> Void = { _ in }
  ) throws -> RedisConnectionError? {
    var closed: RedisConnectionError?
    try onLoop { loop in
      let connection = RedisConnection(to: endpoint, on: loop) {
        closed = $0
        loop.stop()
      }
      connection.send(RedisCommand("PING")) {
        receive($0)
        connection.close()
      }
    }
    return closed
  }
}
