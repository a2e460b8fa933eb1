import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Names that are no queues: a message there would end workers, or be taken for one of the daemons' own values.
@Suite struct ReservedQueueTests {
  private static let names = [
    "unacked", "unacked_index", "_kombu.binding.celery", "celery-task-meta-1", "/0.celeryev", "x.reply.celery.pidbox",
    "reactivebeat:tasks:meta:manual", "reactivebeat:tasks:meta:history", "reactivebeat:tasks:meta:epoch",
    "reactivebeat:dedup:5d0e2b1c", "tasks:meta:victim",
  ]

  /// With schedules and queues in one database, the daemon's log, its receipts, `lint`, `set` and an import refuse them
  /// in the same words.
  @Test func areRefusedByAll() throws {
    let stage = try Stage(store: 0, broker: 0)
    let daemon = try stage.daemon()
    for (index, name) in Self.names.enumerated() {
      let more = [#", "queue": "\#(name)""#, #", "exchange": "\#(name)", "routing_key": "k""#][index % 2]
      stage.set("x\(index)", schedule("n", more + atOnce))
    }
    for index in Self.names.indices {
      let line = try daemon.wait(for: "rejected", key: stage.key("x\(index)"))
      #expect(line.reason.contains("is not a queue: "), "\(line)")
      let receipt = "reactivebeat:tasks:meta:receipts"
      #expect(eventually { stage.store("HGET", receipt, "x\(index)")?.text?.contains("is not a queue: ") == true })
    }
    let lint = try stage.run("lint").text
    #expect(lint.split(separator: "is not a queue: ").count == Self.names.count + 1, "\(lint)")
    let document = schedule("n", #", "options": {"queue": "unacked"}"#)
    let set = try stage.run("set", "c", "--document", "-", input: document)
    #expect(set.exit != .status(0) && set.text.contains(#"options.queue "unacked": is not a queue: "#), "\(set)")
    let dump = #"{"_id": {"$oid": "6566a0c1f3b2a4d5e6f70819"}, "# + String(document.dropFirst())
    let imported = try stage.run("import", "-", "--dry-run", input: dump)
    #expect(imported.text.contains("is not a queue: "), "\(imported)")
    #expect(daemon.logged("fired").isEmpty && stage.store("EXISTS", "unacked", "tasks:meta:victim")?.integer == 0)
    // The daemon's own key is untouched.
    #expect(stage.store("TYPE", "reactivebeat:tasks:meta:lease")?.text == "string")
    try daemon.stop()
  }

  /// Schedules of another database are not in the way of a queue. The daemon's own names are reserved in every
  /// database.
  @Test func twoDatabasesHaveTwoKeys() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", #", "queue": "tasks:meta:x"\#(atOnce)"#))
    try daemon.wait(for: "fired", key: stage.key("a"))
    stage.set("b", schedule("b", #", "queue": "reactivebeat:tasks:meta:x"\#(atOnce)"#))
    try daemon.wait(for: "rejected", key: stage.key("b"))
    try daemon.stop()
  }

  /// A client that may write on the broker can bind any name to an exchange.
  @Test func anExchangeLeadsToNone() throws {
    let stage = try Stage()
    stage.broker("SADD", "_kombu.binding.news", "k\u{6}\u{16}\u{6}\u{16}unacked")
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", #", "exchange": "news", "routing_key": "k"\#(atOnce)"#))
    let line = try daemon.wait(for: "deferred", key: stage.key("a"))
    #expect(line.reason.contains("exchange news, routing key k: unacked is not a queue: "), "\(line)")
    let fire = try stage.run("fire", "a")
    #expect(fire.exit != .status(0) && fire.text.contains("is not a queue: "), "\(fire)")
    #expect(stage.broker("EXISTS", "unacked")?.integer == 0)
    #expect(try stage.run("explain", "a").text.contains("unacked is not a queue: "))
    try daemon.stop()
  }

  /// An outbox item of an older daemon or of another client does not reach such a key either.
  @Test func theRelayLeavesThemInTheOutbox() throws {
    let servers = try TwoServers()
    servers.broker.broker("SADD", "_kombu.binding.news", "k\u{6}\u{16}\u{6}\u{16}reactivebeat:dedup:2")
    servers.put(OutboxItem.sample("1", .queue("reactivebeat:dedup:2")).bytes)
    servers.put(OutboxItem.sample("3", .exchange("news", routingKey: "k")).bytes)
    servers.put(OutboxItem.sample("2").bytes)
    let daemon = try servers.daemon()
    // Message 2 arrives, whose delivery note the first item would have made.
    #expect(eventually { servers.ids() == ["2"] })
    // An item is taken out after its message has arrived.
    #expect(eventually { servers.outbox.count == 2 })
    let reasons = daemon.logged("deferred").map(\.reason)
    #expect(reasons.count == 2 && reasons.allSatisfy { $0.contains("is not a queue: ") }, "\(daemon.output)")
    try daemon.stop()
  }

  @Test func theDefaultQueueIsNone() throws {
    let stage = try Stage()
    let run = try stage.run("run", environment: ["CELERY_TASK_DEFAULT_QUEUE": "unacked_mutex"])
    #expect(run.exit == .status(64), "\(run)")
    #expect(run.text.contains("CELERY_TASK_DEFAULT_QUEUE: is not a queue: "), "\(run)")
  }

  /// Every command with the option refuses it: what the command says of schedules would not be what a daemon does.
  @Test(arguments: [
    ["set", "a", "--every", "5m", "--dry-run"], ["list"], ["next", "a"], ["show", "a"], ["enable", "a"], ["status"],
    ["history"], ["lint"], ["lint", "-"], ["rm", "a", "--yes"], ["rename", "a", "b"], ["edit", "a"], ["export"],
    ["import", "-"], ["watch"], ["fire", "a", "--timeout", "1s"], ["fire", "a", "--print"], ["explain", "a"],
    ["doctor"],
  ])
  func theDefaultQueueIsNoneForCommandsEither(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let run = try stage.run(arguments + ["--default-queue", "unacked"], input: schedule("b"))
    #expect(run.exit == .status(64) && run.lines.count == 1, "\(run)")
    #expect(run.text.contains("--default-queue: is not a queue: "), "\(run)")
    #expect(stage.document("a") == schedule("a") && !stage.exists("b"))
  }

  /// The transport options give the workers' keys other names.
  @Test func byTheTransportOptions() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", #", "queue": "mine""#))
    #expect(try stage.run("lint").lines.isEmpty)
    let options = ["CELERY_BROKER_TRANSPORT_OPTIONS": #"{"unacked_key": "mine"}"#]
    #expect(try stage.run("lint", environment: options).text.contains("(unacked_key)"))
  }
}
