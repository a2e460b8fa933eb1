import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A server in cluster mode: refused before anything is written or set, or used as far as it can be.
@Suite struct ClusterTests {
  private func stage(prefix: String = "tasks:meta:", store: Int = 0) throws -> Stage {
    let server = try RedisServer(["--cluster-enabled", "yes", "--cluster-port", "\(RedisServer.freePort())"])
    let stage = try Stage(on: server, prefix: prefix, store: store, broker: 0)
    let slots = (0..<16384).map { Array("\($0)".utf8) }
    #expect(stage.store.call([Array("CLUSTER".utf8), Array("ADDSLOTS".utf8)] + slots)?.isOK == true)
    #expect(eventually { stage.store("CLUSTER", "INFO")?.text?.contains("cluster_state:ok") == true })
    return stage
  }

  @Test(arguments: [0, 1]) func endsWith78(_ database: Int) throws {
    let stage = try stage(store: database)
    let daemon = try stage.launch()
    #expect(try daemon.exit(within: 10) == .status(78), "\(daemon.output)")
    #expect(daemon.output.contains("{beat}:tasks:") && daemon.output.contains("database 0"), "\(daemon.output)")
    #expect(stage.broker("DBSIZE")?.integer == 0)
    #expect(stage.broker("CONFIG", "GET", "notify-keyspace-events")?.array?.last?.text == "")
    let list = try stage.run("list")
    #expect(list.exit == .status(database == 0 ? 0 : 78), "\(list.text)")
    stage.broker("SET", stage.key("a"), schedule("a"))
    let show = try stage.run("show", "a")
    #expect(show.exit == .status(78) && show.text.contains("hash tag"), "\(show.text)")
    #expect(!show.text.contains("script:"))
  }

  @Test func firesWithOneHashTag() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    let environment = ["CELERY_TASK_DEFAULT_QUEUE": "{beat}celery"]
    let daemon = try stage.daemon(environment)
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages("{beat}celery").count == 1)
    let doctor = try stage.run(["doctor"], environment: environment)
    #expect(doctor.lines.contains { $0.hasPrefix("ok       server") }, "\(doctor.text)")
    // A queue elsewhere waits, and says why.
    stage.set("b", schedule("b", #", "queue": "other"\#(atOnce)"#))
    let held = try daemon.wait(for: "held", key: stage.key("b"))
    #expect(held.reason.contains("hash tag"), "\(held)")
    try daemon.stop()
  }

  @Test func aDefaultQueueElsewhereIsRefused() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    let daemon = try stage.launch()
    #expect(
      try daemon.exit(within: 10) == .status(78) && daemon.output.contains("the queue celery"), "\(daemon.output)")
  }
}
