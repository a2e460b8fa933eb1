import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch set` with limits, kinds of intervals, and whole documents.
@Suite struct SetDocumentTests {
  private static let hello =
    #"{"name": "hello", "task": "t", "enabled": true, "interval": {"every": 1, "period": "hours"}}"#

  // MARK: single fields

  @Test(arguments: [
    (["--time-limit", "5m", "--soft-time-limit", "30"], #", "time_limit": 300, "soft_time_limit": 30}"#),
    (["--soft-time-limit", "250ms"], #", "soft_time_limit": 0.25}"#),
  ])
  func limits(_ arguments: [String], _ end: String) throws {
    let stage = try Stage()
    stage.set("hello", Self.hello)
    #expect(try stage.run(["set", "hello"] + arguments).exit == .status(0))
    #expect(stage.document("hello") == Self.hello.dropLast() + end)
  }

  /// A limit that is in `options` stays there.
  @Test func aLimitInOptions() throws {
    let stage = try Stage()
    stage.set("hello", Self.hello.dropLast() + #", "options": {"time_limit": 5}}"#)
    #expect(try stage.run("set", "hello", "--time-limit", "1h").exit == .status(0))
    #expect(stage.document("hello") == Self.hello.dropLast() + #", "options": {"time_limit": 3600}}"#)
  }

  @Test func relativeAndAligned() throws {
    let stage = try Stage()
    func interval() -> String? {
      JSONValue(Array((stage.document("hello") ?? "").utf8)).map {
        "\($0["interval"]?["relative"] == .bool(true)) \($0["interval"]?["align"] == .bool(true))"
      }
    }
    let made = try stage.run(
      "set", "hello", "--task", "t", "--every", "1h", "--relative", "--timezone", "Europe/Berlin")
    #expect(made.exit == .status(0), "\(made.text)")
    #expect(interval() == "true false")
    // Each of the two options replaces the other.
    #expect(try stage.run("set", "hello", "--align").exit == .status(0))
    #expect(interval() == "false true")
    #expect(try stage.run("set", "hello", "--every", "15m").text.contains("every 15 minutes"))
    #expect(interval() == "false true")
    #expect(try stage.run("set", "hello", "--no-align").exit == .status(0))
    #expect(interval() == "false false")
    #expect(try stage.run("lint", "--strict").exit == .status(0))
    // celerybeat-redis' own form can have them, too.
    stage.set("redis", #"{"name": "n", "task": "t", "enabled": true, "schedule": {"every": 30, "period": "minutes"}}"#)
    #expect(try stage.run("set", "redis", "--align").exit == .status(0))
    #expect(stage.document("redis")?.contains(#""period": "minutes", "align": true}"#) == true)
  }

  @Test(arguments: [
    (["--relative", "--align"], 64, "give one of them"),
    (["--align", "--cron", "0 * * * *"], 64, "belong to an interval"),
    (["--relative", "--at", "2030-01-01"], 64, "belong to an interval"),
    (["--time-limit", "soon"], 64, "--time-limit: soon"),
    (["--align"], 65, "belongs to an interval"), (["--document", "-", "--queue", "q"], 64, "is the whole document"),
    (["--document", "/nowhere/a.json"], 66, "No such file"), ([], 64, "name a field to change"),
  ])
  func mistakes(_ arguments: [String], _ status: Int32, _ text: String) throws {
    let stage = try Stage()
    let crontab = #"{"name": "c", "task": "t", "enabled": true, "crontab": {"minute": 0}}"#
    stage.set("c", crontab)
    let run = try stage.run(["set", "c"] + arguments)
    #expect(run.exit == .status(status) && run.text.contains(text), "\(run.text)")
    #expect(stage.document("c") == crontab)
  }

  // MARK: a whole document

  @Test func aNewOneFromStandardInput() throws {
    let stage = try Stage()
    let run = try stage.run("set", "hello", "--document", "-", input: Self.hello + "\n")
    #expect(run.exit == .status(0) && run.text.hasPrefix("made hello: every hour; next "), "\(run.text)")
    #expect(stage.document("hello") == Self.hello)
    #expect(try stage.run("set", "hello", "--document", "-", input: Self.hello + "\n").text.hasPrefix("unchanged"))
  }

  /// The daemon's own fields stay, unless the new document has them.
  @Test func inThePlaceOfAnother() throws {
    let stage = try Stage()
    let kept = #""last_run_at": "2026-01-01T00:00:00Z", "total_run_count": 5"#
    stage.set("hello", Self.hello.dropLast() + #", \#(kept), "owner": "me"}"#)
    let other = Self.hello.replacing("\"every\": 1", with: "\"every\": 2")
    #expect(try stage.run("set", "hello", "--document", "-", "--dry-run", input: other).exit == .status(0))
    #expect(stage.document("hello")?.contains("owner") == true)
    #expect(try stage.run("set", "hello", "--document", "-", input: other).exit == .status(0))
    #expect(stage.document("hello") == other.dropLast() + ", \(kept)}")
    let given = other.dropLast() + #", "total_run_count": 0}"#
    #expect(try stage.run("set", "hello", "--document", "-", input: String(given)).exit == .status(0))
    #expect(stage.document("hello") == given.dropLast() + #", "last_run_at": "2026-01-01T00:00:00Z"}"#)
  }

  /// What is accepted but probably not meant is reported in the words of `lint`, by `set` and by every other change.
  @Test func whatIsDoubtfulIsSaidAsByLint() throws {
    let stage = try Stage()
    let doubtful = Self.hello.dropLast() + #", "cron": "* * * * *", "kwarg": {}, "expires": 0.0001, "expires": 0.5}"#
    let run = try stage.run("set", "hello", "--document", "-", input: String(doubtful))
    #expect(run.exit == .status(0))
    func warnings(_ run: CommandRun) -> [String] {
      run.lines.compactMap { line in line.firstRange(of: "warning: ").map { String(line[$0.upperBound...]) } }
    }
    let lint = try stage.run("lint")
    #expect(warnings(lint).count == 4 && warnings(run) == warnings(lint), "\(run.lines)\n\(lint.lines)")
    #expect(warnings(run).contains("cron: is not a field of a schedule and has no effect: is crontab meant?"))
    #expect(try warnings(stage.run("set", "hello", "--queue", "q", "--dry-run")) == warnings(lint))
    #expect(try warnings(stage.run("edit", "hello", environment: ["EDITOR": "sed -i s/hours/days/"])) == warnings(lint))
    let json = try stage.run("set", "hello", "--queue", "q", "--json").json
    #expect(json?["warnings"]?.items?.compactMap(\.text) == warnings(lint))
  }

  /// A document that cannot be used is not stored, and all its problems are reported. A stored one that is broken is
  /// replaced.
  @Test func isCheckedAsByEdit() throws {
    let stage = try Stage()
    stage.set("hello", "{broken")
    let bad = #"{"name": "hello", "enabled": 1, "interval": {"every": 1, "period": "hours"}, "countdown": 5}"#
    let run = try stage.run("set", "hello", "--document", "-", input: bad)
    #expect(run.exit == .status(65))
    #expect(run.lines.count == 3, "\(run.lines)")
    for field in ["task", "enabled", "countdown"] { #expect(run.text.contains(field)) }
    #expect(stage.document("hello") == "{broken")
    #expect(try stage.run("set", "hello", "--document", "-", input: Self.hello).exit == .status(0))
    #expect(stage.document("hello") == Self.hello)
  }
}
