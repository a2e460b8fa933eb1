import Glibc
import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// Redis is missing at the start, goes away, and comes back.
@Suite struct OutageTests {
  /// With these options every acknowledged write survives the server's death.
  private static let durable = ["--appendonly", "yes", "--appendfsync", "always"]

  @Test func unreachableAtStart() throws {
    let stage = try Stage()
    stage.server.kill()
    let door = try ClosedDoor(at: stage.server.socketPath)
    let daemon = try stage.launch()
    // The same failure again and again is logged once.
    for _ in 0..<4 { try door.turnAway() }
    #expect(daemon.logged("disconnected").count == 1)
    let line = try daemon.wait(for: "disconnected")
    #expect(line.level == "error")
    #expect(line["store"]?.contains(stage.server.socketPath) == true)
    door.remove()
    try stage.restart()
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "ready")
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(daemon.logged("disconnected").count { $0.reason == line.reason } == 1)
    #expect(daemon.logged("reconnected").isEmpty)
    try daemon.stop()
  }

  @Test func refusedAtStart() throws {
    let stage = try Stage(tcp: true)
    stage.server.kill()
    let daemon = try stage.launch()
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("refused") && line.reason.contains("127.0.0.1:\(stage.server.port)"))
    try stage.restart()
    try daemon.wait(for: "ready")
    #expect(daemon.logged("disconnected").count == 1)
  }

  /// Redis is killed in the middle of firing, again and again: no run is lost, and none comes twice.
  @Test func killedAndStartedAgain() throws {
    let stage = try Stage(Self.durable)
    for name in ["a", "b", "c"] { stage.set(name, schedule(name, every: "0.05", #", "catchup": "all""#)) }
    let daemon = try stage.daemon()
    for round in 1...5 {
      #expect(eventually { (stage.watermark("a")?.totalRunCount ?? 0) >= Int64(round * 8) })
      guard round < 5 else { break }
      stage.server.kill()
      try daemon.wait(for: "disconnected")
      try stage.restart()
      try daemon.wait(for: "reconnected")
    }
    #expect(try daemon.stop() == .status(0))
    var messages = stage.messages().map(\.id)
    for name in ["a", "b", "c"] {
      let watermark = try #require(stage.watermark(name))
      let expected = stage.taskIDs(name, last: watermark.due, every: 50_000, count: Int(watermark.totalRunCount))
      #expect(messages.filter(Set(expected).contains) == expected)
      messages.removeAll(where: Set(expected).contains)
      #expect(stage.document(name)?.contains(#""total_run_count": \#(watermark.totalRunCount)"#) == true)
    }
    #expect(messages.isEmpty, "messages of no occurrence")
  }

  /// Expects every occurrence until now once in the queue, in order, and logged once.
  private func expectEach(_ stage: Stage, _ daemon: Daemon, every microseconds: Int64) throws {
    let watermark = try #require(stage.watermark("a"))
    let ids = stage.messages().map(\.id)
    #expect(Int64(ids.count) == watermark.totalRunCount)
    #expect(ids == stage.taskIDs("a", last: watermark.due, every: microseconds, count: ids.count))
    #expect(daemon.logged("fired").map { $0["id"] } == ids)
    #expect(stage.document("a")?.contains(#""total_run_count": \#(ids.count)"#) == true)
  }

  /// Redis is killed before it runs a script that was sent: the occurrence is still due.
  @Test func killedBeforeItRan() throws {
    let stage = try Stage(Self.durable)
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", every: "0.3", #", "catchup": "all""#))
    try daemon.wait(for: "loaded", key: stage.key("a"))
    #expect(eventually { stage.watermark("a") != nil })
    let due = try #require(stage.watermark("a")).due.advanced(by: 300_000)
    stage.server.suspend()
    #expect(eventually { SystemClock.now() > due.advanced(by: 100_000) })
    stage.server.kill()
    try stage.restart()
    try daemon.wait(for: "reconnected")
    #expect(try daemon.wait(for: "fired", key: stage.key("a")).time("due") == due)
    try daemon.wait(for: "fired", key: stage.key("a"))
    try daemon.stop()
    try expectEach(stage, daemon, every: 300_000)
  }

  /// The script ran and its answer got lost: the daemon finds that out, and does not fire again.
  @Test func answersLost() throws {
    let stage = try Stage()
    let proxy = try ServerProxy(to: stage.server)
    let socket = "redis+socket://\(proxy.path)?virtual_host="
    let daemon = try stage.daemon(["CELERY_REDIS_SCHEDULER_URL": socket + "1", "CELERY_BROKER_URL": socket + "0"])
    stage.set("a", schedule("a", every: "0.3", #", "catchup": "all""#))
    try daemon.wait(for: "leading")
    for _ in 0..<4 {
      try daemon.wait(for: "fired", key: stage.key("a"))
      proxy.loseReplies()
      #expect(eventually { (stage.watermark("a")?.totalRunCount ?? 0) > daemon.logged("fired").count })
      proxy.cut()
      try daemon.wait(for: "reconnected")
      // Only the leader fires.
      try daemon.wait(for: "leading")
    }
    try daemon.wait(for: "fired", key: stage.key("a"))
    try daemon.stop()
    try expectEach(stage, daemon, every: 300_000)
    #expect(daemon.logged("fired").contains { $0.value("confirmed") == .bool(true) })
  }

  /// Edits during the outage raised events that the daemon did not hear: the load finds the edits.
  @Test func editsWhileDisconnected() throws {
    let stage = try Stage(Self.durable)
    for name in ["same", "edited", "deleted", "retyped"] { stage.set(name, schedule(name)) }
    let daemon = try stage.daemon()
    // The daemon is frozen, so that it cannot connect before the edits.
    daemon.send(SIGSTOP)
    stage.server.kill()
    try stage.restart()
    stage.set("edited", schedule("edited", every: "60"))
    stage.store("DEL", stage.key("deleted"), stage.key("retyped"))
    stage.store("LPUSH", stage.key("retyped"), "x")
    stage.set("new", schedule("new", atOnce))
    daemon.send(SIGCONT)
    #expect(try daemon.wait(for: "reconnected").number("schedules") == 3)
    try daemon.wait(for: "changed", key: stage.key("edited"))
    try daemon.wait(for: "removed", key: stage.key("deleted"))
    try daemon.wait(for: "rejected", key: stage.key("retyped"))
    try daemon.wait(for: "fired", key: stage.key("new"))
    #expect(daemon.lines.allSatisfy { $0.key != stage.key("same") })
  }

  /// The restarted server has lost the notifications' setting.
  @Test func notificationsAreSwitchedOnAgain() throws {
    let stage = try Stage(Self.durable)
    let daemon = try stage.daemon()
    try daemon.wait(for: "notifications")
    stage.server.kill()
    try stage.restart()
    try daemon.wait(for: "reconnected")
    try daemon.wait(for: "notifications")
    stage.set("a", schedule("a"))
    try daemon.wait(for: "loaded", key: stage.key("a"))
  }

  /// Either connection is cut alone. When the commands' connection is lost, both are made again; when the events'
  /// connection is lost, only that one is.
  @Test(arguments: ["normal", "pubsub"]) func connectionKilled(_ type: String) throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired", key: stage.key("a"))
    let killer = try stage.server.client()
    #expect(killer("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes")?.integer ?? 0 > 0)
    if type == "normal" {
      try daemon.wait(for: "disconnected")
      try daemon.wait(for: "reconnected")
    } else {
      try daemon.wait(for: "notifications") { $0.level == "warning" }
      try daemon.wait(for: "reloaded")
    }
    killer("SELECT", "1")
    killer("SET", stage.key("b"), schedule("b"))
    try daemon.wait(for: "loaded", key: stage.key("b"))
    try daemon.wait(for: "fired", key: stage.key("a"))
    try daemon.stop()
    let after = try Stage(on: stage.server)
    let watermark = try #require(after.watermark("a"))
    let ids = after.messages().map(\.id)
    #expect(ids == after.taskIDs("a", last: watermark.due, every: 100_000, count: ids.count))
    #expect(Int64(ids.count) == watermark.totalRunCount)
  }

  /// Redis closes the events' connection when it does not keep up. The daemon goes on leading and firing, subscribes
  /// again, and finds the edits and requests of the time between.
  @Test func eventsMissed() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    for name in ["edited", "gone1", "gone2", "gone3"] { stage.set(name, schedule(name)) }
    let daemon = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    for round in 1...3 {
      // The daemon hears no event of the rest of this transaction.
      stage.store("MULTI")
      stage.store("CLIENT", "KILL", "TYPE", "pubsub")
      stage.store("SET", stage.key("new\(round)"), schedule("new\(round)", atOnce))
      stage.store("SET", stage.key("edited"), schedule("edited", every: "0.\(round)"))
      stage.store("DEL", stage.key("gone\(round)"))
      #expect(stage.store("EXEC")?.array?.count == 4)
      try daemon.wait(for: "notifications") { $0.level == "warning" && $0.reason.contains("closed the connection") }
      // One schedule is new, one is deleted.
      #expect(try daemon.wait(for: "reloaded").number("schedules") == 5)
      #expect(eventually { stage.count("new\(round)") == 1 })
      #expect(stage.fires(["a", "edited"], 1))
      // The daemon hears events again.
      stage.set("edited", schedule("edited", every: "\(3600 + round)"))
      try daemon.wait(for: "changed", key: stage.key("edited"))
      stage.store("DEL", stage.key("new\(round)"))
      try daemon.wait(for: "removed", key: stage.key("new\(round)"))
      stage.set("gone\(round)", schedule("gone\(round)"))
      try daemon.wait(for: "loaded", key: stage.key("gone\(round)"))
    }
    #expect(daemon.logged("leading").count == 1)
    for never in ["standing by", "disconnected", "repaired"] { #expect(daemon.logged(never).isEmpty, "\(never)") }
    try daemon.stop()
  }

  /// An edit that is missed during a load does not break the load off: the next load finds it.
  @Test func oneLoadAfterTheOther() throws {
    let stage = try Stage()
    let proxy = try FaultProxy(to: stage.server)
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let daemon = try stage.daemon(proxy.environment)
    #expect(stage.fires(["a"], 2))
    let names = LuaScript(embedded: PackageResources.names_lua)
    // This scan does not end.
    proxy.lie { words, truth in
      if words.first == Array("SCAN".utf8) { return Array("*2\r\n$1\r\n1\r\n*0\r\n".utf8) }
      guard words.count > 1, words[1] == Array(names.sha1.utf8) || words[1] == Array(names.source.utf8) else {
        return truth
      }
      return Array("*5\r\n$1\r\n1\r\n*0\r\n:0\r\n:0\r\n$0\r\n\r\n".utf8)
    }
    for round in 1...2 {
      stage.store("CLIENT", "KILL", "TYPE", "pubsub")
      #expect(eventually { daemon.logged("notifications").count { $0.level == "warning" } == round })
    }
    #expect(daemon.logged("reloaded").isEmpty)
    proxy.lie(nil)
    #expect(eventually { daemon.logged("reloaded").count >= 2 })
    #expect(stage.fires(["a"], 2))
    for never in ["standing by", "disconnected", "repaired"] { #expect(daemon.logged(never).isEmpty, "\(never)") }
    try daemon.stop()
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// The daemon sends its scripts again to a server that has lost them.
  @Test func scriptsFlushed() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    for name in ["a", "b"] {
      stage.store("SCRIPT", "FLUSH")
      stage.set(name, schedule(name, atOnce))
      try daemon.wait(for: "fired", key: stage.key(name))
    }
    #expect(daemon.logged("disconnected").isEmpty && daemon.logged("deferred").isEmpty)
    #expect(stage.messages().count == 2)
  }

  /// A replica takes no writes: the daemon waits until it is a primary.
  @Test func replica() throws {
    let stage = try Stage()
    let primary = try RedisServer(tcp: true)
    stage.store("REPLICAOF", "127.0.0.1", "\(primary.port)")
    let daemon = try stage.launch()
    #expect(try daemon.wait(for: "disconnected").reason.contains("replica"))
    stage.store("REPLICAOF", "NO", "ONE")
    try daemon.wait(for: "ready")
  }
}

/// A socket in the server's place that closes each connection.
private final class ClosedDoor {
  private let path: String
  private let descriptor: Int32

  init(at path: String) throws {
    self.path = path
    unlink(path)
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0, listen(descriptor, 8) == 0 else { throw Failure("bind \(path)", errno) }
  }

  deinit { close(descriptor) }

  /// Accepts a connection, reads what the client says, and closes. Nothing is left unread, so the client always sees
  /// the same end.
  func turnAway() throws {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 10_000) > 0 else { throw Failure("nobody has tried to connect within 10 s", 0) }
    let guest = accept(descriptor, nil, nil)
    defer { close(guest) }
    var words = [UInt8](repeating: 0, count: 4096)
    guard recv(guest, &words, words.count, 0) > 0 else { throw Failure("nothing was said", errno) }
  }

  func remove() { unlink(path) }
}
