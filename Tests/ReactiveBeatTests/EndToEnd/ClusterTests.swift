import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The daemon refuses a server in cluster mode before it writes or sets anything, or uses the part of it that it can.
@Suite(.needsRedis7("option cluster-port")) struct ClusterTests {
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
    #expect(daemon.output.contains(database == 0 ? "{tasks:meta}:" : "database 0"), "\(daemon.output)")
    #expect(stage.broker("DBSIZE")?.integer == 0)
    #expect(stage.broker("CONFIG", "GET", "notify-keyspace-events")?.array?.last?.text == "")
    let list = try stage.run("list")
    #expect(list.exit == .status(78), "\(list.text)")
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
    try daemon.stop()
  }

  private static let words = "the queue other has not the hash tag {beat} of the prefix"

  /// A document whose queue lies in another slot is set aside. Daemon and commands give the same reason.
  @Test func aQueueElsewhereIsRefusedByAll() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    let environment = ["CELERY_TASK_DEFAULT_QUEUE": "{beat}celery"]
    let daemon = try stage.daemon(environment)
    stage.set("b", schedule("b", #", "queue": "other"\#(atOnce)"#))
    let rejected = try daemon.wait(for: "rejected", key: stage.key("b"))
    #expect(rejected.reason.contains(Self.words), "\(rejected)")
    #expect(
      eventually {
        stage.store("HGET", "reactivebeat:{beat}:tasks:receipts", "b")?.text?.contains(Self.words) == true
      })
    func run(_ arguments: String..., status: Int32) throws -> CommandRun {
      let run = try stage.run(arguments, environment: environment)
      #expect(run.exit == .status(status) && run.text.contains(Self.words), "\(arguments): \(run.text)")
      return run
    }
    _ = try run("fire", "b", status: 78)
    #expect(try run("lint", status: 1).text.contains("error"))
    #expect(try run("explain", "b", status: 0).text.contains("its document is set aside"))
    _ = try run("doctor", status: 1)
    _ = try run("set", "c", "--task", "t", "--every", "1h", "--queue", "other", status: 65)
    _ = try run("fire", "b", "--print", status: 65)
    #expect(!stage.exists("c"))
    // celerybeat-redis has the queue in the options.
    stage.set("d", schedule("d", #", "options": {"queue": "other"}"#))
    #expect(try daemon.wait(for: "rejected", key: stage.key("d")).reason.contains(Self.words))
    // An edit mends the document.
    #expect(try stage.run(["set", "b", "--queue", "{beat}other"], environment: environment).exit == .status(0))
    try daemon.wait(for: "fired", key: stage.key("b"))
    try daemon.stop()
  }

  /// No command that reads a stored document promises a run of it; each gives the reason.
  @Test func noCommandTellsOfARun() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    stage.set("bad", schedule("bad", #", "queue": "other""#))
    stage.set("in.options", schedule("in.options", #", "options": {"queue": "other"}"#))
    for name in ["bad", "in.options"] {
      let commands: [(arguments: [String], status: Int32)] = [
        (["next", name, "--count", "2"], 65), (["next", name, "--json"], 65),
        (["next", name, "--after", "2030-01-01"], 65), (["show", name], 0), (["list", name, "--json"], 0),
        (["explain", name], 0), (["lint"], 1), (["fire", name, "--print"], 65), (["enable", name], 0),
      ]
      for (arguments, status) in commands {
        let run = try stage.run(arguments, environment: ["CELERY_TASK_DEFAULT_QUEUE": "{beat}celery"])
        #expect(run.exit == .status(status) && run.text.contains(Self.words), "\(arguments): \(run.text)")
      }
    }
  }

  /// Only its bindings tell to which queues an exchange leads, so the fire is deferred, with the same words.
  @Test func anExchangeThatLeadsElsewhere() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    let environment = ["CELERY_TASK_DEFAULT_QUEUE": "{beat}celery"]
    for (exchange, queue) in [("x", "other"), ("y", "{beat}y")] {
      stage.broker("SADD", "_kombu.binding.\(exchange)", "k\u{6}\u{16}\u{6}\u{16}\(queue)")
      stage.set(exchange, schedule(exchange, #", "exchange": "\#(exchange)", "routing_key": "k"\#(atOnce)"#))
    }
    let daemon = try stage.daemon(environment)
    try daemon.wait(for: "fired", key: stage.key("y"))
    #expect(try daemon.wait(for: "deferred", key: stage.key("x")).reason.contains(Self.words))
    for (arguments, status) in [(["fire", "x"], 78), (["explain", "x"], 0), (["doctor"], 1)] as [([String], Int32)] {
      let run = try stage.run(arguments, environment: environment)
      #expect(run.exit == .status(status) && run.text.contains(Self.words), "\(arguments): \(run.text)")
    }
    #expect(stage.messages("other").isEmpty && daemon.logged("disconnected").isEmpty)
    try daemon.stop()
  }

  /// A command without the option uses the default queue of the running daemon, and without a daemon its own.
  @Test func aDefaultQueueElsewhereIsNamed() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    let alone = try stage.run("set", "a", "--task", "t", "--every", "1h")
    #expect(
      alone.exit == .status(65) && alone.text.contains("the queue celery has not the hash tag")
        && alone.text.contains("--default-queue"), "\(alone.text)")
    stage.set("b", schedule("b"))
    #expect(try stage.run("lint").text.contains("the queue celery has not the hash tag"))
    let daemon = try stage.daemon(["CELERY_TASK_DEFAULT_QUEUE": "{beat}celery"])
    #expect(eventually { stage.store("HLEN", "reactivebeat:{beat}:tasks:daemons")?.integer == 1 })
    #expect(try stage.run("set", "a", "--task", "t", "--every", "1h").exit == .status(0))
    #expect(try stage.run("lint").exit == .status(0))
    try daemon.stop()
  }

  @Test func aDefaultQueueElsewhereIsRefused() throws {
    let stage = try stage(prefix: "{beat}:tasks:")
    let daemon = try stage.launch()
    #expect(
      try daemon.exit(within: 10) == .status(78) && daemon.output.contains("the queue celery"), "\(daemon.output)")
  }
}
