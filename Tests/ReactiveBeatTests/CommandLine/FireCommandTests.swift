import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch fire`: once, now.
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
    #expect(run.lines.first?.hasPrefix("LPUSH reports\\u{6}\\u{16}3  on redis") == true, "\(run.lines)")
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
    // Whoever starts now finds nothing to do.
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
    // It works again, and has seen the events by then.
    let second = try fire(stage, "a")
    #expect(second.exit == .status(0) && stage.messages().count == 1)
    try daemon.stop()
  }
}
