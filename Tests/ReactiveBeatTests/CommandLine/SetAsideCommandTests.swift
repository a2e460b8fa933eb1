import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What the commands say of messages that are set aside, and that the commands which `doctor` prints do what they say.
@Suite struct SetAsideCommandTests {
  private func object(_ command: String..., environment: [String: String]) throws -> JSONValue {
    let run = try CommandRun(command + ["--json"], environment: environment)
    return try #require(JSONValue(run.lines.joined(separator: "\n").utf8), "\(run.lines)")
  }

  /// Sets a message aside as a daemon does.
  private func setAside(_ item: OutboxItem, _ reason: String, in stage: Stage) {
    let base = "reactivebeat:\(stage.prefix)"
    stage.store.call(
      ["XADD", "\(base)setaside", "*", "id", "\(item.taskID)", "to", item.route.words, "reason", reason, "item"].map {
        Array($0.utf8)
      } + [item.bytes])
  }

  private func shell(_ command: Substring) throws {
    let run = try CommandRun(
      ["-c", String(command)], program: ["/bin/sh"], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])
    #expect(run.exit == .status(0), "\(command): \(run.lines)")
  }

  @Test func doctorNamesTheReasonAndBothCommands() throws {
    let servers = try TwoServers()
    let (stage, environment) = (
      servers.store, servers.store.environment().merging(["CELERY_BROKER_URL": servers.broker.url(0)]) { $1 }
    )
    let items = ["one", "two"].map { OutboxItem.sample($0) }
    for item in items { setAside(item, "header \"x\" has 300 bytes", in: stage) }
    #expect(try object("status", environment: environment)["set_aside"] == .number(2))
    #expect(
      try CommandRun(["status"], environment: environment).lines.contains {
        $0.hasPrefix("set aside") && $0.contains("2 messages")
      })
    guard case .array(let all)? = try object("doctor", environment: environment)["findings"] else {
      throw Failure("no findings", 0)
    }
    let found = all.filter { $0["check"]?.text == "set aside" }
    #expect(found.compactMap { $0["level"]?.text } == ["warning", "warning"])
    let texts = found.compactMap { $0["text"]?.text }
    #expect(texts.count == 2 && texts[0].contains("task two to queue celery") && texts[1].contains("task one"))
    #expect(texts.allSatisfy { $0.contains("header \"x\" has 300 bytes") })
    // Each command does what it says, and the one that puts back does it once.
    let fixes = found.compactMap { $0["fix"]?.text }
    let parts = fixes.map { $0.replacing(" -- to drop it: ", with: "\n").split(separator: "\n") }
    let start = try #require(parts[0].first?.firstRange(of: "redis-cli")?.lowerBound)
    try shell(parts[0][0][start...])
    try shell(parts[0][0][start...])
    #expect(servers.outbox == [items[1].bytes])
    try shell(parts[1][1])
    #expect(stage.store("XLEN", "reactivebeat:\(stage.prefix)setaside")?.integer == 0)
    #expect(try object("status", environment: environment)["set_aside"] == .number(0))
    // A message that was put back is delivered as any other.
    let daemon = try servers.daemon()
    #expect(eventually { servers.ids() == ["two"] && servers.isDrained() })
    #expect(try daemon.stop() == .status(0))
  }

  @Test func doctorSaysHowManyMoreThereAre() throws {
    let stage = try Stage()
    for number in 0..<5 { setAside(.sample("\(number)"), "too long", in: stage) }
    guard case .array(let all)? = try object("doctor", environment: stage.environment())["findings"] else {
      throw Failure("no findings", 0)
    }
    let texts = all.filter { $0["check"]?.text == "set aside" }.compactMap { $0["text"]?.text }
    #expect(texts.count == 4 && texts.last == "2 older messages are set aside", "\(texts)")
  }

  @Test func explainBeginsWithIt() throws {
    let stage = try Stage()
    for name in ["a", "b"] { stage.set(name, schedule(name)) }
    let base = "reactivebeat:\(stage.prefix)"
    func ran(_ name: String, _ id: String) {
      stage.store("XADD", "\(base)history", "*", "name", name, "id", id, "due", "1", "late", "0", "why", "schedule")
    }
    for (name, id) in [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")] { ran(name, id) }
    for id in ["1", "3"] { setAside(.sample(id), "header \"x\" has 300 bytes", in: stage) }
    let lines = try CommandRun(["explain", "a"], environment: stage.environment()).lines
    let second = lines.dropFirst().joined(separator: " ")
    #expect(second.hasPrefix("set aside  the message of task 3 to queue celery"), "\(lines)")
    #expect(second.contains("300 bytes") && second.contains("1 earlier message"), "\(lines)")
    guard case .array(let told)? = try object("explain", "a", environment: stage.environment())["set_aside"] else {
      throw Failure("no set_aside", 0)
    }
    #expect(told.compactMap { $0["task_id"]?.text } == ["3", "1"])
    let other = try CommandRun(["explain", "b"], environment: stage.environment()).lines
    #expect(!other.contains { $0.hasPrefix("set aside") }, "\(other)")
  }
}
