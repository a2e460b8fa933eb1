import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `next` of a stored schedule shows what `list` shows, and the runs after it.
@Suite struct NextOfStoredTests {
  private let stage: Stage
  /// Redis' time, in whole seconds.
  private let now: UnixTime

  init() throws {
    stage = try Stage()
    now = try stage.second()
  }

  private func ago(_ minutes: Int64) -> String { now.advanced(by: -minutes * 60_000_000).iso8601 }

  private func crontab(_ name: String, _ more: String) -> String {
    #"{"name": "\#(name)", "task": "t", "enabled": true, \#(more)}"#
  }

  /// `lint` takes names and globs as `next` does, beside files.
  @Test func lintOfSomeStoredOnes() throws {
    stage.set("a", schedule("a"))
    stage.set("b1", schedule("b1", every: "\"x\""))
    stage.set("b2", schedule("b2", every: "\"y\""))
    #expect(try stage.run("lint", "a").exit == .status(0))
    let run = try stage.run("lint", "b1", "b*", "a", "-", input: "{")
    #expect(run.exit == .status(1), "\(run.text)")
    #expect(
      run.lines.map { String($0.prefix { $0 != " " }) } == ["-:1:", "tasks:meta:b1:", "tasks:meta:b2:"], "\(run.text)")
  }

  /// The first run is the next run in `list`, and the first that a daemon sends which starts then.
  @Test func itIsWhatListSaysAndTheDaemonDoes() throws {
    let clocked = #""clocked": {"clocked_time": "\#(ago(60))"}"#
    let hourly = #""interval": {"every": 1, "period": "hours"}"#
    let documents: [(name: String, fields: String, isNow: Bool)] = [
      ("passed", clocked, true), ("skipped", #"\#(clocked), "catchup": "none""#, false),
      ("old", #"\#(clocked), "catchup_window": 3000"#, false), ("young", #"\#(clocked), "catchup_window": 4000"#, true),
      ("ran", #"\#(clocked), "total_run_count": 1"#, false),
      ("all", #"\#(hourly), "last_run_at": "\#(ago(200))", "catchup": "all""#, true),
      ("once", #"\#(hourly), "last_run_at": "\#(ago(200))", "one_off": true"#, true),
      ("few", #"\#(hourly), "last_run_at": "\#(ago(200))", "max_run_count": 3, "total_run_count": 2"#, true),
      ("later", #"\#(hourly), "last_run_at": "\#(ago(20))", "jitter": 300"#, false),
      ("off", #"\#(hourly), "last_run_at": "\#(ago(200))", "enabled": false"#, false),
    ]
    for (name, fields, _) in documents {
      let document = crontab(name, fields)
      stage.set(
        name, fields.contains("enabled") ? document.replacing(#""enabled": true, "#, with: "") : document)
    }
    for (name, _, isNow) in documents {
      let run = try stage.run("next", name, "--json", "--count", "3")
      #expect(run.exit == .status(0), "\(name): \(run.text)")
      let told = try #require(run.json?["next"]?.items, "\(name): \(run.text)")
      let list = try #require(stage.run("list", name, "--json").json?.items?.first)
      #expect(told.first?.text == list["next"]?.text, "\(name)")
      #expect((told.first?.text.flatMap { UnixTime(iso8601: $0) }.map { $0 <= now } ?? false) == isNow, "\(name)")
      if list["next"] == .null { #expect(run.json?["end"]?.text != nil, "\(name)") }
    }
    // Each missed run is shown, in order.
    let all = try stage.run("next", "all", "--json", "--count", "3").json?["next"]?.items?.compactMap(\.text)
    #expect(all == [ago(140), ago(80), ago(20)])
    let text = try stage.run("next", "once").lines
    #expect(text[0] == "every hour" && text[1].hasSuffix("(missed; sent as soon as a daemon fires)"), "\(text)")
    #expect(text.dropFirst(2).first == "  then no more: one_off has run")
    #expect(try stage.run("next", "once").notes.first?.contains("nobody fires: no daemon runs") == true)

    let daemon = try stage.daemon()
    #expect(eventually { documents.filter(\.isNow).allSatisfy { stage.watermark($0.name)?.taskID != nil } })
    try daemon.stop()
    for (name, _, isNow) in documents { #expect((stage.watermark(name)?.taskID != nil) == isNow, "\(name)") }
  }

  /// A run that waits because of `run_immediately` is shown as that, and not as missed.
  @Test func atOnce() throws {
    stage.set("a", schedule("a", #", "run_immediately": true"#))
    for command in ["next", "show", "explain"] {
      let text = try stage.run(command, "a").text
      #expect(
        text.contains("(run_immediately: sent as soon as a daemon fires)") && !text.contains("missed;"), "\(text)")
    }
  }

  @Test func whatIsNoFileAndNoSchedule() throws {
    let run = try stage.run("next", "nothing")
    #expect(run.exit == .status(66) && run.lines.count == 1, "\(run.text)")
    #expect(run.text.contains("there is no file nothing, and no schedule nothing"), "\(run.text)")
    let lost = try CommandRun(
      ["next", "nothing"], environment: ["CELERY_REDIS_SCHEDULER_URL": "redis+socket:///nowhere/r.sock"])
    #expect(lost.exit == .status(69) && lost.text.contains("there is no file nothing"), "\(lost.text)")
    stage.set("bad", schedule("bad", every: "0"))
    let bad = try stage.run("next", "bad", "--json")
    #expect(bad.exit == .status(65) && bad.json?["error"]?.text?.hasPrefix("bad: interval.every 0") == true)
  }

  /// The name could be taken for a file, or for an option.
  @Test func aNameThatLooksLikeAFile() throws {
    for name in ["-", "/tmp/x", "./a", "/dev/null", "plain", "-x"] {
      stage.set(name, schedule(name))
      let run = try stage.run("next", "--name=\(name)", "--json", "--count", "1")
      #expect(run.exit == .status(0) && run.json?["next"]?.items?.count == 1, "\(name): \(run.text)")
    }
    #expect(try stage.run("next", "--name", "-", "--count", "1").exit == .status(0))
    let missing = try stage.run("next", "--name", "/tmp/y")
    #expect(missing.exit == .status(66) && missing.lines.count == 1, "\(missing.text)")
    #expect(missing.text.contains("no schedule /tmp/y") && !missing.text.contains("no file"), "\(missing.text)")
  }

  @Test func afterATime() throws {
    stage.set("a", schedule("a", #", "last_run_at": "\#(ago(200))", "catchup": "all""#))
    let after = try stage.run("next", "a", "--json", "--count", "2", "--after", ago(-600))
    #expect(after.json?["next"]?.items?.compactMap(\.text) == [ago(-640), ago(-700)], "\(after.text)")
  }
}
