import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The lease is earned: a daemon that cannot load, fire or deliver does not keep it from a daemon that can.
@Suite struct EarnedLeaseTests {
  private static let leaseKey = "reactivebeat:tasks:meta:lease"

  /// A daemon as the user `bad`, and, when the first has had its chance, one as the user `good`.
  private func pair(_ stage: Stage) throws -> (bad: Daemon, good: Daemon) {
    let bad = try stage.launch(user: "bad:secret@")
    _ = eventually(within: 1) { !bad.logged("ready").isEmpty || !bad.logged("disconnected").isEmpty }
    return (bad, try stage.daemon(user: "good:secret@"))
  }

  private func stage(_ rules: [String], _ arguments: [String] = []) throws -> Stage {
    let stage = try Stage(arguments)
    for (user, more) in [("good", []), ("bad", rules)] {
      let words = ["ACL", "SETUSER", user, "reset", "on", ">secret", "~*", "&*", "+@all"] + more
      #expect(stage.store.call(words.map { Array($0.utf8) })?.isOK == true)
    }
    stage.set("a", schedule("a", every: "0.2"))
    stage.set("b", schedule("b", every: "0.2", #", "exchange": "topics", "routing_key": "key""#))
    stage.broker("SADD", "_kombu.binding.topics", "key\u{06}\u{16}\u{06}\u{16}celery.topics")
    return stage
  }

  /// A leader loses its rights and gets them back. Another daemon takes over, and no run is lost or comes twice.
  @Test func rightsAreTakenWhileItLeads() throws {
    let stage = try Stage()
    for user in ["one", "two"] { stage.store("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all") }
    stage.set("a", schedule("a", every: "0.2", #", "catchup": "all""#))
    var leader = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "1"], user: "one:secret@")
    try leader.wait(for: "leading")
    var standby = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "1"], user: "two:secret@")
    for (user, right) in [("one", "lpush"), ("two", "hset"), ("one", "hmget")] {
      #expect(stage.fires(["a"], 2))
      stage.store("ACL", "SETUSER", user, "-\(right)")
      try leader.wait(for: "standing by")
      try standby.wait(for: "leading")
      #expect(stage.fires(["a"], 2))
      stage.store("ACL", "SETUSER", user, "+\(right)")
      (leader, standby) = (standby, leader)
    }
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(["a"], every: 200_000)
    #expect(stage.store("KEYS", "*rehearsal*")?.array?.isEmpty == true)
  }

  /// Only scripts use SELECT while a connection is open, and Redis does not name it in its refusal.
  @Test func selectIsNamed() throws {
    let stage = try stage([])
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"], user: "bad:secret@")
    stage.store("ACL", "SETUSER", "bad", "-select")
    let line = try daemon.wait(for: "unable")
    #expect(line.reason.contains("may not run SELECT") && line.reason.contains("+select"), "\(line)")
    #expect(!line.reason.contains("user_script"), "\(line)")
    #expect(eventually { daemon.logged("deferred").allSatisfy { !$0.reason.contains("user_script") } })
    try daemon.stop()
  }

  /// No daemon is able to fire: the log says so once, with the right that is missing, and firing begins when the right
  /// is given.
  @Test(arguments: [["run"], ["run", "--no-lease"]]) func aloneItSaysWhatIsMissing(_ arguments: [String]) throws {
    let stage = try stage(["-lpush"])
    let daemon = try Daemon(stage.environment(user: "bad:secret@"), arguments: arguments)
    let line = try daemon.wait(for: "unable")
    #expect(line.reason.contains("LPUSH") && line.reason.contains("ACL SETUSER bad +lpush"))
    let start = MonotonicTime.now()
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 3_500_000 })
    #expect(daemon.logged("unable").count == 1)
    // The line is not repeated: neither by another line, nor by the server's words beside the explanation.
    #expect(daemon.output.ranges(of: "ACL SETUSER").count == 1, "\(daemon.output)")
    #expect(line.reason.ranges(of: "may not").count == 1 && !line.reason.contains("can't run"), "\(line)")
    #expect(daemon.logged("ready").isEmpty && daemon.logged("leading").isEmpty && daemon.logged("deferred").isEmpty)
    stage.store("ACL", "SETUSER", "bad", "+lpush")
    try daemon.wait(for: "able")
    try daemon.wait(for: "ready")
    #expect(eventually { !stage.messages().isEmpty })
    try daemon.stop()
    #expect(stage.store("KEYS", "*rehearsal*")?.array?.isEmpty == true)
  }

  /// A missing right without which nothing is loaded or no heartbeat succeeds is explained by one line, once.
  @Test(arguments: ["hset", "hmget", "mget", "get", "scan", "time", "evalsha"])
  func whyItCannotIsSaidOnce(_ right: String) throws {
    let stage = try stage(["-\(right)"])
    let daemon = try stage.launch(user: "bad:secret@")
    #expect(eventually { !daemon.logged("disconnected").isEmpty || !daemon.logged("unable").isEmpty })
    let start = MonotonicTime.now()
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 3_000_000 })
    #expect(daemon.output.ranges(of: "+\(right)").count == 1, "\(daemon.output)")
    #expect(
      daemon.output.ranges(of: "ACL SETUSER").count == 1 && !daemon.output.contains("can't run"), "\(daemon.output)")
  }

  /// The server has no database of the broker's number. Redis does not say whose number it refuses.
  @Test func aBrokersDatabaseThatIsNotThere() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let daemon = try stage.launch(["CELERY_BROKER_URL": stage.url(77)])
    let line = try daemon.wait(for: "unable")
    #expect(line.reason.contains("no database 77, which the broker's URL names"), "\(line)")
    #expect(line.reason.contains("--broker-url") && line.reason.contains("`databases`"), "\(line)")
    try daemon.stop()
  }

  /// A server lacks a command: one line names it, and no line reports success.
  @Test(arguments: ["EVAL", "EVALSHA", "LPUSH", "HMGET"]) func aServerWithoutACommand(_ command: String) throws {
    let stage = try Stage(["--rename-command", command, ""])
    let daemon = try stage.launch()
    #expect(eventually { !daemon.logged("disconnected").isEmpty || !daemon.logged("unable").isEmpty })
    let start = MonotonicTime.now()
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 4_000_000 })
    let lines = daemon.logged("disconnected") + daemon.logged("unable")
    #expect(lines.contains { $0.reason.contains("no command \(command)") && $0.reason.contains("rename-command") })
    #expect(daemon.logged("disconnected").count <= 1 && daemon.logged("unable").count <= 1, "\(daemon.output)")
    #expect(daemon.logged("ready").isEmpty && daemon.logged("reconnected").isEmpty)
  }

  /// On two servers a leader that cannot reach the broker offers the lease to a standby that can.
  @Test func whoCannotReachTheBrokerOffersTheLease() throws {
    let servers = try TwoServers()
    servers.store.set("a", schedule("a", every: "0.2"))
    let bad = try servers.store.launch(["CELERY_BROKER_URL": "redis://127.0.0.1:1/0"])
    // While it is alone it fires into the outbox.
    try bad.wait(for: "leading")
    #expect(try bad.wait(for: "limited").reason.contains("broker"))
    #expect(servers.store.fires(["a"], 3) && servers.ids().isEmpty)
    let good = try servers.daemon()
    try good.wait(for: "leading", within: 10)
    #expect(eventually { servers.ids().count > 5 && servers.isDrained() })
    #expect(Set(servers.ids()).count == servers.ids().count)
    for daemon in [bad, good] { try daemon.stop() }
  }

  /// A field that is no watermark is reported and replaced, and Redis is not asked without a pause.
  @Test func aDamagedWatermarkIsReplaced() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2"))
    stage.store("HSET", stage.watermarkKey, "a", "damaged")
    let daemon = try stage.daemon()
    let line = try daemon.wait(for: "damaged")
    #expect(line.reason.contains(stage.watermarkKey) && line.reason.contains("\"damaged\""))
    #expect(stage.fires(["a"], 3))
    let calls = try #require(stage.store("INFO", "commandstats")?.text)
    let evaluated = try #require(calls.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_evalsha:calls=") })
    let count = try #require(Int(evaluated.dropFirst("cmdstat_evalsha:calls=".count).prefix { $0 != "," }))
    #expect(count < 200, "\(evaluated)")
    #expect(daemon.logged("damaged").count == 1)
  }

  static let commands = Set(CommandUse.all(of: .daemon, at: .store, .queues).map(\.name)).sorted()

  /// Whichever single command the first daemon may not use, an able daemon fires within twice the lease's duration.
  @Test(arguments: commands.filter { !$0.contains(" ") }) func without(_ command: String) throws { try lack(command) }

  @Test(.needsRedis7("subcommand that is taken away from a user"), arguments: commands.filter { $0.contains(" ") })
  func withoutASubcommand(_ command: String) throws { try lack(command) }

  private func lack(_ command: String) throws {
    let rule = "-" + command.lowercased().replacing(" ", with: "|")
    let stage = try stage([rule])
    let (bad, good) = try pair(stage)
    let start = MonotonicTime.now()
    func fires(_ more: Int) -> Bool {
      let before = [stage.messages().count, stage.messages("celery.topics").count]
      return eventually(within: 20) {
        stage.messages().count >= before[0] + more && stage.messages("celery.topics").count >= before[1] + more
      }
    }
    #expect(fires(1), "\(rule): nothing fires\n\(bad.output)")
    // A lease lasts 5 s.
    #expect(MonotonicTime.now().microseconds(since: start) < 10_000_000, "\(rule)")
    #expect(fires(5), "\(rule): it does not go on")
    for name in ["a", "b"] {
      let messages = stage.messages(name == "a" ? "celery" : "celery.topics")
      #expect(Set(messages.map(\.id)).count == messages.count, "\(rule): twice")
    }
    try good.stop()
    bad.send(9)
  }
}
