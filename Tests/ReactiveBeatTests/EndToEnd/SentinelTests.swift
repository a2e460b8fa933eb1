import Testing

@testable import ReactiveBeat

/// The daemon follows the primary that the sentinels name.
@Suite struct SentinelTests {
  private func environment(_ stage: SentinelStage) -> [String: String] {
    [
      "CELERY_REDIS_SCHEDULER_URL": stage.url(1, ""), "CELERY_BROKER_URL": stage.url(0, ""),
      "BEAT_WATCH_MASTER_NAME": "mymaster",
    ]
  }

  @Test func failover() throws {
    let sentinels = try SentinelStage()
    let before = try Stage(on: sentinels.primary)
    let daemon = try before.daemon(environment(sentinels))
    before.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: before.key("a"))
    #expect(before.store("WAIT", "1", "5000")?.integer == 1)

    try sentinels.failOver()
    try daemon.wait(for: "reconnected", within: 30)
    let after = try Stage(on: sentinels.replica)
    after.set("b", schedule("b", atOnce))
    try daemon.wait(for: "fired", key: after.key("b"))
    #expect(after.messages().count == 2)
    let primaries = daemon.logged("primary").compactMap { $0["address"] }
    #expect(primaries.first == "127.0.0.1:\(sentinels.primary.port)")
    #expect(primaries.last == "127.0.0.1:\(sentinels.replica.port)")
    #expect(try daemon.stop() == .status(0))
  }

  /// The sentinels notice by themselves that the primary has died.
  @Test func deadPrimary() throws {
    let sentinels = try SentinelStage()
    let before = try Stage(on: sentinels.primary)
    let daemon = try before.daemon(environment(sentinels))
    sentinels.primary.kill()
    try daemon.wait(for: "disconnected")
    try daemon.wait(for: "reconnected", within: 30)
    let after = try Stage(on: sentinels.replica)
    after.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: after.key("a"))
  }

  /// The store is found by Sentinel, the broker by the primary's own address.
  @Test func oneServerByTwoWays() throws {
    let sentinels = try SentinelStage()
    let stage = try Stage(on: sentinels.primary)
    let url = "redis://localhost:\(sentinels.primary.port)/0"
    let daemon = try stage.daemon(environment(sentinels).merging(["CELERY_BROKER_URL": url]) { $1 })
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
  }

  @Test func nobodyThere() throws {
    let stage = try Stage()
    let daemon = try stage.launch(
      ["CELERY_REDIS_SCHEDULER_URL": "sentinel://127.0.0.1:\(RedisServer.freePort())/1?master_name=mymaster"])
    #expect(try daemon.wait(for: "disconnected").reason.contains("are the sentinels reachable"))
    #expect(daemon.isRunning)
  }

  @Test func noName() throws {
    let daemon = try Daemon(["CELERY_BROKER_URL": "sentinel://:hunter2@localhost/0"])
    #expect(try daemon.exit() == .status(64))
    #expect(daemon.output.contains("--master-name"))
    #expect(!daemon.output.contains("hunter2"))
  }
}
