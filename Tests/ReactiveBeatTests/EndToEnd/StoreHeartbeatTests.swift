import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Changes that raise no event and that the heartbeat notices: notifications are switched off, or the store is emptied,
/// swapped, or set back.
@Suite struct StoreHeartbeatTests {
  private static let names = ["a", "b", "c"]

  private func often(_ name: String) -> String { schedule(name, every: "0.2", #", "catchup": "all""#) }

  /// Milliseconds from `start` until the line was written.
  private func delay(_ line: LogLine, since start: UnixTime) throws -> Int64 {
    try line.time("ts").microseconds(since: start) / 1000
  }

  /// The sequence number of the only daemon's last heartbeat.
  private func heartbeat(_ stage: Stage) -> Int64 {
    guard let key = stage.store("KEYS", "reactivebeat:tasks:meta:heartbeat:*")?.array?.first?.text else { return 0 }
    return stage.store("GET", key)?.text.flatMap { Int64($0) } ?? 0
  }

  @Test func notificationsSwitchedOff() throws {
    let stage = try Stage()
    for name in Self.names { stage.set(name, often(name)) }
    stage.set("edited", schedule("edited"))
    stage.set("deleted", schedule("deleted"))
    let daemon = try stage.daemon()
    #expect(stage.fires(Self.names, 2))
    let start = SystemClock.now()
    stage.store("CONFIG", "SET", "notify-keyspace-events", "")
    stage.set("edited", schedule("edited", every: "60"))
    stage.store("DEL", stage.key("deleted"))
    stage.set("new", schedule("new", atOnce))
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("heartbeat"))
    // Two heartbeats of a second each, counted from the first one whose event does not come.
    #expect(try delay(line, since: start) < 5_000)
    try daemon.wait(for: "reconnected")
    try daemon.wait(for: "changed", key: stage.key("edited"))
    try daemon.wait(for: "removed", key: stage.key("deleted"))
    try daemon.wait(for: "fired", key: stage.key("new"))
    #expect(stage.store("CONFIG", "GET", "notify-keyspace-events")?.array?.last?.text?.contains("K") == true)
    // The daemon hears edits again.
    stage.set("edited", schedule("edited", every: "90"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    stage.store("DEL", stage.key("new"))
    try daemon.wait(for: "removed", key: stage.key("new"))
    #expect(stage.fires(Self.names, 2))
    try daemon.stop()
    stage.broker("LREM", "celery", "1", stage.broker("LINDEX", "celery", "-1")?.text ?? "")
  }

  /// Notifications are off for less than a heartbeat, until another daemon switches them on. The connected daemon
  /// learns of it only from the incarnation that the other one writes.
  @Test func notificationsOffForAMoment() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.store("CONFIG", "SET", "notify-keyspace-events", "")
    stage.set("new", schedule("new", atOnce))
    let other = try stage.daemon()
    try daemon.wait(for: "reloading") { $0.reason.contains("events were off") }
    try daemon.wait(for: "fired", key: stage.key("new"))
    #expect(other.logged("reloading").isEmpty)
  }

  /// A flush raises no event. Deleted schedules are dropped, nothing is fired from memory, and new documents are heard.
  @Test(arguments: [true, false]) func flushed(beside standby: Bool) throws {
    let stage = try Stage()
    for name in Self.names { stage.set(name, schedule(name)) }
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading")
    let other = standby ? try stage.daemon() : nil
    stage.set("often", often("often"))
    #expect(stage.fires(["often"], 2))
    let start = SystemClock.now()
    stage.store("FLUSHDB")
    let sent = stage.messages().count
    for daemon in [daemon, other].compactMap({ $0 }) {
      let line = try daemon.wait(for: "reloading")
      #expect(line.reason.contains("emptied"))
      #expect(try delay(line, since: start) < 3_000)
      for name in Self.names + ["often"] { try daemon.wait(for: "removed", key: stage.key(name)) }
      #expect(try daemon.wait(for: "reloaded").number("schedules") == 0)
    }
    #expect(stage.messages().count == sent)
    #expect(stage.store("EXISTS", stage.watermarkKey)?.integer == 0)
    stage.set("new", schedule("new", atOnce))
    #expect(eventually { stage.document("new")?.contains(#""total_run_count": 1"#) == true })
    #expect(stage.messages().count == sent + 1)
    // One load is enough.
    let beat = heartbeat(stage)
    #expect(eventually { heartbeat(stage) >= beat + 2 })
    #expect(daemon.logged("reloading").count == 1)
    #expect(daemon.logged("disconnected").isEmpty)
  }

  /// The store is emptied and written again in the same moment, with the watermark of a daemon that is behind. The
  /// queue, in another database, still has the messages.
  @Test func flushedAndWrittenAgainBesideOneThatIsBehind() throws {
    let stage = try Stage()
    let document = schedule("a", every: "0.5")
    stage.set("a", document)
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading")
    let behind = try #require(stage.store("HGET", stage.watermarkKey, "a")?.text)
    #expect(stage.fires(["a"], 4))
    stage.store(
      "EVAL", "redis.call('FLUSHDB') redis.call('SET', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[2], 'a', ARGV[2])",
      "2",
      stage.key("a"), stage.watermarkKey, document, behind)
    try daemon.wait(for: "reloaded")
    let sent = stage.messages().count
    #expect(eventually { stage.messages().count >= sent + 3 })
    try daemon.stop()
    let ids = stage.messages().map(\.id)
    #expect(Set(ids).count == ids.count)
  }

  @Test func flushedAgainAndAgain() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    for _ in 0..<3 {
      stage.set("a", schedule("a"))
      try daemon.wait(for: "loaded", key: stage.key("a"))
      stage.store("FLUSHALL")
      try daemon.wait(for: "removed", key: stage.key("a"))
      try daemon.wait(for: "reloaded")
    }
  }

  /// The databases may be swapped back within one heartbeat: a document that a fire found gone is read once more.
  @Test func swappedAwayAndBack() throws {
    let stage = try Stage()
    for name in Self.names { stage.set(name, often(name)) }
    let daemon = try stage.daemon()
    let other = try stage.server.client()
    for round in 1...4 {
      #expect(stage.fires(Self.names, 2))
      other("SWAPDB", "1", "2")
      for name in Self.names {
        #expect(eventually { daemon.logged("removed").filter { $0.key == stage.key(name) }.count >= round })
      }
      other("SWAPDB", "1", "2")
    }
    #expect(stage.fires(Self.names, 2))
    try daemon.stop()
    let ids = stage.messages().map(\.id)
    #expect(Set(ids).count == ids.count)
  }

  /// Another database takes the place of the store, and then the store comes back.
  @Test func swapped() throws {
    let stage = try Stage()
    for name in Self.names { stage.set(name, often(name)) }
    let other = try stage.server.client()
    other("SELECT", "2")
    other("SET", stage.key("other"), schedule("other", atOnce))
    let daemon = try stage.daemon()
    #expect(stage.fires(Self.names, 2))
    let start = SystemClock.now()
    other("SWAPDB", "1", "2")
    let sent = stage.messages().count
    let line = try daemon.wait(for: "reloading")
    #expect(try delay(line, since: start) < 3_000)
    try daemon.wait(for: "removed", key: stage.key("a"))
    try daemon.wait(for: "fired", key: stage.key("other"))
    #expect(stage.messages().count == sent + 1)
    other("SWAPDB", "1", "2")
    try daemon.wait(for: "reloading")
    try daemon.wait(for: "removed", key: stage.key("other"))
    #expect(stage.fires(Self.names, 2))
    try daemon.stop()
    // What was due in between was caught up, once.
    let id = daemon.logged("fired", key: stage.key("other")).first?["id"]
    let ids = stage.messages().map(\.id)
    for name in Self.names {
      let watermark = try #require(stage.watermark(name))
      let expected = stage.taskIDs(name, last: watermark.due, every: 200_000, count: Int(watermark.totalRunCount))
      #expect(ids.filter(Set(expected).contains) == expected)
    }
    #expect(ids.count { $0 == id } == 1)
  }

  /// A server with snapshots only comes back with an older one: its contents count.
  @Test func startedAgainWithAnOlderDump() throws {
    let stage = try Stage()
    for name in ["same", "edited"] { stage.set(name, schedule(name)) }
    let daemon = try stage.daemon()
    stage.store("SAVE")
    stage.set("edited", schedule("edited", every: "60"))
    stage.set("new", schedule("new", every: "0.1"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    #expect(stage.fires(["new"], 2))
    stage.server.kill()
    try daemon.wait(for: "disconnected")
    try stage.restart()
    #expect(try daemon.wait(for: "reconnected").number("schedules") == 2)
    try daemon.wait(for: "removed", key: stage.key("new"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    let sent = stage.messages().count
    stage.set("often", often("often"))
    #expect(stage.fires(["often"], 3))
    try daemon.stop()
    let ids = stage.messages().map(\.id).dropFirst(sent)
    let watermark = try #require(stage.watermark("often"))
    #expect(
      Array(ids) == stage.taskIDs("often", last: watermark.due, every: 200_000, count: Int(watermark.totalRunCount)))
  }

  /// The store's contents go back in time, and no connection is lost.
  @Test func setBackInPlace() throws {
    let stage = try Stage(RedisServer.debugCommands)
    stage.set("edited", schedule("edited"))
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading")
    stage.store("SAVE")
    stage.set("edited", schedule("edited", every: "60"))
    stage.set("new", schedule("new"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    try daemon.wait(for: "loaded", key: stage.key("new"))
    let beat = heartbeat(stage)
    #expect(eventually { heartbeat(stage) >= beat + 2 })
    #expect(stage.store("DEBUG", "RELOAD", "NOSAVE")?.isOK == true)
    #expect(try daemon.wait(for: "reloading").reason.contains("back in time"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    try daemon.wait(for: "removed", key: stage.key("new"))
    #expect(daemon.logged("disconnected").isEmpty)
    stage.set("new", schedule("new", atOnce))
    try daemon.wait(for: "fired", key: stage.key("new"))
  }

  /// While nothing happens, nothing is logged.
  @Test func aQuietHeartbeatSaysNothing() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let daemons = try [stage.daemon(), stage.daemon()]
    try daemons[0].wait(for: "leading")
    let lines = daemons.map {
      _ = $0.output; return $0.lines.count
    }
    let beat = heartbeat(stage)
    #expect(eventually { heartbeat(stage) >= beat + 4 })
    for (daemon, count) in zip(daemons, lines) {
      _ = daemon.output
      #expect(daemon.lines.count == count)
    }
  }
}
