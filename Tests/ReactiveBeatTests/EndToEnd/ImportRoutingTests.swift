import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What a source does not say about its application is reported, or answered by the application itself.
@Suite struct ImportRoutingTests {
  private static let apps = ProjectFolder.tests("EndToEnd/Apps")

  private func run(_ stage: Stage, _ arguments: [String], input: String = "", asking: Bool = false) throws -> CommandRun
  {
    var environment = stage.environment()
    environment["PATH"] = "/usr/bin:/bin"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTHONPATH"] = Self.apps
    let application =
      asking ? ["--celery-app", "shop:app", "--python", try ProjectFolder.python(environment: "peers")] : []
    return try CommandRun(["import"] + arguments + application, input: input, environment: environment)
  }

  private static let note =
    "names no queue: the application's task_routes, task_default_queue and options of tasks are not known here; give "
    + "--celery-app as well, or name the queue"

  /// The tasks of `shop.py`: one has options of its own, two have a route, one uses the default, and one names its
  /// queue itself.
  private static let tasks = [("report", ""), ("mail", ""), ("news", ""), ("plain", ""), ("mail", #""queue": "own""#)]

  private static let redBeat = tasks.enumerated().map { index, task in
    (
      "e\(index)",
      #"{"name": "e\#(index)", "task": "shop.\#(task.0)", "args": [1], "kwargs": {}, "options": {\#(task.1)}, "#
        + #""enabled": true, "schedule": {"__type__": "crontab", "minute": "30", "hour": "2", "day_of_week": "*", "#
        + #""day_of_month": "*", "month_of_year": "*"}}"#
    )
  }

  private func saveRedBeat(_ stage: Stage, zones: [String?] = []) throws {
    let client = try stage.server.client()
    client("SELECT", "3")
    for (index, (name, definition)) in Self.redBeat.enumerated() {
      client("HSET", "redbeat:\(name)", "definition", definition)
      if index < zones.count, let zone = zones[index] {
        client(
          "HSET", "redbeat:\(name)", "meta",
          #"{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 2, "minute": 30, "#
            + #""second": 0, "microsecond": 0, "timezone": \#(zone)}}"#)
      }
      client("ZADD", "redbeat::schedule", "1", "redbeat:\(name)")
    }
  }

  private static let django: String = {
    let crontab =
      #"{"model": "django_celery_beat.crontabschedule", "pk": 1, "fields": {"minute": "30", "hour": "2", "day_of_week": "*", "#
      + #""day_of_month": "*", "month_of_year": "*", "timezone": "Asia/Tokyo"}}"#
    let rows = tasks.enumerated().map { index, task in
      #"{"model": "django_celery_beat.periodictask", "pk": \#(index), "fields": {"name": "e\#(index)", "#
        + #""task": "shop.\#(task.0)", "crontab": 1, "args": "[1]", "kwargs": "{}", "headers": "{}", "enabled": true, "#
        + #""expire_seconds": 0, "date_changed": "2026-01-01T00:00:00Z", "total_run_count": 0"#
        + (task.1.isEmpty ? "}}" : ", \(task.1)}}")
    }
    return "[\(([crontab] + rows).joined(separator: ","))]"
  }()

  private static let mongo = tasks.enumerated().map { index, task in
    #"{"_id": {"$oid": "5f"}, "_cls": "PeriodicTask", "name": "e\#(index)", "task": "shop.\#(task.0)", "enabled": true, "#
      + #""args": [1], "kwargs": {}, "crontab": {"minute": "30", "hour": "2"}, "total_run_count": 3, "#
      + #""expires": {"$date": "2099-01-01T00:00:00Z"}\#(task.1.isEmpty ? "" : ", " + task.1)}"#
  }.joined(separator: "\n")

  private static let documents = tasks.enumerated().map { index, task in
    #"{"name": "e\#(index)", "task": "shop.\#(task.0)", "enabled": true, "crontab": {"minute": "30", "hour": "2"}, "#
      + #""options": {\#(task.1)}}"#
  }.joined(separator: "\n")

  enum Source: String, CaseIterable { case redBeat, django, mongo, mongoServer, documents }

  /// - Returns: with the source's server, if it is one of its own.
  private func arguments(
    _ source: Source, _ stage: Stage
  ) throws -> (arguments: [String], input: String, server: MongoServer?) {
    switch source {
    case .redBeat:
      try saveRedBeat(stage)
      return (["--from-redis", stage.url(3)], "", nil)
    case .django: return (["-"], Self.django, nil)
    case .mongo: return (["-"], Self.mongo, nil)
    case .mongoServer:
      let server = try MongoServer()
      try server.python(
        """
        from bson import json_util
        for line in r'''\(Self.mongo)'''.splitlines():
          document = json_util.loads(line.replace('"_id": {"$oid": "5f"}, ', ""))
          c.celery.schedules.insert_one(document)
        """)
      return (["--from-mongo", server.url()], "", server)
    case .documents: return (["-"], Self.documents, nil)
    }
  }

  /// Beside any source the application is asked for routes, as its own beat would ask it.
  @Test(arguments: Source.allCases) func theApplicationSettlesIt(_ source: Source) throws {
    let stage = try Stage()
    let (arguments, input, server) = try arguments(source, stage)
    let run = try withExtendedLifetime(server) { try self.run(stage, arguments, input: input, asking: true) }
    #expect(run.exit == .status(0), "\(run.lines)")
    #expect(!run.lines.contains { $0.contains("names no queue") }, "\(run.lines)")
    func field(_ name: String, _ field: String) -> JSONValue? {
      JSONValue(Array((stage.document(name) ?? "").utf8))?[field]
    }
    #expect(field("e0", "queue")?.text == "reports")
    #expect(field("e0", "priority")?.number == 6)
    #expect(field("e0", "time_limit")?.number == 30)
    #expect(field("e0", "soft_time_limit")?.number == 20)
    let isMongo = source == .mongo || source == .mongoServer
    if !isMongo { #expect(field("e0", "expires")?.number == 300) }
    #expect(field("e1", "queue")?.text == "mails")
    #expect(field("e1", "priority")?.number == 3)
    #expect(field("e2", "exchange")?.text == "news")
    #expect(field("e2", "routing_key")?.text == "news.de")
    #expect(field("e3", "queue")?.text == "work", "the application's task_default_queue")
    // An option of the schedule itself stays; its route adds a priority.
    #expect(field("e4", "queue")?.text ?? field("e4", "options")?["queue"]?.text == "own")
    #expect(field("e4", "priority")?.number == 3)
    if source == .redBeat || isMongo {
      #expect(field("e3", "timezone")?.text == "Europe/Berlin", "the application's clock")
    }
  }

  /// Without the application each import says what it could not know.
  @Test(arguments: [Source.redBeat, .django, .mongo, .mongoServer]) func whatIsNotKnownIsSaid(_ source: Source) throws {
    let stage = try Stage()
    let (arguments, input, server) = try arguments(source, stage)
    let run = try withExtendedLifetime(server) { try self.run(stage, arguments, input: input) }
    #expect(run.exit == .status(0))
    #expect(run.lines.contains("note e0, e1, e2, e3: \(Self.note)"), "\(run.lines)")
    #expect(stage.document("e0")?.contains(#""queue""#) == false)
  }

  /// One zone holds for all entries: the one that their dates agree on. No entry must have run.
  @Test(
    arguments: [
      ([#""Europe/Berlin""#, nil, #""Europe/Berlin""#], "Europe/Berlin", nil), ([#""UTC""#], "UTC", nil),
      ([], nil, "names no zone: "), (["3600.0"], nil, "names no zone: "),
      (
        [#""Europe/Berlin""#, #""Asia/Tokyo""#], nil,
        "names no zone, and the dates of this RedBeat name Asia/Tokyo, Europe/Berlin: "
      ),
    ] as [([String?], String?, String?)])
  func theZoneOfRedBeat(_ zones: [String?], _ zone: String?, _ doubt: String?) throws {
    let stage = try Stage()
    try saveRedBeat(stage, zones: zones)
    let run = try run(stage, ["--from-redis", stage.url(3)])
    for index in Self.redBeat.indices {
      let document = JSONValue(Array((stage.document("e\(index)") ?? "").utf8))
      #expect(document?["timezone"]?.text == zone, "e\(index)")
    }
    if let doubt {
      #expect(run.lines.contains { $0.contains(": \(doubt)it follows the clock of the daemon's") }, "\(run.lines)")
    } else {
      #expect(!run.lines.contains { $0.contains("follows the clock") }, "\(run.lines)")
    }
  }

  /// RedBeat has its own name for Sentinel's URLs, and its own default for the primary's name.
  @Test func redBeatBehindSentinels() throws {
    let sentinels = try SentinelStage()
    try saveRedBeat(Stage(on: sentinels.primary))
    let url = sentinels.url(3, "").replacing("sentinel://", with: "redis-sentinel://")
    let stage = try Stage()
    let run = try run(stage, ["--from-redis", url, "--master-name", "mymaster", "--timezone", "UTC"])
    #expect(run.exit == .status(0), "\(run.lines)")
    #expect(run.lines.last == "5 written")
    let unnamed = try self.run(stage, ["--from-redis", url])
    #expect(unnamed.exit == .status(69) && unnamed.lines.first?.contains("master") == true, "\(unnamed.lines)")
  }

  /// A date is in a zone that this machine does not know: the zone and its field are named.
  @Test func aZoneThatIsNotKnown() throws {
    let stage = try Stage()
    try saveRedBeat(stage, zones: [#""Mars/Olympus""#])
    let run = try run(stage, ["--from-redis", stage.url(3), "--timezone", "UTC"])
    #expect(run.exit == .status(65))
    #expect(
      run.lines.first?.hasPrefix(#"cannot come e0: meta.last_run_at.timezone "Mars/Olympus": no such zone"#) == true,
      "\(run.lines)")
  }

  /// An option that cannot be honoured is refused in the same words, whichever source it comes from.
  @Test func anOptionThatCannotBeHonoured() throws {
    let stage = try Stage()
    let client = try stage.server.client()
    client("SELECT", "3")
    client(
      "HSET", "redbeat:late", "definition",
      #"{"name": "late", "task": "t", "schedule": 60, "enabled": true, "options": {"countdown": 5}}"#)
    client("ZADD", "redbeat::schedule", "1", "redbeat:late")
    let words = "cannot come late: options.countdown 5: cannot be honoured: a run is sent when it is due"
    #expect(try run(stage, ["--from-redis", stage.url(3)]).lines.first?.hasPrefix(words) == true)
    let document =
      #"{"_id": {"$oid": "5f"}, "name": "late", "task": "t", "enabled": true, "options": {"countdown": 5}, "#
      + #""interval": {"every": 5, "period": "minutes"}}"#
    #expect(try run(stage, ["-"], input: document).lines.first?.hasPrefix(words) == true)
    // The daemon and `set` refuse it in these words, too.
    stage.set("late", document)
    let set = try stage.run("set", "late", "--every", "1h")
    #expect(set.exit == .status(65) && set.text.contains(words.dropFirst("cannot come late: ".count)), "\(set.text)")
    #expect(try stage.run("lint").text.contains("options.countdown 5: cannot be honoured"))
  }

  /// A schedule that has come to its end is not shown as due.
  @Test func theDryRunKnowsTheEnd() throws {
    let stage = try Stage()
    func document(_ name: String, _ fields: String) -> String {
      #"{"name": "\#(name)", "task": "t", "enabled": true, "interval": {"every": 1, "period": "hours"}, "#
        + #""last_run_at": "2026-01-01T00:00:00Z", \#(fields)}"#
    }
    let run = try run(
      stage, ["-", "--dry-run"],
      input: [
        document("once", #""one_off": true, "total_run_count": 3"#),
        document("often", #""max_run_count": 2, "total_run_count": 2"#),
        document("ended", #""expires_at": "2026-01-01T00:30:00Z""#), document("void", #""expires": 0"#),
        document("skips", #""catchup": "none""#), document("due", #""owner": 1"#),
        #"{"name": "off", "task": "t", "enabled": false, "interval": {"every": 1, "period": "hours"}}"#,
      ].joined(separator: "\n"))
    #expect(run.lines.count >= 8, "\(run.lines)")
    guard run.lines.count >= 8 else { return }
    #expect(run.lines[0] == "new once: t, every hour, finished: one_off has run")
    #expect(run.lines[1] == "new often: t, every hour, finished: max_run_count 2 is reached")
    #expect(run.lines[2].hasPrefix("new ended: t, every hour, finished: expires_at 2026-01-01T00:30:00Z"))
    #expect(run.lines[3].hasPrefix("new void: t, every hour, finished: expires leaves its messages no time"))
    #expect(run.lines[4].hasPrefix("new skips: t, every hour, next 20"))
    #expect(run.lines[5].hasPrefix("new due: t, every hour, due since 20"))
    #expect(run.lines[6] == "new off: t, every hour, disabled")
  }

  /// An imported schedule that never ran is shown so.
  @Test func whatNeverRanIsToldSo() throws {
    let stage = try Stage()
    #expect(try run(stage, ["-"], input: Self.django).exit == .status(0))
    let list = try #require(try stage.run("list", "--json").json?.items)
    #expect(list.count == Self.tasks.count)
    for schedule in list {
      #expect(schedule["last_run"] == .null)
      #expect(schedule["total_run_count"]?.number == 0)
      #expect(schedule["state"]?.text == "enabled")
    }
  }
}
