import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// An application's `beat_cron_starting_deadline` becomes the `catchup_window` of its crontabs.
@Suite struct ImportDeadlineTests {
  private static let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
    try ZoneDirectory().zone(name)
  }

  private func environment(_ deadline: String?) -> [String: String] {
    [
      "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ProjectFolder.tests("EndToEnd/Apps"),
      "DEADLINE": deadline ?? "",
    ]
  }

  private func imported(_ stage: Stage, _ deadline: String?, _ celery: String) throws -> CommandRun {
    try stage.run(
      ["import", "--celery-app", "deadline", "--python", ProjectFolder.python(celery: celery)],
      environment: environment(deadline))
  }

  /// After each gap the schedule is due exactly where Celery's own crontab is. The deadlines are longer than ten
  /// seconds, since a run that is later by less is not missed here.
  @Test(arguments: ["5.7", "5.6"], [nil, "60", "90.5", "3600"] as [String?])
  func itIsDueWhereCelerySaysSo(_ celery: String, _ deadline: String?) throws {
    let stage = try Stage()
    let run = try imported(stage, deadline, celery)
    #expect(run.exit == .status(0), "\(run.text)")
    let document = try #require(stage.document("cron"))
    #expect(JSONValue(Array(document.utf8))?["catchup_window"]?.number == deadline.flatMap { Double($0) })
    // Only crontabs get it, as in Celery.
    #expect(stage.document("interval")?.contains("catchup") == false)

    let told = try CommandRun(
      [ProjectFolder.tests("EndToEnd/Apps/deadline.py")], program: [ProjectFolder.python(celery: celery)],
      environment: environment(deadline))
    #expect(told.exit == .status(0) && told.lines.count == 14, "\(told.text)")
    var outcomes: Set<Bool> = []
    for line in told.lines {
      let gap = try #require(JSONValue(Array(line.utf8)))
      let last = try #require(gap["last"]?.text)
      let now = try #require(gap["now"]?.text.flatMap { UnixTime(iso8601: $0) })
      var editor = try DocumentEditor(Array(document.utf8))
      editor.set("last_run_at", to: "\"\(last)\"")
      let preview = SchedulePreview(
        EntryName("cron"), Scheduler.DocumentRead(.document(editor.bytes), watermark: nil), context: Self.context,
        now: now)
      let isDue = try #require(preview.next).sent <= now
      #expect(.bool(isDue) == gap["due"], "\(line)")
      outcomes.insert(isDue)
    }
    #expect(outcomes.count == 2)
  }

  /// With such a deadline Celery fails, or never runs the crontab. The entry cannot come, and the setting is named.
  @Test(arguments: [#""300""#, "-5", "true", "[]", "timedelta", "NaN", "Infinity"])
  func aDeadlineThatIsNoNumber(_ deadline: String) throws {
    let stage = try Stage()
    let run = try imported(stage, deadline, "5.7")
    #expect(run.exit == .status(65))
    #expect(
      run.lines.first?.hasPrefix("cannot come cron: beat_cron_starting_deadline ") == true
        && run.lines.first?.hasSuffix("is no number of seconds, 0 or more: set it right, or take it out") == true,
      "\(run.text)")
    #expect(run.lines.last == "1 written, 1 cannot come")
    #expect(stage.document("interval") != nil)
  }
}
