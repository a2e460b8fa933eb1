import Testing

@testable import ReactiveBeat

/// The daemon runs as a Redis user who has the rights that it needs, and no others.
@Suite struct AccessControlTests {
  /// The rights that a daemon needs with store 1, the default prefix and queue, and named exchanges.
  static let needed = [
    "~tasks:meta:*", "~reactivebeat:tasks:meta:*", "~celery*", "~_kombu.binding*",
    "&__keyspace@1__:tasks:meta:*", "&__keyspace@1__:reactivebeat:tasks:meta:heartbeat:*",
    "&__keyspace@1__:reactivebeat:tasks:meta:lease", "&__keyspace@1__:reactivebeat:tasks:meta:manual",
    "+select", "+psubscribe", "+set", "+del", "+scan", "+eval",
    "+evalsha", "+strlen", "+get", "+mget", "+hmget", "+hset", "+time", "+lpush", "+smembers", "+incr", "+pttl",
  ]
  /// The rights to switch notifications on.
  static let configuration = ["+config|get", "+config|set"]
  /// The rights without which the daemon still fires. With them it compares servers and recognises a replica, declares
  /// queues, takes back a message whose watermark is refused, shows itself in CLIENT LIST, recognises its own writes,
  /// keeps the history, carries out and answers runs by hand, and names the type of a key that has a wrong one.
  static let better = [
    "+info", "+sadd", "+lpop", "+setrange", "+client|setname", "+xadd", "+hscan", "+hexists", "+hdel", "+exists",
    "+expire", "+type", "+llen", "&__keyspace@1__:reactivebeat:tasks:meta:application",
  ]

  /// A stage with a user `beat` who has these rules, and with two schedules that fire at once: one to a queue, one to
  /// an exchange.
  private func stage(_ rules: [String], notifications: String = "KA") throws -> Stage {
    let stage = try Stage(["--notify-keyspace-events", notifications])
    let words = ["ACL", "SETUSER", "beat", "reset", "on", ">secret"] + rules
    #expect(stage.store.call(words.map { Array($0.utf8) })?.isOK == true)
    stage.broker("SADD", "_kombu.binding.topics", "key\u{06}\u{16}\u{06}\u{16}celery.topics")
    stage.set("queue", schedule("queue", atOnce))
    stage.set("exchange", schedule("exchange", #", "exchange": "topics", "routing_key": "key"\#(atOnce)"#))
    return stage
  }

  @Test func minimalUser() throws {
    let stage = try stage(Self.needed + Self.configuration + Self.better, notifications: "")
    let daemon = try stage.daemon(user: "beat:secret@")
    try daemon.wait(for: "fired", key: stage.key("queue"))
    try daemon.wait(for: "fired", key: stage.key("exchange"))
    stage.set("queue", schedule("queue", every: "60"))
    try daemon.wait(for: "changed", key: stage.key("queue"))
    #expect(stage.messages().count == 1 && stage.messages("celery.topics").count == 1)
    #expect(stage.broker("SCARD", "_kombu.binding.celery")?.integer == 1)
    try daemon.stop()
    #expect(stage.store("ACL", "LOG")?.array?.count == 0)
    #expect(daemon.logged("disconnected").isEmpty && daemon.logged("deferred").isEmpty)
  }

  /// The operator has switched notifications on and checks the set-up, so the rights of `better` are not needed.
  @Test func withoutWhatIsOnlyBetter() throws {
    let stage = try stage(Self.needed)
    let daemon = try stage.daemon(user: "beat:secret@")
    try daemon.wait(for: "fired", key: stage.key("queue"))
    try daemon.wait(for: "fired", key: stage.key("exchange"))
  }

  /// The daemon needs each rule of the list, and names the one that is missing.
  @Test(arguments: needed.filter { !$0.hasPrefix("&") }) func without(_ rule: String) throws { try lack(rule) }

  @Test(.needsChannelRights, arguments: needed.filter { $0.hasPrefix("&") })
  func withoutAChannel(_ rule: String) throws { try lack(rule) }

  private func lack(_ rule: String) throws {
    let stage = try stage(Self.needed.filter { $0 != rule } + Self.better)
    let daemon = try stage.launch(user: "beat:secret@")
    let words = ["permission", "can't run", "may not run"]
    // One line has the reason; another may only refer to it.
    let line = try { () throws -> LogLine in
      var line: LogLine?
      _ = eventually {
        let lines = daemon.logged("disconnected") + daemon.logged("unable") + daemon.logged("deferred")
        line = lines.first { line in words.contains { line.reason.contains($0) } }
        return line != nil
      }
      return try #require(line, "the daemon gets along without \(rule), or does not say why not")
    }()
    // Redis does not name a command that a script may not run. The daemon finds it by trying each of them.
    if ["+lpush", "+hset", "+get", "+mget", "+hmget", "+time", "+incr", "+pttl"].contains(rule) {
      #expect(line.reason.contains(rule.dropFirst().uppercased()), "\(line)")
    }
    if rule.hasPrefix("&") { #expect(line.reason.contains(rule)) }
    #expect(!daemon.output.contains("secret"))
    // The operator who reads the line repairs the user while the daemon runs.
    stage.store("ACL", "SETUSER", "beat", rule)
    try daemon.wait(for: "fired", key: stage.key("queue"))
    try daemon.wait(for: "fired", key: stage.key("exchange"))
  }

  /// CLIENT TRACKING, which the daemon uses where notifications are off and CONFIG is refused, needs these rights.
  static let tracking = [
    "+client|tracking", "+client|id", "+subscribe", "&__redis__:invalidate", "&__redict__:invalidat",
  ]

  @Test func trackingWhereConfigurationIsRefused() throws {
    let stage = try stage(Self.needed + Self.better + Self.tracking, notifications: "Ex")
    let daemon = try stage.daemon(user: "beat:secret@")
    #expect(daemon.logged("ready").first?["events"] == "tracking")
    let line = try daemon.wait(for: "notifications")
    #expect(line.reason.contains("notify-keyspace-events") && line.reason.contains("KA"))
    #expect(line.reason.contains("NOPERM") && line.reason.contains("tracking"))
    let long = "\(stage.prefix)\(String(repeating: "n", count: 1_025))"
    stage.store("SET", long, "{}")
    try daemon.wait(for: "ignored") { $0.reason.contains("at most 1024 are allowed") }
    stage.store("DEL", long)
    try daemon.wait(for: "fired", key: stage.key("queue"))
    stage.set("queue", schedule("queue", every: "60"))
    try daemon.wait(for: "changed", key: stage.key("queue"))
    stage.store("DEL", stage.key("exchange"))
    try daemon.wait(for: "removed", key: stage.key("exchange"))
    stage.set("new", schedule("new", atOnce))
    try daemon.wait(for: "fired", key: stage.key("new"))
    // A flush raises no keyspace notification, but CLIENT TRACKING reports it.
    stage.store("FLUSHDB")
    try daemon.wait(for: "removed", key: stage.key("new"))
    #expect(!daemon.output.contains("secret"))
  }

  @Test func pollingWhereTrackingIsRefusedToo() throws {
    let stage = try stage(Self.needed + Self.better, notifications: "Ex")
    let environment = stage.environment(user: "beat:secret@").merging(["BEAT_WATCH_POLL_INTERVAL": "1"]) { $1 }
    let daemon = try stage.daemon(environment)
    #expect(daemon.logged("ready").first?["events"] == "polling")
    let line = try daemon.wait(for: "polling")
    #expect(line.level == "error" && line.reason.contains("notify-keyspace-events"))
    try daemon.wait(for: "fired", key: stage.key("queue"))
    stage.set("queue", schedule("queue", every: "60"))
    try daemon.wait(for: "changed", key: stage.key("queue"))
    stage.store("DEL", stage.key("exchange"))
    try daemon.wait(for: "removed", key: stage.key("exchange"))
    // The schedule fires while the daemon looks.
    stage.set("often", schedule("often", every: "0.1", #", "catchup": "all""#))
    #expect(eventually { (stage.watermark("often")?.totalRunCount ?? 0) >= 30 })
    #expect(daemon.logged("skipped").isEmpty)
  }

  /// Some events come, others do not, and the daemon may not change that. It says so, since edits would otherwise be
  /// missed without a sign.
  @Test func configurationRefusedAndSomeNotificationsOff() throws {
    let stage = try stage(Self.needed + Self.better + ["+config|get"], notifications: "Kg$x")
    let daemon = try stage.daemon(user: "beat:secret@")
    let notice = try daemon.wait(for: "notifications")
    #expect(notice.reason.contains("notify-keyspace-events") && notice.reason.contains("NOPERM"))
    #expect(notice.reason.contains("KA"))
    try daemon.wait(for: "fired", key: stage.key("queue"))
    #expect(daemon.logged("notifications").count == 1)
  }

  /// Store and broker have different addresses, and only INFO could show that they are one server. The daemon takes
  /// them for two servers, which is right in both cases.
  @Test func identityUnknown() throws {
    let stage = try Stage(tcp: true)
    stage.store("ACL", "SETUSER", "beat", "on", ">secret", "~*", "&*", "+@all", "-info")
    let socket = "redis+socket://beat:secret@\(stage.server.socketPath)?virtual_host=1"
    let daemon = try stage.launch(["CELERY_REDIS_SCHEDULER_URL": socket], user: "beat:secret@")
    #expect(try daemon.wait(for: "broker").reason.contains("+info"))
    #expect(try daemon.wait(for: "ready")["delivery"] == "outbox")
    stage.set("a", schedule("a", atOnce))
    #expect(eventually { stage.messages().count == 1 })
  }

  /// The rights that are needed on each of two servers: docs/operations.md, "Two servers".
  @Test func twoServers() throws {
    let servers = try TwoServers()
    func allow(_ stage: Stage, _ rules: [String]) {
      let words = ["ACL", "SETUSER", "beat", "reset", "on", ">secret"] + rules
      #expect(stage.store.call(words.map { Array($0.utf8) })?.isOK == true)
    }
    let ofTheQueues = ["~celery*", "~_kombu.binding*", "+lpush", "+smembers", "+sadd"]
    allow(
      servers.store,
      (Self.needed + Self.configuration + Self.better).filter { !ofTheQueues.contains($0) }
        + ["+lpush", "+llen", "+lindex", "+lrem", "+xlen", "+xdel"])
    allow(
      servers.broker,
      ofTheQueues + [
        "~reactivebeat:dedup:*", "+info", "+client|setname", "+eval", "+evalsha", "+exists", "+set", "+del", "+type",
        "+lpop", "+expire",
      ])
    servers.broker.broker("SADD", "_kombu.binding.topics", "key\u{06}\u{16}\u{06}\u{16}celery.topics")
    let daemon = try servers.store.launch(
      ["CELERY_BROKER_URL": servers.broker.url(0, user: "beat:secret@")], user: "beat:secret@")
    #expect(try daemon.wait(for: "ready")["delivery"] == "outbox")
    servers.store.set("queue", schedule("queue", atOnce))
    servers.store.set("exchange", schedule("exchange", #", "exchange": "topics", "routing_key": "key"\#(atOnce)"#))
    // A queue that this user may not use does no harm to the others.
    servers.store.set("other", schedule("other", #", "queue": "other"\#(atOnce)"#))
    #expect(eventually { servers.ids().count == 1 && servers.ids("celery.topics").count == 1 })
    let held = try daemon.wait(for: "deferred")
    #expect(held["queue"] == "other" && held.reason.contains("permission"))
    #expect(held.reason.contains("probably of queue other: allow it, ACL SETUSER beat '~other*'"), "\(held)")
    servers.broker.store("ACL", "SETUSER", "beat", "~other")
    #expect(eventually { servers.ids("other").count == 1 })
    try daemon.stop()
    #expect(servers.store.store("ACL", "LOG")?.array?.count == 0)
  }

  /// Redis names neither the key nor the user whom it refuses. The log, a run by hand and `explain` name the queue.
  @Test func aQueueThatTheUserMayNotUse() throws {
    let stage = try stage(Self.needed + Self.better)
    let daemon = try stage.daemon(user: "beat:secret@")
    stage.set("other", schedule("other", #", "queue": "o?her"\#(atOnce)"#))
    let advice = #"user beat may not use a key of it, probably of queue o?her: allow it, ACL SETUSER beat '~o\?her*'"#
    let held = try daemon.wait(for: "deferred", key: stage.key("other"))
    #expect(held.reason.contains(advice), "\(held)")
    let fire = try stage.run("fire", "other")
    #expect(fire.exit != .status(0) && fire.text.contains(advice), "\(fire.text)")
    stage.set("bound", schedule("bound", #", "exchange": "else", "routing_key": "key"\#(atOnce)"#))
    stage.store("ACL", "SETUSER", "beat", "resetkeys", "~tasks:meta:*", "~reactivebeat:tasks:meta:*", "~celery*")
    let bound = try daemon.wait(for: "deferred", key: stage.key("bound")) { $0.reason.contains("bindings") }
    #expect(bound.reason.contains("ACL SETUSER beat '~_kombu.binding.else'"), "\(bound)")
    stage.store("ACL", "SETUSER", "beat", "+@all")
    let explain = try stage.run("explain", "other", user: "beat:secret@")
    #expect(explain.text.contains("what waits there is not known") && explain.text.contains(advice), "\(explain.text)")
  }

  /// The user is deleted while the daemon works, and made again. The daemon says so, and tries again with pauses.
  @Test func userDeleted() throws {
    let stage = try stage(Self.needed + Self.better)
    let daemon = try stage.daemon(user: "beat:secret@")
    try daemon.wait(for: "fired", key: stage.key("queue"))
    func connections() throws -> Int {
      let info = try #require(stage.store("INFO", "stats")?.text)
      let line = try #require(info.split(separator: "\r\n").first { $0.hasPrefix("total_connections_received:") })
      return try #require(Int(line.split(separator: ":")[1]))
    }
    // Redis hangs up on the connections of a user who is deleted.
    #expect(stage.store("ACL", "DELUSER", "beat")?.integer == 1)
    try daemon.wait(for: "disconnected")
    try daemon.wait(for: "disconnected") { $0.reason.contains("user name or password is wrong") }
    let (before, start) = (try connections(), MonotonicTime.now())
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 3_000_000 })
    #expect(try connections() - before <= 8)
    stage.store.call((["ACL", "SETUSER", "beat", "on", ">secret"] + Self.needed + Self.better).map { Array($0.utf8) })
    try daemon.wait(for: "reconnected")
    stage.set("new", schedule("new", atOnce))
    try daemon.wait(for: "fired", key: stage.key("new"))
    #expect(stage.messages().count == 2)
  }

  /// The password is replaced. Open connections go on. A new connection is refused until the old password is valid
  /// again or the daemon is started with the new one.
  @Test func passwordRotated() throws {
    let stage = try stage(Self.needed + Self.better)
    let daemon = try stage.daemon(user: "beat:secret@")
    try daemon.wait(for: "fired", key: stage.key("queue"))
    stage.store("ACL", "SETUSER", "beat", "resetpass", ">other")
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    stage.store("CLIENT", "KILL", "TYPE", "pubsub")
    try daemon.wait(for: "disconnected") { $0.reason.contains("password is wrong") }
    stage.set("b", schedule("b", atOnce))
    try daemon.stop()
    let next = try stage.daemon(user: "beat:other@")
    try next.wait(for: "fired", key: stage.key("b"))
    #expect(stage.messages().count == 3)
    #expect(!daemon.output.contains("secret") && !next.output.contains("other@"))
  }

  @Test func wrongPassword() throws {
    let stage = try stage(Self.needed)
    let daemon = try stage.launch(user: "beat:wrongword@")
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("password is wrong"))
    #expect(!daemon.output.contains("wrongword"))
    stage.store("ACL", "SETUSER", "beat", ">wrongword")
    try daemon.wait(for: "ready")
    #expect(!daemon.output.contains("wrongword"))
  }
}
