import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch explain`: why a schedule will, did or did not run.
@Suite struct ExplainCommandTests {
  private func explain(_ stage: Stage, _ arguments: String...) throws -> CommandRun {
    try CommandRun(["explain"] + arguments, environment: stage.environment())
  }

  private func object(_ stage: Stage, _ arguments: [String]) throws -> JSONValue {
    let run = try CommandRun(["explain", "--json"] + arguments, environment: stage.environment())
    #expect(run.exit == .status(0), "\(run.lines)")
    return try #require(JSONValue(run.lines.joined().utf8), "\(run.lines)")
  }

  private func crontab(_ name: String, _ fields: String, _ more: String = "") -> String {
    #"{"name": "\#(name)", "task": "t", "enabled": true, "crontab": {\#(fields)}\#(more)}"#
  }

  @Test func saysWhyItWillOrWillNotRun() throws {
    let stage = try Stage()
    stage.set("soon", schedule("soon"))
    stage.set("off", schedule("off").replacing("true", with: "false"))
    stage.set("over", schedule("over", #", "max_run_count": 1, "total_run_count": 1"#))
    stage.set("broken", schedule("broken", every: "\"x\""))
    #expect(try object(stage, ["soon"])["verdict"]?.text == "unattended")
    let daemon = try stage.daemon()
    #expect(eventually { (try? explain(stage, "soon").lines.first?.contains("soon will run in 59 min")) == true })
    for (name, verdict) in [("soon", "runs"), ("off", "disabled"), ("over", "finished"), ("broken", "rejected")] {
      #expect(try object(stage, [name])["verdict"]?.text == verdict, "\(name)")
    }
    let text = try explain(stage, "soon").lines.joined(separator: "\n")
    #expect(
      text.contains("every hour") && text.contains("first seen") && text.contains("reports.build to celery"))
    #expect(try explain(stage, "none").exit == .status(66))
    #expect(try explain(stage, "o*").exit == .status(64))
    // A schedule that was deleted has left its watermark.
    stage.store("DEL", stage.key("soon"))
    let gone = try explain(stage, "soon")
    #expect(gone.exit == .status(66) && gone.lines.first?.contains("was first seen at") == true, "\(gone.lines)")
    try daemon.stop()
  }

  /// A command with another broker than the daemon's says so, and by its words sends nothing there.
  @Test func anotherBrokerThanTheDaemons() throws {
    let stage = try Stage()
    stage.set("soon", schedule("soon"))
    let daemon = try stage.daemon()
    #expect(try !explain(stage, "soon").text.contains("differs"))
    let other = stage.environment().merging(["CELERY_BROKER_URL": "redis://127.0.0.1:1/0"]) { $1 }
    let run = try CommandRun(["explain", "soon"], environment: other)
    #expect(
      run.text.contains("--broker-url of this command differs from the leading daemon's, which is redis"), "\(run.text)"
    )
    #expect(try CommandRun(["explain", "soon", "--json"], environment: other).json?["differences"]?.items?.count == 1)
    try daemon.stop()
  }

  @Test func saysWhatHappenedAtATime() throws {
    let stage = try Stage()
    stage.set("tick", schedule("tick", every: "0.5"))
    let daemon = try stage.daemon()
    #expect(stage.fires(["tick"], 3))
    let due = try #require(stage.watermark("tick")?.due)
    let sent = try object(stage, ["tick", "--at", due.iso8601])
    #expect(sent["verdict"]?.text == "sent" && sent["due"]?.text == due.iso8601, "\(sent)")
    guard case .array(let runs)? = sent["runs"] else { throw Failure("no runs", 0) }
    #expect(runs.count == 1)
    #expect(runs[0]["id"]?.text == stage.taskIDs("tick", last: due, every: 500_000, count: 1).first)
    #expect(runs[0]["why"]?.text == "schedule" && runs[0]["late_ms"]?.number != nil)
    let future = try object(stage, ["tick", "--at", due.advanced(by: 3_600_000_000).iso8601])
    #expect(future["verdict"]?.text == "due")
    // This time is long before the schedule was first seen.
    let past = try object(stage, ["tick", "--at", due.advanced(by: -86_400_000_000).iso8601])
    #expect(past["verdict"]?.text == "not known")
    try daemon.stop()
  }

  @Test func namesTheFieldThatDidNotMatchAndTheClocks() throws {
    let stage = try Stage()
    stage.set(
      "nightly",
      crontab("nightly", #""minute": "30", "hour": "2""#, #", "timezone": "Europe/Berlin", "expires_at": "2031-01-01""#)
    )
    // On that day half past two is skipped, since the clocks go forward: the schedule runs an hour later.
    let skipped = try object(stage, ["nightly", "--at", "2030-03-31T03:30:00+02:00"])
    #expect(skipped["due"]?.text == "2030-03-31T01:30:00Z" && skipped["verdict"]?.text == "due")
    let wrong = try object(stage, ["nightly", "--at", "2030-03-30T02:31:00+01:00"])
    #expect(wrong["verdict"]?.text == "not due" && wrong["before"]?.text == "2030-03-30T01:30:00Z")
    guard case .array(let mismatches)? = wrong["mismatches"] else { throw Failure("no mismatches", 0) }
    #expect(mismatches.map { $0["field"]?.text } == ["minute"] && mismatches[0]["taken"]?.text == "30")
    #expect(try object(stage, ["nightly", "--at", "2031-06-30T02:30:00+02:00"])["verdict"]?.text == "out of life")
    guard case .array(let changes)? = try object(stage, ["nightly"])["clock_changes"] else {
      throw Failure("no changes", 0)
    }
    #expect(changes.count == 2)
    let text = try explain(stage, "nightly", "--at", "2030-03-30T02:31:00+01:00").lines
    #expect(text.contains { $0.contains("minute is 31 then, and the schedule takes 30") }, "\(text)")
    let bad = try explain(stage, "nightly", "--at", "sunday")
    #expect(
      bad.exit == .status(64) && bad.lines.count == 1 && bad.lines[0].contains("--at: sunday is no ISO 8601 time"))
  }
}

/// A test for each verdict that `explain` can give.
@Suite struct ExplainVerdictTests {
  private let stage: Stage
  /// Redis' time, in whole seconds.
  private let now: UnixTime

  init() throws {
    stage = try Stage()
    now = try stage.second()
  }

  /// The verdict's code, and its sentence.
  private func verdict(_ name: String, at time: UnixTime? = nil) throws -> (code: String, because: String) {
    let run = try stage.run(["explain", name, "--json"] + (time.map { ["--at", $0.iso8601] } ?? []))
    #expect(run.exit == .status(0), "\(run.text)")
    let json = try #require(run.json, "\(run.text)")
    // The text's first line says the same.
    let text = try stage.run(["explain", name] + (time.map { ["--at", $0.iso8601] } ?? []))
    #expect(text.exit == .status(0) && text.lines.first?.hasPrefix("\(name) ") == true, "\(text.text)")
    return (try #require(json["verdict"]?.text), try #require(json["because"]?.text))
  }

  private func ago(_ minutes: Int64) -> UnixTime { now.advanced(by: -minutes * 60_000_000) }

  /// Stores an hourly schedule whose document says that it last ran so many minutes ago.
  private func ran(_ name: String, _ minutes: Int64, _ more: String = "") {
    stage.set(name, schedule(name, #", "last_run_at": "\#(ago(minutes).iso8601)"\#(more)"#))
  }

  /// An old entry of another schedule makes the history reach back to the beginning.
  private func longHistory() { stage.store("XADD", "reactivebeat:tasks:meta:history", "1-0", "of", "nobody") }

  // MARK: without a time

  @Test func willRun() throws {
    stage.set("a", schedule("a"))
    let alone = try verdict("a")
    #expect(alone.code == "unattended" && alone.because.contains("nobody fires: no daemon runs"), "\(alone)")
    let daemon = try stage.daemon()
    #expect(eventually { (try? verdict("a").code) == "runs" })
    #expect(try verdict("a").because.hasPrefix("will run in 59 min"))
    try daemon.stop()
  }

  @Test func overdue() throws {
    stage.broker("SET", "stuck", "no list")
    ran("a", 90, #", "queue": "stuck""#)
    #expect(try verdict("a").because.hasPrefix("would run at once, and nobody fires"))
    let daemon = try stage.daemon()
    try daemon.wait(for: "deferred")
    let held = try verdict("a")
    #expect(held.code == "overdue" && held.because.contains("has been due for 30 min"), "\(held)")
    try daemon.stop()
  }

  @Test func willNotRun() throws {
    stage.set("off", schedule("off").replacing("true", with: "false"))
    #expect(try verdict("off").code == "disabled" && verdict("off").because.contains("beat-watch enable off"))
    stage.set("over", schedule("over", #", "one_off": true, "total_run_count": 1"#))
    #expect(try verdict("over") == ("finished", "will not run any more: one_off has run"))
    stage.set("bad", schedule("bad", every: "0"))
    #expect(try verdict("bad").code == "rejected" && verdict("bad").because.contains("interval.every 0"))
    // Its only time was missed, and `catchup` none leaves it out.
    stage.set(
      "once",
      #"{"name": "once", "task": "t", "enabled": true, "clocked": {"clocked_time": "\#(ago(60).iso8601)"}, "#
        + #""last_run_at": "\#(ago(90).iso8601)", "catchup": "none"}"#)
    let once = try verdict("once")
    #expect(
      once.code == "finished" && once.because.contains("what was left of it was missed, and is skipped"), "\(once)")
  }

  /// The schedule has been due for a moment, and nothing known prevents its run. The daemon is frozen, but its
  /// heartbeat has not expired.
  @Test func aboutToBeSent() throws {
    let daemon = try stage.daemon()
    stage.set("tick", schedule("tick", every: "1"))
    #expect(stage.fires(["tick"], 1))
    daemon.send(SIGSTOP)
    defer { daemon.send(SIGCONT) }
    var said: [String] = []
    #expect(
      eventually {
        (try? verdict("tick").because).map { said.append($0) }
        return said.last?.hasPrefix("runs now: it has been due for ") == true
      })
    #expect(!said.contains { $0.contains("ago") }, "\(said)")
  }

  /// A refused schedule is reported as refused from the first moment.
  @Test func refused() throws {
    stage.broker("SET", "stuck", "no list")
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", #", "queue": "stuck"\#(atOnce)"#))
    try daemon.wait(for: "deferred")
    #expect(eventually { (try? verdict("a").because.contains("and is refused: ")) == true })
    let text = try stage.run("explain", "a").text
    #expect(!text.contains("cannot be reached") && text.contains("what waits there is not known: "), "\(text)")
    #expect(text.contains("WRONGTYPE") || text.contains("another Redis type"), "\(text)")
    try daemon.stop()
  }

  /// `explain` says that a broker cannot be reached only if that is so.
  @Test func aBrokerThatIsAway() throws {
    stage.set("a", schedule("a"))
    let away = ["CELERY_BROKER_URL": "redis+socket:///nowhere/r.sock"]
    #expect(try stage.run("explain", "a", environment: away).text.contains("which cannot be reached now"))
    stage.store("ACL", "SETUSER", "look", "on", ">secret", "~*", "&*", "+@all", "-llen")
    let denied = try stage.run(
      "explain", "a", environment: ["CELERY_BROKER_URL": stage.url(0, user: "look:secret@")]
    ).text
    #expect(!denied.contains("cannot be reached") && denied.contains("what waits there is not known: "), "\(denied)")
    #expect(denied.contains("llen"), "\(denied)")
  }

  /// The schedule is disabled and has come to its end as well: enabling it does not help.
  @Test func disabledAndOver() throws {
    for (name, fields) in [
      ("count", #", "max_run_count": 2, "total_run_count": 2"#), ("end", #", "expires_at": "\#(ago(60).iso8601)""#),
    ] {
      stage.set(name, schedule(name, fields).replacing("true", with: "false"))
      let said = try verdict(name)
      #expect(said.code == "disabled" && !said.because.contains("beat-watch enable"), "\(said)")
      #expect(said.because.hasPrefix("will not run: it is disabled, and enabled it would not run either: "), "\(said)")
    }
    // A clocked time that has passed while the schedule was disabled.
    stage.set(
      "once", #"{"name": "once", "task": "t", "enabled": false, "clocked": {"clocked_time": "\#(ago(60).iso8601)"}}"#)
    #expect(try verdict("once").because.contains("enabled it would not run either"))
    #expect(try stage.run("enable", "once").exit == .status(0))
    #expect(try verdict("once").code == "finished")
  }

  /// A schedule that is not sent has no sender. Of a key that is no document its Redis type is named.
  @Test func whatIsNotSent() throws {
    stage.set("off", schedule("off").replacing("true", with: "false"))
    stage.store("RPUSH", stage.key("list"), "x")
    stage.set("bad", schedule("bad", every: "0"))
    let daemon = try stage.daemon()
    for name in ["off", "list", "bad"] {
      let text = try stage.run("explain", name).text
      #expect(!text.contains("sent by") && !text.contains("\nsends "), "\(text)")
    }
    let list = try stage.run("explain", "list").text
    #expect(list.contains("tasks:meta:list, a Redis list") && !list.contains("0 bytes"), "\(list)")
    #expect(try stage.run("explain", "off").text.contains("would send reports.build to celery"))
    stage.set("long", String(repeating: " ", count: 1_049_601))
    #expect(try stage.run("explain", "long").text.contains("tasks:meta:long, 1049601 bytes"))
    try daemon.stop()
  }

  // MARK: at a time in the future

  @Test func toCome() throws {
    let time = ago(-90)
    for (name, more, code, text) in [
      ("due", "", "due", "will be due then"),
      ("over", #", "one_off": true, "total_run_count": 1"#, "finished", "one_off"),
      ("late", #", "start_after": "2099-01-01T00:00:00Z""#, "out of life", "is not due then: start_after is 2099"),
      ("early", #", "expires_at": "\#(ago(-60).iso8601)""#, "out of life", "is not due then: expires_at is"),
      ("void", #", "expires": "\#(ago(-60).iso8601)""#, "out of life", "is not due then: expires is"),
      ("few", #", "max_run_count": 3, "total_run_count": 2"#, "finished", "will have ended before: max_run_count 3"),
      ("enough", #", "max_run_count": 3, "total_run_count": 1"#, "due", "will be due then"),
    ] {
      ran(name, 30, more)
      let said = try verdict(name, at: time)
      #expect(said.code == code && said.because.contains(text), "\(name): \(said)")
    }
    ran("off", 30)
    stage.set("off", stage.document("off")?.replacing("true", with: "false") ?? "")
    #expect(try verdict("off", at: time) == ("disabled", "would be due then, and is disabled"))
    #expect(try verdict("due", at: time.advanced(by: 60_000_000)).code == "not due")
    stage.set("bad", schedule("bad", every: "0"))
    #expect(try verdict("bad", at: time).code == "rejected")
  }

  // MARK: at a time in the past

  @Test func notDue() throws {
    ran("a", 90)
    let said = try verdict("a", at: ago(29))
    #expect(said == ("not due", "was not due then: its schedule does not name that time"))
    ran("b", 30, #", "start_after": "\#(ago(90).iso8601)""#)
    let bound = try verdict("b", at: ago(150))
    #expect(bound.code == "out of life" && bound.because.hasPrefix("was not due then: start_after is "), "\(bound)")
  }

  @Test func sent() throws {
    ran("a", 90)
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired")
    try daemon.stop()
    let said = try verdict("a", at: ago(30))
    let id = stage.messages().first?.id ?? "none"
    #expect(said.code == "sent" && said.because.contains("(catch-up), task \(id)"), "\(said)")
    // Without a history the watermark still has the last run.
    stage.store("DEL", "reactivebeat:tasks:meta:history")
    let marked = try verdict("a", at: ago(30))
    #expect(marked.code == "sent" && marked.because.contains("task \(id) (by the watermark"), "\(marked)")
  }

  @Test func waits() throws {
    ran("a", 90)
    #expect(try verdict("a", at: ago(30)) == ("waits", "was due then, and still waits to be sent"))
    // Each missed occurrence is sent, the oldest first.
    ran("all", 150, #", "catchup": "all""#)
    for minutes: Int64 in [30, 90] { #expect(try verdict("all", at: ago(minutes)).code == "waits") }
    // The jitter is random by name: one name in a thousand would be sent within the first second.
    ran("b", 60, #", "jitter": 3500"#)
    let jitter = try verdict("b", at: ago(0))
    #expect(jitter.code == "waits" && jitter.because.contains("(jitter)"), "\(jitter)")
  }

  @Test func missed() throws {
    longHistory()
    ran("a", 150)
    let waiting = try verdict("a", at: ago(90))
    #expect(waiting.code == "missed" && waiting.because.contains("still waits to be sent"), "\(waiting)")
    // A run by hand does not catch up on a missed run.
    ran("a", 0)
    var daemon = try stage.daemon()
    #expect(try stage.run("fire", "a").exit == .status(0))
    try daemon.stop()
    stage.store("DEL", stage.watermarkKey)
    ran("a", 150)
    daemon = try stage.daemon()
    try daemon.wait(for: "fired")
    try daemon.stop()
    let made = try verdict("a", at: ago(90))
    #expect(made.code == "missed" && made.because.hasSuffix("made up for it (catchup)"), "\(made)")
    #expect(made.because.contains("the run for \(ago(30).iso8601.replacing("T", with: " "))"), "\(made)")
  }

  @Test func skipped() throws {
    ran("none", 150, #", "catchup": "none""#)
    #expect(try verdict("none", at: ago(90)).code == "skipped")
    #expect(try verdict("none", at: ago(30)).because.hasSuffix("what was missed is skipped (catchup none)"))
    ran("window", 150, #", "catchup_window": 600"#)
    let said = try verdict("window", at: ago(30))
    ran("all", 150, #", "catchup": "all", "catchup_window": 3600"#)
    #expect(try verdict("all", at: ago(90)).code == "skipped" && verdict("all", at: ago(30)).code == "waits")
    #expect(said.code == "skipped" && said.because.contains("catchup_window 10 min"), "\(said)")
  }

  @Test func notSeen() throws {
    stage.set("c", #"{"name": "c", "task": "t", "enabled": true, "crontab": {}}"#)
    #expect(try verdict("c", at: ago(10)) == ("not seen", "was not sent: no daemon has seen the schedule yet"))
    let daemon = try stage.daemon()
    #expect(eventually { stage.watermark("c") != nil })
    try daemon.stop()
    let seen = try verdict("c", at: ago(10))
    #expect(seen.code == "not seen" && seen.because.contains("was first seen, or edited, at "), "\(seen)")
  }

  @Test func restedThen() throws {
    ran("off", 150)
    stage.set("off", stage.document("off")?.replacing("true", with: "false") ?? "")
    #expect(try verdict("off", at: ago(90)) == ("disabled", "was not sent: it is disabled"))
    ran("over", 150, #", "max_run_count": 3, "total_run_count": 3"#)
    #expect(try verdict("over", at: ago(90)) == ("finished", "was not sent: max_run_count 3 is reached"))
  }

  @Test func notSentOrNotKnown() throws {
    ran("a", 30)
    #expect(try verdict("a", at: ago(90)).code == "not known")
    longHistory()
    let said = try verdict("a", at: ago(90))
    #expect(said == ("not sent", "was due then by today's document, and the history shows no run for it"))
  }
}
