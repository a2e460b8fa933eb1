import Testing

@testable import ReactiveBeat

/// A fire is one atomic step of one server. The daemon finds out whether store and broker are one server; no option
/// says it.
@Suite struct ServerIdentityTests {
  @Test func differentServers() throws {
    let (store, broker) = try (Stage(), Stage(tcp: true))
    let daemon = try store.launch(["CELERY_BROKER_URL": broker.url(0)])
    #expect(try daemon.wait(for: "ready")["delivery"] == "outbox")
    store.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: store.key("a"))
    #expect(eventually { broker.messages().count == 1 })
    #expect(store.broker("DBSIZE")?.integer == 0)
  }

  @Test(arguments: [true, false]) func oneServerByTwoWays(storeBySocket: Bool) throws {
    let stage = try Stage(tcp: true)
    let socket = "redis+socket://\(stage.server.socketPath)?virtual_host="
    let environment =
      storeBySocket ? ["CELERY_REDIS_SCHEDULER_URL": socket + "1"] : ["CELERY_BROKER_URL": socket + "0"]
    let daemon = try stage.launch(environment)
    #expect(try daemon.wait(for: "ready")["delivery"] == "direct")
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages().count == 1)
  }

  /// Store and broker are databases of one server, or the same database.
  @Test(arguments: [(0, 0), (1, 0), (0, 1), (3, 7), (5, 5)])
  func databases(_ databases: (store: Int, broker: Int)) throws {
    let stage = try Stage(store: databases.store, broker: databases.broker)
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", #", "priority": 9\#(atOnce)"#))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages("celery\u{06}\u{16}9").count == 1)
    #expect(stage.watermark("a")?.totalRunCount == 1)
    #expect(stage.broker("EXISTS", "_kombu.binding.celery", "_kombu.binding_permanent.celery")?.integer == 2)
    stage.set("a", schedule("a", every: "60"))
    try daemon.wait(for: "changed", key: stage.key("a"))
  }

  @Test func unknownDatabase() throws {
    let stage = try Stage(["--databases", "4"])
    let daemon = try stage.launch(["CELERY_REDIS_SCHEDULER_URL": stage.url(9)])
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("database 9"))
  }

  /// Only the scripts select the broker's database, so a wrong number shows there.
  @Test func unknownBrokerDatabase() throws {
    let stage = try Stage(["--databases", "4"], tcp: true)
    stage.set("a", schedule("a", atOnce))
    let daemon = try stage.launch(["CELERY_BROKER_URL": stage.url(9)])
    let line = try daemon.wait(for: "unable")
    #expect(line.reason.contains("DB index") || line.reason.contains("database 9"))
    #expect(stage.document("a")?.contains(#""run_immediately": true"#) == true)
    #expect(stage.watermark("a")?.taskID == nil)
  }
}
