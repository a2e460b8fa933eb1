import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Something has run out: descriptors, connections, Redis' memory, or the time of a machine that slept.
@Suite struct LimitTests {
  private func often(_ name: String) -> String { schedule(name, every: "0.1", #", "catchup": "all""#) }

  private func limitDescriptors(_ daemon: Daemon, to count: Int) throws {
    let words = [try commandPath("prlimit"), "--pid=\(daemon.pid)", "--nofile=\(count):4096"]
    #expect(try ChildProcess(words, environment: [:], output: -1).wait() == .status(0))
  }

  /// No descriptor is left for a new connection; later there are some again.
  @Test func descriptors() throws {
    let stage = try Stage()
    stage.set("a", often("a"))
    let daemon = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    try limitDescriptors(daemon, to: 4)
    try stage.server.client()("CLIENT", "KILL", "TYPE", "pubsub")
    try daemon.wait(for: "disconnected") { $0.reason.contains("Too many open files") }
    #expect(daemon.isRunning)
    try limitDescriptors(daemon, to: 1024)
    try daemon.wait(for: "reconnected")
    #expect(stage.fires(["a"], 2))
    try daemon.stop()
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// There are too few descriptors from the start: the daemon ends at once and says why, or tries again. It does not
  /// hang.
  @Test(arguments: 4...9) func fewDescriptors(_ count: Int) throws {
    let stage = try Stage()
    stage.server.kill()
    let daemon = try Daemon(
      stage.environment(), wrapper: [commandPath("prlimit"), "--nofile=\(count)", "--"])
    #expect(eventually { daemon.output.contains("open files") || daemon.output.contains("disconnected") })
    if daemon.isRunning { try daemon.stop() }
  }

  @Test func connections() throws {
    let stage = try Stage()
    stage.set("a", often("a"))
    let daemon = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    // The stage's own two connections take all places.
    stage.store("CONFIG", "SET", "maxclients", "2")
    stage.store("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    try daemon.wait(for: "disconnected") { $0.reason.contains("max number of clients") }
    stage.store("CONFIG", "SET", "maxclients", "100")
    try daemon.wait(for: "reconnected")
    try stage.restartClients()
    #expect(stage.fires(["a"], 2))
    try daemon.stop()
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// Redis may evict schedules: the daemon warns of it at the start, and hears when it happens.
  @Test func eviction() throws {
    let stage = try Stage(["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-random"])
    for number in 0..<200 { stage.set("n\(number)", schedule("n\(number)")) }
    let daemon = try stage.daemon()
    let warning = try daemon.wait(for: "eviction")
    #expect(warning.level == "warning" && warning["policy"] == "allkeys-random")
    #expect(warning.reason.contains("maxmemory-policy") && warning.reason.contains("noeviction"))
    try daemon.wait(for: "leading")
    // Less than is used, until enough was evicted: a write makes room.
    stage.store("CONFIG", "SET", "maxmemory", "1")
    #expect(eventually { (stage.store("DBSIZE")?.integer ?? 300) < 150 })
    stage.store("CONFIG", "SET", "maxmemory", "1gb")
    try daemon.wait(for: "removed")
    #expect(
      eventually {
        let left = (0..<200).filter { stage.document("n\($0)") != nil }.count
        return daemon.told("removed") == 200 - left
      })
    // Whatever was evicted, even the watermark and the lease: a document that is written now is fired, once.
    stage.set("new", schedule("new", atOnce))
    let id = try daemon.wait(for: "fired", key: stage.key("new"), within: 20)["id"]
    #expect(stage.messages().map(\.id) == [id])
    #expect(daemon.logged("eviction").count == 1)
  }

  @Test(arguments: [["--maxmemory", "1gb"], ["--maxmemory-policy", "allkeys-lru"]])
  func noEviction(_ arguments: [String]) throws {
    let stage = try Stage(arguments)
    let daemon = try stage.daemon()
    #expect(daemon.logged("eviction").isEmpty)
  }

  /// The fires of a schedule add their fields to its document. One that a user could just store stays readable.
  @Test func aDocumentAtTheLimitOutlivesItsFires() throws {
    let stage = try Stage()
    func document(_ padding: Int) -> String {
      schedule("a", every: "0.2", #", "kwargs": {"x": "\#(String(repeating: "x", count: padding))"}"#)
    }
    stage.set("a", document(Limit.documentLength.most - document(0).utf8.count))
    let first = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    try first.stop()
    #expect(stage.store("STRLEN", stage.key("a"))?.integer ?? 0 > Limit.documentLength.most)
    let second = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    #expect(second.logged("rejected").isEmpty)
    try second.stop()
  }

  /// Redis' memory is full, so the queue takes no message: no fire counts before its message was taken.
  @Test func memoryOfRedis() throws {
    let stage = try Stage()
    stage.set("a", often("a"))
    let daemon = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    stage.store("CONFIG", "SET", "maxmemory", "1")
    let line = try daemon.wait(for: "deferred", key: stage.key("a"))
    #expect(line.reason.contains("OOM") || line.reason.contains("maxmemory"))
    stage.store("CONFIG", "SET", "maxmemory", "0")
    #expect(stage.fires(["a"], 5))
    try daemon.stop()
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// Redis cannot save, and refuses writes because of that.
  @Test func diskOfRedis() throws {
    let stage = try Stage(["--save", "3600 1", "--dbfilename", "dump.rdb"])
    stage.set("a", often("a"))
    let daemon = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    // A folder has the snapshot's name, so the background save fails.
    #expect(mkdir(stage.server.folder + "/dump.rdb", 0o700) == 0)
    defer { rmdir(stage.server.folder + "/dump.rdb") }
    stage.store("BGSAVE")
    #expect(
      eventually {
        daemon.logged("deferred").contains { $0.reason.contains("MISCONF") }
          || daemon.logged("disconnected").contains { $0.reason.contains("MISCONF") }
      })
    rmdir(stage.server.folder + "/dump.rdb")
    stage.store("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
    #expect(stage.fires(["a"], 5))
    #expect(try daemon.stop() == .status(0))
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// The machine sleeps for longer than a run may be late: the rules for missed runs decide, and no flood follows.
  @Test func longSleep() throws {
    let stage = try Stage()
    for rule in ["none", "latest", "all"] {
      stage.set(rule, schedule(rule, every: "0.25", #", "catchup": "\#(rule)""#))
    }
    let daemon = try stage.daemon()
    #expect(stage.fires(["none", "latest", "all"], 2))
    daemon.send(SIGSTOP)
    let start = MonotonicTime.now()
    #expect(eventually(within: 20) { MonotonicTime.now().microseconds(since: start) > 14_000_000 })
    daemon.send(SIGCONT)
    for rule in ["none", "latest"] { try daemon.wait(for: "skipped", key: stage.key(rule)) }
    #expect(stage.fires(["none", "latest", "all"], 2))
    try daemon.stop()
    let ids = stage.messages().map(\.id)
    #expect(Set(ids).count == ids.count)
    let watermark = try #require(stage.watermark("all"))
    let all = stage.taskIDs("all", last: watermark.due, every: 250_000, count: Int(watermark.totalRunCount))
    #expect(ids.filter(Set(all).contains) == all)
    #expect(daemon.logged("skipped", key: stage.key("all")).isEmpty)
  }
}
