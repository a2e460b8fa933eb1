import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Workers have `broker_transport_options` of their own, and the daemons have the same.
@Suite struct TransportTests {
  static let options = [
    #"{"global_keyprefix": "shop-"}"#,
    #"{"sep": ":", "priority_steps": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}"#,
    #"{"global_keyprefix": "{shop}[1]*?:", "sep": "::", "priority_steps": [1, 4, 7]}"#,
  ]

  private func told(_ options: String) -> [String: String] { ["CELERY_BROKER_TRANSPORT_OPTIONS": options] }

  /// Messages go to a queue, with a priority, by an exchange, and by hand; on one server, and with the schedules on
  /// another.
  @Test(.needsWorkers, arguments: options) func aRealWorkerRunsIt(_ options: String) throws {
    let worker = try CeleryWorker(.current, transport: options)
    let prefix = "tasks:meta:"
    for store in [try Stage(on: worker.server), try Stage(on: RedisServer())] {
      let servers = try TwoServers(store: store, broker: Stage(on: worker.server))
      let daemon = try servers.daemon(told(options))
      for (name, more) in [
        ("plain", ""), ("urgent", #", "priority": 3"#), ("slow", #", "queue": "slow", "priority": 9"#),
      ] {
        store.set(name, schedule(name, task: "recorder.record", #", "args": ["\#(name)"]\#(more)\#(atOnce)"#))
        let id = try daemon.wait(for: "fired", key: prefix + name).text("id")
        #expect(try worker.record(id)["args"] == .string("('\(name)',)"))
      }
      store.set(
        "news",
        schedule(
          "news", task: "recorder.record",
          #", "exchange": "news", "routing_key": "sport.results", "priority": 5\#(atOnce)"#))
      let id = try daemon.wait(for: "fired", key: prefix + "news").text("id")
      for _ in 0..<3 { #expect(try worker.record(id)["exchange"] == .string("news")) }
      // A run by hand has a new id, which the command prints.
      let run = try store.run(
        "fire", "urgent", "--json",
        environment: told(options).merging(["CELERY_BROKER_URL": servers.broker.url(0)]) { $1 })
      #expect(run.exit == .status(0), "\(run.lines)")
      #expect(try worker.record(run.json?["id"]?.text ?? "")["args"] == .string("('urgent',)"))
      let said = try TransportOptions(json: Array(options.utf8)).description
      #expect(daemon.logged("ready").first?["transport_options"] == said)
      try daemon.stop()
    }
  }

  /// Commands say where a schedule's message goes, and `doctor` finds the messages there.
  @Test func commandsLookThere() throws {
    let stage = try Stage()
    let options = #"{"global_keyprefix": "shop-", "sep": ":", "priority_steps": [0, 5]}"#
    stage.set("a", schedule("a", #", "priority": 7"#))
    let daemons = [try stage.daemon(told(options)), try stage.launch(told(options))]
    stage.broker("LPUSH", "shop-celery:5", "x")
    let explained = try stage.run("explain", "a", "--json", environment: told(options))
    #expect(explained.json?["queues"]?.items?.map(\.text) == ["shop-celery:5"])
    #expect(explained.json?["waiting"]?.items == [.number(1)])
    let message = try stage.run("fire", "a", "--print", environment: told(options))
    #expect(
      message.lines.first?.hasPrefix("LPUSH shop-celery:5 (celery, priority 5)  on redis") == true, "\(message.lines)")
    let doctor = try stage.run("doctor", environment: told(options))
    #expect(doctor.text.contains("1 message waits in celery"), "\(doctor.text)")
    #expect(try stage.run("doctor").text.contains("no worker waits for messages"))
    withExtendedLifetime(daemons) {}
  }

  /// Without the options each side knows only half: `doctor` sees where the workers look, and says which option to
  /// give.
  @Test(.needsWorkers, arguments: options) func doctorFindsWorkersWithOthers(_ options: String) throws {
    let worker = try CeleryWorker(.current, transport: options)
    let stage = try Stage(on: worker.server)
    stage.set("a", schedule("a", task: "recorder.record"))
    let keys = try TransportOptions(json: Array(options.utf8)).keys
    let visible = KombuKeys(
      globalPrefix: keys.globalPrefix, separator: keys.separator, prioritySteps: KombuKeys.standard.prioritySteps)
    let found = try stage.run("doctor")
    #expect(
      found.exit == .status(1) && found.text.contains("have other broker_transport_options (\(visible))"),
      "\(found.text)")
    #expect(found.text.contains("--broker-transport-options '\(visible)'"), "\(found.text)")
    let agreed = try stage.run("doctor", environment: told(options))
    #expect(!agreed.text.contains("transport:"), "\(agreed.text)")
  }

  /// Without the options the keys are Celery's default ones, and the log says nothing of options.
  @Test func nothingSaidChangesNothing() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", #", "priority": 3\#(atOnce)"#))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(
      stage.broker("KEYS", "*")?.array?.compactMap(\.text).sorted()
        == ["_kombu.binding.celery", "_kombu.binding_permanent.celery", "celery\u{6}\u{16}3"])
    #expect(daemon.logged("ready").first.map { $0["transport_options"] == nil } == true)
    #expect(daemon.logged("transport options").isEmpty)
  }

  @Test func theOthersAreNamedOnce() throws {
    let stage = try Stage()
    let daemon = try stage.daemon(
      told(
        #"{"visibility_timeout": 3600, "global_key_prefix": "shop-", "sep": ".", "sentinel_kwargs": {"password": "hunter2"}}"#
      )
      .merging(["CELERY_TASK_DEFAULT_QUEUE": "eu.orders"]) { $1 })
    let lines = daemon.logged("transport options")
    #expect(
      lines.map { $0["without_effect"] ?? $0["unknown"] ?? $0["queue"] }
        == ["sentinel_kwargs, visibility_timeout", "global_key_prefix", "eu.orders"])
    #expect(!daemon.output.contains("hunter2"))
    try daemon.stop()
  }

  /// An application's options are read. The ones that count here are printed as a setting, and no others.
  @Test func importPrintsTheSetting() throws {
    let stage = try Stage()
    let environment = [
      "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ProjectFolder.tests("EndToEnd/Apps"),
    ]
    let command = [
      "import", "--celery-app", "prefixed", "--python", try ProjectFolder.python(celery: "5.7"), "--dry-run",
    ]
    let options = #"{"global_keyprefix": "shop's-", "priority_steps": [0, 1, 2]}"#
    let told = try stage.run(command, environment: environment)
    let quoted = #"'{"global_keyprefix": "shop'\''s-", "priority_steps": [0, 1, 2]}'"#
    #expect(
      told.exit == .status(0) && told.text.contains("--broker-transport-options \(quoted)")
        && told.text.contains("CELERY_BROKER_TRANSPORT_OPTIONS=\(quoted)"), "\(told.text)")
    #expect(!told.text.contains("hunter2") && !told.text.contains("visibility"))
    // This holds also where the application only gives the routes of another source.
    let document = #"{"name": "a", "task": "t.a", "enabled": true, "interval": {"every": 1, "period": "hours"}}"#
    let beside = try stage.run(["import", "-"] + command.dropFirst(), input: document, environment: environment)
    #expect(
      beside.exit == .status(0) && beside.text.contains("--broker-transport-options \(quoted)"), "\(beside.text)")
    // A user who has given the setting reads nothing of it.
    let agreed = try stage.run(command, environment: environment.merging(self.told(options)) { $1 })
    #expect(agreed.exit == .status(0) && !agreed.text.contains("transport"), "\(agreed.text)")
  }

  /// `master_name` is taken from the options where neither URL nor option has it: without it the URL is refused.
  @Test func aPrimaryIsNamedByTheOptions() throws {
    let url = ["CELERY_BROKER_URL": "sentinel://127.0.0.1:1/0"]
    #expect(try Daemon(url).exit() == .status(64))
    let stage = try Stage()
    let run = try stage.run(
      "doctor", environment: url.merging(told(#"{"master_name": "mymaster"}"#)) { $1 })
    #expect(run.text.contains("\"mymaster\""), "\(run.text)")
  }

  /// The daemon's own keys are not the workers', and do not get their prefix.
  @Test func ourOwnKeysStayWhereTheyAre() throws {
    let servers = try TwoServers()
    let daemon = try servers.daemon(told(#"{"global_keyprefix": "shop-"}"#))
    servers.store.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: servers.store.key("a"))
    #expect(eventually { servers.isDrained() })
    let keys = servers.broker.broker("KEYS", "*")?.array?.compactMap(\.text).sorted() ?? []
    #expect(
      keys.dropFirst().map { $0 } == [
        "shop-_kombu.binding.celery", "shop-_kombu.binding_permanent.celery", "shop-celery",
      ])
    #expect(keys.first?.hasPrefix("reactivebeat:dedup:") == true)
    #expect(servers.store.watermark("a")?.totalRunCount == 1)
  }

  /// The daemon's user needs only the prefixed keys.
  @Test func prefixWithRights() throws {
    let stage = try Stage()
    stage.store(
      "ACL", "SETUSER", "beat", "reset", "on", ">secret", "~tasks:meta:*", "~reactivebeat:tasks:meta:*",
      #"~shop\[1\]-celery*"#, #"~shop\[1\]-_kombu.binding*"#, "&*", "+@all", "-@dangerous", "+info", "+config|get",
      "+config|set")
    let options = told(#"{"global_keyprefix": "shop[1]-"}"#)
    let daemon = try stage.daemon(options, user: "beat:secret@")
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages("shop[1]-celery").count == 1)
    #expect(stage.broker("SCARD", "shop[1]-_kombu.binding.celery")?.integer == 1)
    // To a user without the keys `doctor` advises a pattern that matches the keys of this queue.
    stage.store("ACL", "SETUSER", "beat", "resetkeys", "~tasks:meta:*", "~reactivebeat:tasks:meta:*")
    let doctor = try stage.run("doctor", environment: options, user: "beat:secret@")
    #expect(doctor.text.contains(#"'~shop\[1\]-celery*'"#), "\(doctor.text)")
    withExtendedLifetime(daemon) {}
  }
}
