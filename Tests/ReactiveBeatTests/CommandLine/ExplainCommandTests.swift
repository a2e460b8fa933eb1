import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch explain`: why it will, did or did not run.
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
    // What was deleted has left its mark.
    stage.store("DEL", stage.key("soon"))
    let gone = try explain(stage, "soon")
    #expect(gone.exit == .status(66) && gone.lines.first?.contains("was first seen at") == true, "\(gone.lines)")
    try daemon.stop()
  }

  @Test func saysWhatHappenedAtATime() throws {
    let stage = try Stage()
    stage.set("tick", schedule("tick", every: "0.5"))
    let daemon = try stage.daemon()
    #expect(stage.fires(["tick"], 3))
    let due = try #require(stage.mark("tick")?.due)
    let sent = try object(stage, ["tick", "--at", due.iso8601])
    #expect(sent["verdict"]?.text == "sent" && sent["due"]?.text == due.iso8601, "\(sent)")
    guard case .array(let runs)? = sent["runs"] else { throw Failure("no runs", 0) }
    #expect(runs.count == 1)
    #expect(runs[0]["id"]?.text == stage.taskIDs("tick", last: due, every: 500_000, count: 1).first)
    #expect(runs[0]["why"]?.text == "schedule" && runs[0]["late_ms"]?.number != nil)
    let future = try object(stage, ["tick", "--at", due.advanced(by: 3_600_000_000).iso8601])
    #expect(future["verdict"]?.text == "due")
    // Long before it was first seen.
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
    // The clocks skip half past two on that day: it runs an hour later.
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
