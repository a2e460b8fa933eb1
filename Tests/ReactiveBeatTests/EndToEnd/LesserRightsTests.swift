import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A daemon that leads loses a right without which it can still fire. It says so once, in the log and in its record,
/// and offers the lease to a daemon that has the right.
@Suite struct LesserRightsTests {
  /// The first refusal shows that these are missing: each fire uses the first three, and a run by hand the others.
  static let used = ["xadd", "setrange", "smembers", "hscan", "hexists", "hdel", "llen", "expire"]
  /// These are used so seldom that the next audit's rehearsal shows it.
  static let seldom = ["lpop", "exists", "type", "sadd"]

  private func stage() throws -> Stage {
    let stage = try Stage()
    for user in ["one", "two"] { stage.store("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all") }
    stage.set("a", schedule("a", every: "0.2"))
    stage.set("b", schedule("b", every: "0.2", #", "exchange": "topics", "routing_key": "key""#))
    stage.set("c", schedule("c"))
    stage.broker("SADD", "_kombu.binding.topics", "key\u{06}\u{16}\u{06}\u{16}celery.topics")
    return stage
  }

  private func takeFromLeader(_ right: String, _ stage: Stage, environment: [String: String]) throws {
    let leader = try stage.daemon(environment.merging(["BEAT_WATCH_LEASE_TTL": "2"]) { $1 }, user: "one:secret@")
    try leader.wait(for: "leading")
    let standby = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "2"], user: "two:secret@")
    #expect(stage.fires(["a", "b"], 1))
    stage.store("ACL", "SETUSER", "one", "-\(right)")
    // The daemon that leads at the end carries the request out, or says why not.
    let asker = try Daemon(stage.environment(), arguments: ["fire", "c", "--timeout", "5s"])
    try standby.wait(for: "leading")
    let line = try leader.wait(for: "limited")
    #expect(line.reason.contains(right.uppercased()) && line.reason.contains("+\(right)"), "\(line)")
    #expect(stage.fires(["a", "b"], 2))
    #expect(eventually { (try? stage.run("doctor").text.contains("lacks something")) == true })
    let (doctor, status) = try (stage.run("doctor").text, stage.run("status").text)
    #expect(doctor.contains(right.uppercased()), "\(doctor)")
    #expect(status.contains("lacks") && status.contains(right.uppercased()), "\(status)")
    #expect(leader.logged("limited").count == 1)
    stage.store("ACL", "SETUSER", "one", "+\(right)")
    try leader.wait(for: "able", within: 40)
    #expect(eventually { (try? stage.run("status").text.contains("lacks")) == false })
    _ = try asker.exit(within: 20)
    for daemon in [leader, standby] { try daemon.stop() }
    for list in ["celery", "celery.topics"] {
      let messages = stage.messages(list)
      #expect(Set(messages.map(\.id)).count == messages.count, "\(right): twice")
    }
    #expect(stage.store("KEYS", "*rehearsal*")?.array?.isEmpty == true)
  }

  @Test(arguments: used) func isNoticedAtTheFirstRefusal(_ right: String) throws {
    try takeFromLeader(right, stage(), environment: ["BEAT_WATCH_AUDIT_INTERVAL": "0"])
  }

  @Test(arguments: seldom) func isNoticedAtAnAudit(_ right: String) throws {
    try takeFromLeader(right, stage(), environment: ["BEAT_WATCH_AUDIT_INTERVAL": "1"])
  }

  /// The command is refused again and again, but the rehearsal is not repeated each time.
  @Test func aRefusalIsNotRehearsedEachTime() throws {
    let stage = try stage()
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "0"], user: "one:secret@")
    #expect(stage.fires(["a", "b"], 1))
    stage.store("ACL", "SETUSER", "one", "-xadd")
    try daemon.wait(for: "limited")
    stage.store("CONFIG", "RESETSTAT")
    #expect(stage.fires(["a", "b"], 15))
    let calls = stage.store("INFO", "commandstats")?.text ?? ""
    // Only rehearsals call this command: after 1 s, 2 s, ...
    let pings = calls.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_expire:calls=") } ?? ""
    let count = Int(pings.dropFirst("cmdstat_expire:calls=".count).prefix { $0 != "," }) ?? 0
    #expect(count <= 16, "\(pings)")
    #expect(daemon.logged("limited").count == 1)
    try daemon.stop()
  }

  /// On two servers a right that the broker's user lacks counts, too.
  @Test func theBrokersUserLacksSomething() throws {
    let servers = try TwoServers()
    servers.broker.store("ACL", "SETUSER", "beat", "on", ">secret", "~*", "&*", "+@all", "-sadd")
    let daemon = try servers.store.launch(["CELERY_BROKER_URL": servers.broker.url(0, user: "beat:secret@")])
    let line = try daemon.wait(for: "limited")
    #expect(line.reason.contains("on the broker") && line.reason.contains("ACL SETUSER beat +sadd"), "\(line)")
    servers.broker.store("ACL", "SETUSER", "beat", "+sadd")
    try daemon.wait(for: "able")
    try daemon.stop()
  }

  // MARK: runs by hand

  /// A run by hand that the daemon's user may not carry out is explained to the requester, and once in the log.
  @Test(arguments: ["hexists", "hdel", "expire", "llen"]) func aRunByHandIsAnswered(_ right: String) throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "one", "on", ">secret", "~*", "&*", "+@all", "-\(right)")
    stage.set("a", schedule("a"))
    let daemon = try stage.daemon(user: "one:secret@")
    for _ in 0..<2 {
      let run = try stage.run("fire", "a", "--timeout", "5s")
      #expect(run.exit == .status(78), "\(right): \(run.text)")
      #expect(run.text.contains("was not fired: ") && run.text.contains(right.uppercased()), "\(right): \(run.text)")
      #expect(run.text.contains("ACL SETUSER one +\(right)") && !run.text.contains("script"), "\(run.text)")
    }
    #expect(daemon.logged("refused").count == 1, "\(daemon.output)")
    #expect(stage.messages().isEmpty, "\(right): sent, and said that it was not")
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:manual")?.integer == 0 })
    try daemon.stop()
  }

  /// Where the daemon cannot even read the request, its record says why.
  @Test func aRunByHandThatIsNotReadIsExplained() throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "one", "on", ">secret", "~*", "&*", "+@all", "-hscan")
    stage.set("a", schedule("a"))
    let daemon = try stage.daemon(user: "one:secret@")
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 1 })
    let run = try stage.run("fire", "a", "--timeout", "1s")
    #expect(run.exit == .status(69) && run.text.contains("HSCAN") && run.text.contains("+hscan"), "\(run.text)")
    #expect(daemon.logged("limited").count == 1)
    try daemon.stop()
  }

  /// The right is taken while the daemon leads. The request that shows it is answered from the daemon's record.
  @Test(arguments: ["500ms", "5s"]) func aRunByHandThatIsNoLongerReadIsExplained(_ timeout: String) throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "one", "on", ">secret", "~*", "&*", "+@all")
    stage.set("a", schedule("a"))
    let daemon = try stage.daemon(user: "one:secret@")
    #expect(try stage.run("fire", "a").exit == .status(0))
    stage.store("ACL", "SETUSER", "one", "-hscan")
    let run = try stage.run("fire", "a", "--timeout", timeout)
    #expect(run.exit == .status(69) && run.text.contains("+hscan"), "\(run.text)\n\(daemon.output)")
    #expect(try stage.run("fire", "a", "--timeout", "500ms").text.contains("+hscan"))
    try daemon.stop()
  }

  /// The same holds shortly after another right was taken.
  @Test func aRunByHandBesideAnotherLoss() throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "one", "on", ">secret", "~*", "&*", "+@all")
    stage.set("a", schedule("a"))
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"], user: "one:secret@")
    stage.store("ACL", "SETUSER", "one", "-scan")
    #expect(eventually { stage.store("INFO", "errorstats")?.text?.contains("NOPERM") == true })
    stage.store("ACL", "SETUSER", "one", "-hscan")
    let run = try stage.run("fire", "a", "--timeout", "500ms")
    #expect(run.exit == .status(69) && run.text.contains("+hscan"), "\(run.text)\n\(daemon.output)")
    try daemon.stop()
  }

  /// A standby could not read the request either.
  @Test func aRunByHandThatNobodyReadsIsExplained() throws {
    let stage = try Stage()
    for user in ["one", "two"] { stage.store("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all", "-hscan") }
    stage.set("a", schedule("a"))
    let daemons = try (stage.daemon(user: "one:secret@"), stage.daemon(user: "two:secret@"))
    let run = try stage.run("fire", "a", "--timeout", "1s")
    #expect(run.text.contains("+hscan"), "\(run.text)")
    try daemons.0.stop()
    try daemons.1.stop()
  }

  /// A loss that several missing commands cause is logged once.
  @Test func eachLossIsSaidOnce() throws {
    let stage = try Stage()
    stage.store(
      "ACL", "SETUSER", "one", "on", ">secret", "~*", "&*", "+@all", "-hscan", "-hdel", "-llen", "-hexists", "-exists")
    let daemon = try stage.daemon(user: "one:secret@")
    let line = try daemon.wait(for: "limited")
    for loss in ["runs by hand", "old watermarks forgotten"] {
      #expect(line.reason.ranges(of: loss).count == 1, "\(loss): \(line.reason)")
    }
    try daemon.stop()
  }

  /// The daemon may not write the answer's key: it sends no message whose requester could not be answered.
  @Test func anAnswerThatCannotBeGiven() throws {
    let stage = try Stage()
    stage.store(
      "ACL", "SETUSER", "one", "on", ">secret", "&*", "+@all", "~tasks:*", "~celery*", "~_kombu*",
      "~reactivebeat:tasks:meta:[^a]*")
    stage.set("a", schedule("a"))
    let daemon = try stage.daemon(user: "one:secret@")
    let run = try stage.run("fire", "a", "--timeout", "1s")
    #expect(run.exit == .status(69) && run.text.contains("NOPERM"), "\(run.text)")
    #expect(daemon.logged("refused").count == 1 && stage.messages().isEmpty, "\(daemon.output)")
    try daemon.stop()
  }
}
