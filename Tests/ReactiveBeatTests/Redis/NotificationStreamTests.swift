import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct NotificationStreamTests {
  @Test("another client's write arrives as channel and payload, with all their bytes")
  func foreignWrite() throws {
    let server = try RedisServer(["--notify-keyspace-events", "KA"])
    let writer = try server.client()
    let key: [UInt8] = Array("beat:".utf8) + [0, 10, 255]
    var messages: [[UInt8]] = []
    try onLoop { loop in
      let holder = Holder<NotificationStream>()
      let stream = NotificationStream(to: server.endpoint, on: loop) { channel, payload in
        messages.append([UInt8](copying: channel))
        messages.append([UInt8](copying: payload))
        if messages.count == 4 { holder.value?.close() }
      } onClose: {
        #expect($0.kind == .closedLocally)
        loop.stop()
      }
      holder.value = stream
      stream.handshake(try server.url(), clientName: "listener") { error in
        #expect(error == nil)
        stream.psubscribe([Array("__keyspace@0__:beat:*".utf8)]) {
          writer.call([Array("SET".utf8), Array("other".utf8), []])
          writer.call([Array("SET".utf8), key, []])
          writer.call([Array("DEL".utf8), key])
        }
      }
    }
    let channel = Array("__keyspace@0__:".utf8) + key
    #expect(messages == [channel, Array("set".utf8), channel, Array("del".utf8)])
  }

  @Test("several patterns are confirmed once, when all are; later ones again")
  func severalPatterns() throws {
    let server = try RedisServer()
    let writer = try server.client()
    var confirmed = 0
    var seen: [String] = []
    try onLoop { loop in
      let holder = Holder<NotificationStream>()
      let stream = NotificationStream(to: server.endpoint, on: loop) { channel, _ in
        seen.append(String(decoding: [UInt8](copying: channel), as: UTF8.self))
        if seen.count == 3 { holder.value?.close() }
      } onClose: { _ in
        loop.stop()
      }
      holder.value = stream
      stream.handshake(try server.url(), clientName: nil) { _ in
        stream.psubscribe(["a*", "b*"].map { Array($0.utf8) }) {
          confirmed += 1
          #expect(writer("PUBSUB", "NUMPAT") == .integer(2))
          stream.psubscribe([Array("c*".utf8)]) {
            confirmed += 1
            for name in ["c1", "x1", "a1", "b1"] { writer("PUBLISH", name, "") }
          }
        }
      }
    }
    #expect(confirmed == 2)
    #expect(seen == ["c1", "a1", "b1"])
  }

  @Test("a pattern that the ACL does not allow ends the stream with the reason", .needsChannelRights)
  func notPermitted() throws {
    let server = try RedisServer([
      "--user", "beat", "on", ">hunter2", "~*", "resetchannels", "&__keyspace@0__:p:*", "+@all",
    ])
    let url = try RedisURL("redis+socket://beat:hunter2@\(server.socketPath)")
    var confirmed = 0
    var closed: [RedisConnectionError] = []
    for pattern in ["__keyspace@0__:p:*", "__keyspace@0__:q:*"] {
      try onLoop { loop in
        let stream = NotificationStream(to: server.endpoint, on: loop) { _, _ in
        } onClose: {
          closed.append($0)
          loop.stop()
        }
        stream.handshake(url, clientName: nil) { error in
          #expect(error == nil)
          stream.psubscribe([Array(pattern.utf8)]) {
            confirmed += 1
            stream.close()
          }
        }
      }
    }
    #expect(confirmed == 1)
    #expect(closed.map(\.kind) == [.closedLocally, .serverRefused])
    #expect(closed.last?.serverCode == "NOPERM")
    #expect(closed.last?.message.contains("ACL") == true)
  }

  @Test("a subscription that is never confirmed is given up")
  func frozen() throws {
    let server = try RedisServer()
    var closed: [RedisConnectionError] = []
    try onLoop { loop in
      let stream = NotificationStream(to: server.endpoint, on: loop, timeouts: RedisTimeouts(reply: 300_000)) { _, _ in
      } onClose: {
        closed.append($0)
        loop.stop()
      }
      stream.handshake(try server.url(), clientName: nil) { _ in
        server.suspend()
        stream.psubscribe([Array("a*".utf8)]) { Issue.record("confirmed by a frozen server") }
      }
    }
    #expect(closed.map(\.kind) == [.timedOut])
  }

  @Test("a quiet subscription outlives the reply deadline, and ends with its server")
  func quiet() throws {
    let server = try RedisServer()
    let writer = try server.client()
    var messages = 0
    var closed: [RedisConnectionError] = []
    try onLoop { loop in
      let stream = NotificationStream(to: server.endpoint, on: loop, timeouts: RedisTimeouts(reply: 300_000)) { _, _ in
        messages += 1
        server.kill()
      } onClose: {
        closed.append($0)
        loop.stop()
      }
      let later = LoopTimer(on: loop) { writer("PUBLISH", "a1", "hello") }
      stream.handshake(try server.url(), clientName: nil) { _ in
        stream.psubscribe([Array("a*".utf8)]) { later.schedule(after: 700_000) }
      }
      return later
    }
    #expect(messages == 1)
    #expect(closed.map(\.kind) == [.closedByServer])
  }

  @Test("a revoked channel ends the stream", .needsChannelRights)
  func revoked() throws {
    let server = try RedisServer(["--user", "beat", "on", "nopass", "~*", "&a*", "+@all"])
    let admin = try server.client()
    var closed: [RedisConnectionError] = []
    try onLoop { loop in
      let stream = NotificationStream(to: server.endpoint, on: loop) { _, _ in
      } onClose: {
        closed.append($0)
        loop.stop()
      }
      stream.handshake(try RedisURL("unix://beat@\(server.socketPath)"), clientName: nil) { _ in
        stream.psubscribe([Array("a*".utf8)]) { admin("ACL", "SETUSER", "beat", "resetchannels") }
      }
    }
    #expect(closed.map(\.kind) == [.closedByServer])
  }

  @Test("a burst of 50,000 messages arrives whole and in order")
  func burst() throws {
    let server = try RedisServer()
    let writer = try server.client()
    var next = 0
    var misplaced = 0
    try onLoop { loop in
      let holder = Holder<NotificationStream>()
      let stream = NotificationStream(to: server.endpoint, on: loop) { _, payload in
        if Int(String(decoding: [UInt8](copying: payload), as: UTF8.self)) != next { misplaced += 1 }
        next += 1
        if next == 50_000 { holder.value?.close() }
      } onClose: { _ in
        loop.stop()
      }
      holder.value = stream
      stream.handshake(try server.url(), clientName: nil) { _ in
        stream.psubscribe([Array("a*".utf8)]) {
          writer("EVAL", "for i = 0, 49999 do redis.call('PUBLISH', 'a', i) end", "0")
        }
      }
    }
    #expect(next == 50_000)
    #expect(misplaced == 0)
  }
}
