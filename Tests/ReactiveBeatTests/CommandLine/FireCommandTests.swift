import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch fire` runs a schedule once, now.
@Suite struct FireCommandTests {
  private func fire(_ stage: Stage, _ arguments: String...) throws -> CommandRun {
    try CommandRun(["fire"] + arguments, environment: stage.environment())
  }

  @Test func sendsOnceAndSaysTheTaskID() throws {
    let stage = try Stage()
    let document = schedule("a", #", "queue": "reports""#)
    stage.set("a", document)
    let daemon = try stage.daemon()
    let run = try fire(stage, "a", "--json")
    #expect(run.exit == .status(0))
    let id = try #require(run.lines.first.flatMap { JSONValue($0.utf8) }?["id"]?.text)
    #expect(stage.messages("reports").map(\.id) == [id])
    #expect(stage.document("a") == document)
    #expect(try fire(stage, "a*").lines.first?.hasPrefix("fired a  ") == true)
    #expect(stage.messages("reports").count == 2)
    try daemon.stop()
  }

  @Test func printsTheMessageInsteadOfSendingIt() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", #", "queue": "reports", "priority": 4, "args": [1, "é"]"#))
    stage.set("lost", schedule("lost", #", "exchange": "x", "routing_key": "k""#))
    let run = try fire(stage, "a", "--print")
    #expect(run.exit == .status(0) && run.lines.count == 2)
    #expect(
      run.lines.first?.hasPrefix(#"LPUSH "reports\x06\x163" (reports, priority 3)  on redis"#) == true,
      "\(run.lines)")
    let message = try #require(SentMessage(Array(run.lines[1].utf8)))
    #expect(message.task == "reports.build" && message.header("argsrepr")?.text == "[1, 'é']")
    #expect(stage.messages("reports").isEmpty && stage.broker("DBSIZE")?.integer == 0)
    let json = try #require(try fire(stage, "a", "--print", "--json").lines.first.flatMap { JSONValue($0.utf8) })
    #expect(json["message"]?["headers"]?["task"]?.text == "reports.build" && json["name"]?.text == "a")
    #expect(try fire(stage, "lost", "--print").lines.first?.contains("no queue") == true)
    stage.broker("SADD", "_kombu.binding.x", "k\u{6}\u{16}\u{6}\u{16}there")
    #expect(try fire(stage, "lost", "--print").lines.first?.hasPrefix("LPUSH there") == true)
  }

  @Test func takesItsRequestBackWhereNobodyFires() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let run = try fire(stage, "a", "--timeout", "500ms")
    #expect(run.exit == .status(69) && run.lines.count == 1)
    #expect(run.lines.first?.contains("no daemon runs") == true, "\(run.lines)")
    #expect(stage.store("HLEN", "reactivebeat:tasks:meta:manual")?.integer == 0)
    // A daemon that starts now finds no request.
    let daemon = try stage.daemon()
    #expect(stage.messages().isEmpty)
    try daemon.stop()
  }

  @Test func saysWhyItCannotBe() throws {
    let stage = try Stage()
    stage.set("broken", "{")
    stage.set("stuck", schedule("stuck", #", "queue": "stuck""#))
    stage.broker("SET", "stuck", "no list")
    let daemon = try stage.daemon()
    for (arguments, status, text) in [
      (["none"], 66, "no schedule none"), (["broken"], 78, "set aside"), (["stuck"], 78, "no list"),
      (["*"], 64, "means 2 schedules"), (["broken", "--print"], 65, "set aside"),
      (["stuck", "--timeout", "1y"], 64, "--timeout: 1y is no length of time"), ([], 64, "name"),
    ] as [([String], Int32, String)] {
      let run = try CommandRun(["fire"] + arguments, environment: stage.environment())
      #expect(run.exit == .status(status) && run.lines.count == 1, "\(arguments) \(run.lines)")
      #expect(run.lines.first?.contains(text) == true, "\(arguments) \(run.lines)")
    }
    try daemon.stop()
  }

  /// The daemon is frozen while it leads: the request is taken back, and not carried out later.
  @Test func nothingIsSentAfterTheTimeout() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let daemon = try stage.daemon()
    daemon.send(SIGSTOP)
    let run = try fire(stage, "a", "--timeout", "1s")
    daemon.send(SIGCONT)
    #expect(run.exit == .status(69) && run.lines.first?.contains("does not hear it") == true, "\(run.lines)")
    // The daemon works again, and has seen the events by then.
    let second = try fire(stage, "a")
    #expect(second.exit == .status(0) && stage.messages().count == 1)
    try daemon.stop()
  }

  private var requests: String { "reactivebeat:tasks:meta:manual" }

  /// A user interrupts the command: no request is left that a daemon could find.
  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptionTakesTheRequestBack(_ signal: Int32) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let command = try Daemon(stage.environment(), arguments: ["fire", "a", "--timeout", "1h"])
    #expect(eventually { stage.store("HLEN", requests)?.integer == 1 })
    command.send(signal)
    #expect(try command.exit() == .signal(signal))
    #expect(
      command.otherLines == ["beat-watch: a was not fired: interrupted, and the request is taken back"])
    #expect(stage.store("HLEN", requests)?.integer == 0)
    let daemon = try stage.daemon()
    #expect(try fire(stage, "a").exit == .status(0) && stage.messages().count == 1)
    try daemon.stop()
  }

  @Test func aLongNameIsCut() throws {
    let stage = try Stage()
    let name = String(repeating: "n", count: 500)
    stage.set(name, schedule("n"))
    let run = try fire(stage, name, "--timeout", "500ms")
    #expect(run.exit == .status(69) && run.text.contains("… was not fired: no daemon answered"), "\(run.text)")
    #expect(!run.text.contains(name), "\(run.text)")
  }

  /// The daemon has answered, and the interruption comes before the answer is read: the answer is still printed.
  @Test func anInterruptionThatComesTooLateSaysThatItWasFired() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let command = try Daemon(stage.environment(), arguments: ["fire", "a", "--timeout", "1h"])
    #expect(eventually { stage.store("INFO", "clients")?.text?.contains("blocked_clients:1") == true })
    command.send(SIGSTOP)
    let daemon = try stage.daemon()
    #expect(eventually { stage.messages().count == 1 })
    #expect(eventually { stage.store("INFO", "clients")?.text?.contains("blocked_clients:0") == true })
    command.send(SIGINT)
    command.send(SIGCONT)
    #expect(try command.exit() == .signal(SIGINT))
    let id = stage.messages().first?.id ?? "none"
    #expect(command.otherLines.first == "fired a  \(id)", "\(command.otherLines)")
    #expect(stage.messages().count == 1)
    try daemon.stop()
  }

  /// A user who may make a request but not wait for its answer is told so, and no message is sent.
  @Test func aUserWhoMayNotListenLeavesNothingBehind() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("ACL", "SETUSER", "deaf", "reset", "on", ">sesame", "~*", "+@all", "-blpop")
    let run = try CommandRun(["fire", "a"], environment: stage.environment(user: "deaf:sesame@"))
    #expect(run.exit == .status(77) && run.lines.count == 1, "\(run.lines)")
    #expect(stage.store("HLEN", requests)?.integer == 0)
  }

  /// Without a server the request cannot be taken back: a second interruption ends the command at once.
  @Test func aSecondInterruptionEndsItAtOnce() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let proxy = try FaultProxy(to: stage.server)
    let command = try Daemon(
      stage.environment().merging(proxy.environment) { $1 }, arguments: ["fire", "a", "--timeout", "1h"])
    #expect(eventually { stage.store("HLEN", requests)?.integer == 1 })
    #expect(eventually { stage.store("INFO", "clients")?.text?.contains("blocked_clients:1") == true })
    proxy.isDead = true
    command.send(SIGINT)
    // The command waits for a connection.
    #expect(command.isRunning)
    #expect(
      eventually {
        command.send(SIGINT)
        return !command.isRunning
      })
    #expect(try command.exit() == .signal(SIGINT))
  }
}
