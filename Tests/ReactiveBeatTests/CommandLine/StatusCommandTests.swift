import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch status`: whether a daemon fires, and how well.
@Suite struct StatusCommandTests {
  private func status(_ stage: Stage, _ arguments: String...) throws -> CommandRun {
    try CommandRun(["status"] + arguments, environment: stage.environment())
  }

  private func object(_ run: CommandRun) throws -> JSONValue {
    try #require(JSONValue(run.lines.joined(separator: "\n").utf8), "\(run.lines)")
  }

  @Test func tellsWhoFiresAndWhatStandsInTheWay() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2"))
    stage.set("broken", "{")
    let daemons = try (stage.daemon(), stage.daemon())
    #expect(stage.fires(["a"], 2))
    #expect(eventually { stage.store("HEXISTS", "reactivebeat:tasks:meta:receipts", "broken")?.integer == 1 })
    let run = try status(stage, "--json")
    #expect(run.exit == .status(0) && run.lines.count == 1)
    let object = try object(run)
    #expect(object["fires"] == .bool(true) && object["epoch"] == .number(1))
    guard case .array(let members)? = object["daemons"] else { throw Failure("no daemons", 0) }
    #expect(members.compactMap { $0["state"]?.text } == ["firing", "standing by"])
    #expect(Set(members.compactMap { $0["pid"]?.number }) == [Double(daemons.0.pid), Double(daemons.1.pid)])
    #expect(object["lease"]?["holder"] == members[0]["instance"])
    #expect((object["lease"]?["remaining_ms"]?.number ?? 0) > 0)
    #expect((object["lateness_ms"]?["runs"]?.number ?? 0) >= 2 && object["lateness_ms"]?["p99"]?.number != nil)
    #expect(object["rejected"]?["count"] == .number(1) && object["outbox"] == .number(0))
    #expect(object["redis"]?["role"]?.text == "master")
    #expect(object["redis"]?["notify_keyspace_events"]?.text?.contains("K") == true)
    let text = try status(stage).lines.joined(separator: "\n")
    #expect(text.hasPrefix("fires ") && text.contains("stands by") && text.contains("rejected   broken: "))
    try daemons.0.stop()
    try daemons.1.stop()
  }

  @Test func endsWithOneWhereNobodyFires() throws {
    let stage = try Stage()
    let none = try status(stage)
    #expect(none.exit == .status(1) && none.lines.first?.contains("no daemon runs") == true)
    #expect(try object(status(stage, "--json"))["fires"] == .bool(false))
    // The daemon is killed: its record stays, but its heartbeat expires.
    let daemon = try stage.daemon()
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 1 })
    #expect(try status(stage).exit == .status(0))
    try daemon.kill()
    for key in stage.store("KEYS", "reactivebeat:tasks:meta:heartbeat:*")?.array ?? [] {
      stage.store("DEL", key.text ?? "")
    }
    let dead = try status(stage)
    #expect(dead.exit == .status(1) && dead.lines.contains { $0.hasPrefix("dead ") }, "\(dead.lines)")
    stage.server.kill()
    #expect(try status(stage).exit == .status(69))
  }

  /// A daemon with `--no-lease` leads by its own record.
  @Test func countsADaemonWithoutALease() throws {
    let stage = try Stage()
    let daemon = try Daemon(stage.environment(), arguments: ["--no-lease"])
    try daemon.wait(for: "ready")
    #expect(eventually { (try? status(stage).exit) == .status(0) })
    try daemon.stop()
  }

  @Test func saysWhatItMayNotSee() throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-info", "-config")
    let run = try CommandRun(["status", "--json"], environment: stage.environment(user: "beat:secret@"))
    let redis = try object(run)["redis"]
    #expect(run.exit == .status(1) && redis?["product"] == .null && redis?["notify_keyspace_events"] == .null)
    #expect(!run.lines.joined().contains("secret"))
  }

  /// The user of docs/operations.md has only the rights that a daemon needs. A health check must work with them.
  @Test func doesWithTheRightsOfADaemon() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", atOnce))
    try stage.makeDaemonUser()
    let daemon = try stage.daemon(user: "beat:secret@")
    let environment = stage.environment(user: "beat:secret@")
    #expect(eventually { (try? CommandRun(["status"], environment: environment).exit) == .status(0) })
    let doctor = try CommandRun(["doctor"], environment: environment)
    #expect(!doctor.lines.contains { $0.hasPrefix("problem") }, "\(doctor.lines)")
    #expect(doctor.lines.contains { $0.hasPrefix("ok       notifications") }, "\(doctor.lines)")
    #expect(doctor.lines.contains { $0.hasPrefix("ok       rights") }, "\(doctor.lines)")
    try daemon.stop()
  }
}

extension Stage {
  /// Makes the user of docs/operations.md.
  fileprivate func makeDaemonUser() throws {
    let words = try DocumentedLines.users(DocumentedLines.text())[0]
    let reply = store.call(words.map { Array($0.utf8) })
    guard reply?.isOK == true else { throw Failure("\(reply.map { "\($0)" } ?? "")", 0) }
  }
}
