import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch list` and `show`: what runs next.
@Suite struct ListCommandTests {
  /// Five schedules, one of each state, and a key that is no string.
  private func stage() throws -> Stage {
    let stage = try Stage()
    stage.set("hourly", schedule("hourly", task: "reports.build"))
    stage.set("soon", schedule("soon", every: "60", task: "mail.send"))
    stage.set("off", schedule("off").replacing("true", with: "false"))
    stage.set("over", schedule("over", #", "one_off": true, "total_run_count": 1"#))
    stage.set("bad", schedule("bad", every: "0"))
    return stage
  }

  @Test func eachScheduleWithItsState() throws {
    let run = try stage().run("list", "--json")
    #expect(run.exit == .status(0))
    guard case .array(let rows) = run.json else {
      Issue.record("no array: \(run.text)")
      return
    }
    #expect(rows.compactMap { $0["name"]?.text } == ["bad", "hourly", "off", "over", "soon"])
    #expect(rows.compactMap { $0["state"]?.text } == ["rejected", "enabled", "disabled", "finished", "enabled"])
    #expect(rows[0]["reason"]?.text?.contains("interval.every 0") == true)
    #expect(rows[1]["schedule"]?.text == "every hour" && rows[1]["next"]?.text != nil)
    #expect(rows[3]["reason"]?.text == "one_off has run" && rows[3]["next"] == .null)
  }

  @Test(arguments: [
    (["--sort", "next"], ["soon", "hourly", "bad", "off", "over"]),
    (["--sort", "task"], ["soon", "bad", "hourly", "off", "over"]),
    (["--state", "rejected", "--state", "disabled"], ["bad", "off"]), (["--task", "mail.*"], ["soon"]),
    (["--due-within", "5m"], ["soon"]), (["o*", "soon"], ["off", "over", "soon"]), (["hourly"], ["hourly"]),
    (["--due-within", "1s"], []),
  ])
  func filtersAndOrders(_ arguments: [String], _ expected: [String]) throws {
    let run = try stage().run(["list", "--names-only"] + arguments)
    #expect(run.lines == expected && run.exit == .status(0), "\(run.text)")
  }

  @Test func theTableIsPlainTextInAPipe() throws {
    let run = try stage().run("list", environment: ["TERM": "xterm-256color"])
    #expect(run.lines.count == 6 && run.lines[0].hasPrefix("NAME"))
    #expect(!run.text.contains("\u{1B}"))
    #expect(run.lines[1].contains("rejected: interval.every 0"))
  }

  /// On a terminal each line fits, with colours: what is too long is cut, and the least important columns are left out.
  @Test func theTableFitsTheTerminal() throws {
    let stage = try stage()
    stage.set("a schedule with a name that is long enough", schedule("x", task: String(repeating: "täsk.", count: 30)))
    for colours in [true, false] {
      let terminal = try PseudoTerminal()
      let list = try stage.start(
        "list", "--sort", "task", at: terminal, environment: colours ? ["TERM": "xterm"] : ["NO_COLOR": "1"])
      #expect(list.wait() == .status(0))
      #expect(terminal.shows("reports.build"))
      var lines = terminal.text.split(separator: "\r\n").map(String.init).filter { !$0.hasPrefix("beat-watch: note") }
      #expect(lines.count == 7 && lines[0].contains("\u{1B}[1mNAME\u{1B}[0m") == colours, "\(lines)")
      #expect(lines.contains { $0.contains("\u{1B}[32menabled\u{1B}[0m") } == colours)
      lines = lines.map { $0.replacing(/\u{1B}\[\d+m/, with: "") }
      for line in lines { #expect(line.count <= 120, "\(line)") }
      #expect(
        lines.map { $0.split(separator: " ").first ?? "" } == ["NAME", "soon", "bad", "hourly", "off", "over", "a"])
      #expect(lines[6].contains("…"), "\(lines[6])")
    }
  }

  /// The next run that the commands show is the one in the daemon's log.
  @Test func theNextRunIsTheDaemons() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    let documents = [
      "plain": schedule("plain", every: "600"), "jitter": schedule("jitter", every: "600", #", "jitter": 60"#),
      "later": schedule("later", every: "60", #", "start_after": "2030-01-01T00:00:00Z""#),
      "ran": schedule("ran", every: "3600", #", "last_run_at": "2026-01-01T00:00:00Z", "catchup": "none""#),
      "cron":
        #"{"name": "c", "task": "t", "enabled": true, "crontab": {"minute": "30", "hour": "2"}, "timezone": "Asia/Tokyo"}"#,
    ]
    for (name, document) in documents { stage.set(name, document) }
    for name in documents.keys { try daemon.wait(for: "loaded", key: stage.key(name)) }
    // After an edit of the schedule an interval counts on from its last run, and nothing overdue is invented.
    stage.set("plain", schedule("plain", every: "300"))
    let changed = try daemon.wait(for: "changed", key: stage.key("plain"))
    let list = try stage.run("list", "--json")
    guard case .array(let rows) = list.json else { throw Failure("no array: \(list.text)", 0) }
    for row in rows {
      let name = row["name"]?.text ?? ""
      let said = name == "plain" ? changed : daemon.logged("loaded", key: stage.key(name)).last
      if name != "ran" { #expect(row["next"]?.text == said?["next"], "\(name)") }
    }
    try daemon.stop()
  }

  @Test func whatIsShownOfOne() throws {
    let stage = try stage()
    let text =
      "{\n\t\"name\": \"Tea \u{1B}[31m\", \"task\": \"t\", \"enabled\": true,\n\t\"interval\": {\"every\": 10, \"period\": \"minuts\"}}\n"
    let mended = text.replacing("minuts", with: "minutes").replacing("\u{1B}", with: "\\u001b")
    stage.set("tea", mended)
    let run = try stage.run("show", "tea", "--count", "3")
    #expect(run.exit == .status(0) && run.lines.first == "tea")
    #expect(run.text.contains("every 10 minutes") && run.lines.contains { $0.hasPrefix("next runs") })
    #expect(!run.text.contains("\u{1B}"))
    let raw = try stage.run("show", "tea", "--raw")
    #expect(raw.text + "\n" == mended)
    let json = try #require(try stage.run("show", "t?a", "--json").json)
    #expect(json["document"]?["interval"]?["every"]?.number == 10)
    guard case .array(let next) = json["next"] else { throw Failure("no next", 0) }
    #expect(next.count == 5)
  }

  @Test func thousandsComeInTheirOrder() throws {
    let stage = try Stage()
    for index in 0..<3_000 { stage.set("s\(10_000 + index)", schedule("s", every: "\(60 + index)")) }
    let run = try stage.run("list", "--names-only", "--sort", "next")
    #expect(run.lines.count == 3_000)
    #expect(run.lines == run.lines.sorted())
  }
}
