import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch history`: the runs that were sent, read from a shell.
@Suite struct HistoryCommandTests {
  private static let key = "reactivebeat:tasks:meta:history"

  /// Puts runs into the history as a daemon would: one each second, the last one now.
  private func fill(_ stage: Stage, _ names: [String]) {
    let now = SystemClock.now().microseconds
    for (index, name) in names.enumerated() {
      let due = now - Int64(names.count - 1 - index) * 1_000_000 - 213
      stage.store(
        "XADD", Self.key, "\((due + 213) / 1000)-\(index)", "name", name, "id", "id-\(index)", "due", "\(due)", "late",
        "213", "why", "schedule")
    }
  }

  private func history(_ stage: Stage, _ arguments: String...) throws -> CommandRun {
    try CommandRun(["history"] + arguments, environment: stage.environment())
  }

  private func names(_ run: CommandRun) -> [String] {
    guard case .array(let values)? = JSONValue(run.lines.joined().utf8) else { return ["no array"] }
    return values.compactMap { $0["name"]?.text }
  }

  @Test func tellsWhatADaemonFired() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", atOnce))
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired", key: stage.key("a"))
    let run = try history(stage, "--json")
    guard case .array(let values)? = JSONValue(run.lines.joined().utf8) else { throw Failure("\(run.lines)", 0) }
    let one = try #require(values.first)
    #expect(values.count == 1 && one["name"]?.text == "a" && one["why"]?.text == "immediate")
    #expect(one["id"]?.text == stage.messages().first?.id)
    #expect((one["late_ms"]?.number ?? -1) >= 0 && one["due"]?.text != nil && one["at"]?.text != nil)
    let text = try history(stage)
    #expect(text.lines.count == 1 && text.lines[0].contains("a") && text.lines[0].contains("immediate"))
    #expect(!text.lines[0].contains("\u{1B}"))
    try daemon.stop()
  }

  /// There are more entries than a page of the server's answers holds, and several entries have the same millisecond.
  @Test func findsTheNewestOfANameInPages() throws {
    let stage = try Stage()
    let now = SystemClock.now().microseconds
    for index in 0..<1300 {
      stage.store(
        "XADD", Self.key, "\(now / 1000)-\(index + 1)", "name", index == 3 ? "rare" : "often", "id", "\(index)", "due",
        "\(now)", "late", "0", "why", "schedule")
    }
    #expect(try names(history(stage, "rare", "--json")) == ["rare"])
    #expect(try names(history(stage, "--json")).count == 20)
    #expect(try names(history(stage, "of*", "--json", "--count", "1299")).count == 1299)
    #expect(try names(history(stage, "--json", "--since", "1h")).count == 1300)
  }

  @Test func takesOnlyWhatIsAskedFor() throws {
    let stage = try Stage()
    fill(stage, (0..<100).map { "s\($0)" })
    #expect(try names(history(stage, "--json", "--count", "3")) == ["s97", "s98", "s99"])
    #expect(try names(history(stage, "s5", "s1?", "--json", "--count", "2")) == ["s18", "s19"])
    let recent = try names(history(stage, "--json", "--since", "30s"))
    #expect((28...31).contains(recent.count) && recent.last == "s99")
    let start = SystemClock.now().advanced(by: -10_000_000).iso8601
    #expect((8...11).contains(try names(history(stage, "--json", "--since", start)).count))
    // A deleted schedule has a history; a name that was never used is a mistake.
    #expect(try history(stage, "s5", "--json").exit == .status(0))
    #expect(try history(stage, "t*", "--json").lines == ["[]"])
    let missing = try history(stage, "nobody")
    #expect(missing.exit == .status(66) && missing.lines.first?.hasPrefix("beat-watch: no schedule nobody") == true)
  }

  @Test func saysWhatIsWrong() throws {
    let stage = try Stage()
    for (arguments, text) in [
      (["--count", "0"], "--count: 0 is not in 1 to 1000000"),
      (["--since", "yesterday"], "--since: yesterday is no ISO 8601 time"),
    ] {
      let run = try CommandRun(["history"] + arguments, environment: stage.environment())
      #expect(run.exit == .status(64) && run.lines.count == 1 && run.lines[0].contains(text), "\(run.lines)")
    }
    stage.store("SET", Self.key, "no stream")
    let run = try history(stage)
    #expect(run.exit == .status(78) && run.lines.count == 1 && run.lines[0].contains("another Redis type"))
    #expect(run.lines[0].contains(Self.key), "\(run.lines)")
  }

  @Test func followsWhatComes() throws {
    let stage = try Stage()
    fill(stage, ["old"])
    let follower = try Daemon(stage.environment(), arguments: ["history", "--follow", "--json", "o*", "new"])
    #expect(eventually { follower.output.contains("old") })
    fill(stage, ["other", "new"].map { $0 == "other" ? "xother" : $0 })
    #expect(eventually { follower.output.contains(#""name":"new""#) })
    let lines = follower.output.split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { JSONValue($0.utf8) != nil }, "\(lines)")
    follower.send(SIGTERM)
    #expect(try follower.exit() == .signal(SIGTERM))
  }
}
