import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Entries that other schedulers have written are imported, and are due when those schedulers' own objects say.
@Suite struct ImportTests {
  /// What a script of `Apps` prints about a schedule that it has saved.
  private struct Told {
    let name: String
    let last: UnixTime?
    let next: [UnixTime]
    let more: JSONValue

    init(_ line: String) throws {
      guard let value = JSONValue(Array(line.utf8)), let name = value["name"]?.text, let next = value["next"]?.items
      else {
        throw Failure("the script has printed: \(line)", 0)
      }
      self.name = name
      last = value["last"]?.text.flatMap { UnixTime(iso8601: $0) }
      self.next = next.compactMap { $0.text.flatMap { UnixTime(iso8601: $0) } }
      more = value
    }
  }

  private static let context: DocumentContext = {
    let zones = ZoneDirectory()
    return DocumentContext(defaultZone: .utc) { name throws(ZoneError) in try zones.zone(name) }
  }()

  private static func python() throws -> String { try ProjectFolder.python(environment: "peers") }
  private static let apps = ProjectFolder.tests("EndToEnd/Apps")

  /// Runs a script of `Apps` with the real schedulers, and returns what it prints.
  private static func tell(_ script: String, _ arguments: String...) throws -> [Told] {
    let run = try CommandRun(
      [], program: [python(), "\(apps)/\(script)"] + arguments,
      environment: ["PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
    guard run.exit == .status(0) else { throw Failure(run.lines.joined(separator: "\n"), 0) }
    return try run.lines.filter { $0.hasPrefix("{") }.map(Told.init)
  }

  private func run(_ stage: Stage, _ arguments: [String], input: String = "") throws -> CommandRun {
    var environment = stage.environment()
    environment["PATH"] = "/usr/bin:/bin"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTHONPATH"] = Self.apps
    return try CommandRun(arguments, input: input, environment: environment)
  }

  /// Expects each printed schedule in the store, with the same last run and count, and the same next five runs.
  private func check(_ told: [Told], in stage: Stage, but names: Set<String> = []) throws {
    #expect(!told.isEmpty)
    for schedule in told where !names.contains(schedule.name) {
      let bytes = try #require(stage.store("GET", stage.key(schedule.name))?.bytes, "\(schedule.name) did not come")
      let document = try ScheduleDocument(bytes, context: Self.context)
      // A schedule that is switched off is compared by when it would run.
      let text = String(decoding: bytes, as: UTF8.self).replacing(#""enabled": false"#, with: #""enabled": true"#)
      let now = SystemClock.now()
      let after = schedule.last ?? document.lastRunAt ?? now
      let forecast = try ScheduleForecast(Array(text.utf8), context: Self.context, now: now, after: after)
      #expect(forecast.coming(5).runs.map(\.due) == schedule.next, "\(schedule.name)")
      #expect(document.totalRunCount == schedule.more["count"]?.number.map { Int64($0) }, "\(schedule.name)")
    }
  }

  /// A daemon on the imported schedules fires no earlier run, and waits for the runs that the old system waited for.
  private func checkDaemon(_ told: [Told], in stage: Stage, queues: [String]) throws {
    let daemon = try stage.daemon(["BEAT_WATCH_LOG_LEVEL": "debug"])
    for schedule in told {
      guard let last = schedule.last, let first = schedule.next.first, first.microseconds(since: last) > 120_000_000,
        let document = try? ScheduleDocument(
          stage.store("GET", stage.key(schedule.name))?.bytes ?? [], context: Self.context),
        document.definition.enabled
      else { continue }
      let line = try daemon.wait(for: "loaded", key: stage.key(schedule.name))
      #expect(try line.time("next") == first, "\(schedule.name)")
    }
    try daemon.stop()
    for queue in queues { #expect(stage.messages(queue).isEmpty, "\(queue)") }
  }

  // MARK: RedBeat

  @Test func redBeat() throws {
    let stage = try Stage(tcp: true)
    let url = stage.url(3)
    let told = try Self.tell("import_redbeat.py", url)

    let dry = try run(stage, ["import", "--from-redis", url, "--dry-run"])
    #expect(dry.exit == .status(65))
    #expect(stage.store("DBSIZE")?.integer == 0)
    let refused = [
      "cannot come loose: is not in RedBeat's sorted set, so it never ran there; save it with RedBeat first, or leave it",
      "cannot come mondays: its rrule has byweekday, which cannot be expressed; write it as a crontab",
      "cannot come yearly: its rrule is monthly or yearly, which cannot be expressed; write it as a crontab",
    ]
    #expect(Array(dry.lines.prefix(3)) == refused)
    #expect(dry.lines.last == "15 would be written, 3 cannot come")

    let real = try run(stage, ["import", "--from-redis", url])
    #expect(real.exit == .status(65))
    #expect(real.lines.last == "15 written, 3 cannot come")
    #expect(
      real.lines.contains(
        "note from-config: comes from the application's beat_schedule; from now on its document counts"))
    // The dates of entries that RedBeat has run show the application's zone. Only "lists" and "crontab" depend on it.
    try check(told, in: stage)
    let crontab = try #require(stage.document("crontab"))
    #expect(crontab.contains(#""timezone": "Europe/Berlin""#))
    #expect(stage.document("fresh")?.contains(#""timezone": "Europe/Berlin""#) == true, "it never ran")
    #expect(crontab.contains(#""args": [1, "\u00e9"]"#))
    #expect(crontab.contains(#""options": {"queue": "mails", "expires": 60}"#))
    // RedBeat's own keys are unchanged.
    let redBeat = try stage.server.client()
    redBeat("SELECT", "3")
    #expect(redBeat("ZCARD", "redbeat::schedule")?.integer == 17)

    stage.store("DEL", stage.key("fraction"))
    try checkDaemon(told, in: stage, queues: ["mails", "tidy", "celery"])
  }

  @Test func aPrefixWithoutRedBeatIsTold() throws {
    let stage = try Stage()
    let run = try run(stage, ["import", "--from-redis", stage.url(3), "--redbeat-prefix", "rb"])
    #expect(run.exit == .status(66))
    #expect(run.lines.count == 1)
    #expect(run.lines[0].contains("no RedBeat schedules in"))
    #expect(run.lines[0].contains("redbeat_key_prefix"))
  }

  // MARK: django-celery-beat

  @Test func djangoCeleryBeat() throws {
    let stage = try Stage()
    let told = try Self.tell("import_django.py", stage.server.folder)
    for (file, prefix) in [("dump.json", "tasks:meta:"), ("dump.jsonl", "lines:")] {
      let run = try run(stage, ["import", "\(stage.server.folder)/\(file)", "--key-prefix", prefix])
      #expect(run.exit == .status(65))
      #expect(
        run.lines == [
          "cannot come sun: a solar schedule cannot be expressed; write a crontab, or let a crontab's task look at the sun",
          "note days, berlin, clocked, never, off and 2 more: names no queue: the application's task_routes, "
            + "task_default_queue and options of tasks are not known here; give --celery-app as well, or name the queue",
          "9 written, 1 cannot come",
        ])
    }
    // Beside the documents of each prefix stands the record of their edits.
    #expect(stage.store("DBSIZE")?.integer == 20)
    // django-celery-beat keeps no last run of a schedule that is switched off. It begins when it is switched on.
    try check(told, in: stage, but: ["off"])
    for schedule in told {
      let document = try #require(stage.document(schedule.name))
      #expect(document == stage.store("GET", "lines:\(schedule.name)")?.text)
      let value = try #require(JSONValue(Array(document.utf8)))
      // ModelEntry prints the options that it would have sent.
      for field in ["queue", "priority", "headers"] {
        #expect(value[field] == schedule.more["options"]?[field], "\(schedule.name).\(field)")
      }
    }
    #expect(stage.document("interval")?.contains(#""args": [1, "é"], "kwargs": {"deep": {"x": 1.50}}"#) == true)
    #expect(stage.document("days")?.contains(#""expires": 90"#) == true)
    #expect(stage.document("days")?.contains(#""description": "each third day""#) == true)
    #expect(stage.document("kolkata")?.contains(#""exchange": "shop", "routing_key": "work.now""#) == true)
    try checkDaemon(told, in: stage, queues: ["mails", "celery"])
  }

  // MARK: celery beat

  @Test func celeryBeat() throws {
    let stage = try Stage()
    let file = stage.server.folder + "/celerybeat-schedule"
    let told = try Self.tell("import_beat.py", file)
    let arguments = try ["import", "--celery-app", "shop:app", "--python", Self.python(), "--schedule-file", file]
    let run = try run(stage, arguments)
    #expect(run.exit == .status(65))
    #expect(
      run.lines == [
        "a line that the application prints",
        "cannot come moon: its schedule is a Moon, which is not known here; write it as interval or crontab",
        "cannot come lazy: its arguments are computed at each run (BeatLazyFunc); let the task compute them",
        "cannot come object: args: Object of type object is not JSON serializable; only JSON can be sent",
        "cannot come later: options.countdown 5: cannot be honoured: a run is sent when it is due; let the schedule itself "
          + "say when, or use start_after or jitter",
        "cannot come everybody: it goes to a fanout exchange, which is not supported; name a queue",
        "cannot come typo: Celery refuses it: TypeError: ScheduleEntry.__init__() got an unexpected keyword argument 'schedul'",
        "a line that the application prints",
        "beat-watch: published what the application shop says of its 5 tasks: schedules go by it for what they do not say",
        "note tokyo: has a nowfun; this Celery goes by the clock of Europe/Berlin, and so does the document",
        "7 written, 6 cannot come",
      ])
    try check(told, in: stage)
    for schedule in told {
      let document = try #require(JSONValue(Array((stage.document(schedule.name) ?? "").utf8)))
      // Celery's own queue, to which it has published the message. A topic exchange finds its queues by the routing
      // key.
      if schedule.name == "news" {
        #expect(document["exchange"]?.text == "news")
        #expect(document["exchange_type"]?.text == "topic")
        #expect(document["routing_key"]?.text == "news.de")
      } else {
        #expect(document["queue"] == schedule.more["queue"], "\(schedule.name)")
      }
      #expect(document["priority"]?.number ?? 0 == schedule.more["priority"]?.number ?? 0, "\(schedule.name)")
      let limits = schedule.more["limits"]?.items ?? []
      #expect(document["time_limit"]?.number == limits.first?.number, "\(schedule.name)")
      #expect(document["soft_time_limit"]?.number == limits.last?.number, "\(schedule.name)")
      #expect((document["expires"] != nil) == (schedule.more["expires"] == .bool(true)), "\(schedule.name)")
    }
    try checkDaemon(told, in: stage, queues: ["mails", "work", "reports"])
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let status: Int32
    let text: String
    var testDescription: String { arguments.joined(separator: " ") }
  }

  @Test(arguments: [
    Mistake(
      arguments: [], status: 64,
      text: "give one source: a FILE (- for standard input), --from-redis URL, --from-mongo URL or"),
    Mistake(arguments: ["-", "--from-redis", "redis://x"], status: 64, text: "give one source"),
    Mistake(
      arguments: ["-", "--format", "yaml"], status: 64, text: "--format yaml: expected one of documents, export"),
    Mistake(arguments: ["-", "--schedule-file", "x"], status: 64, text: "--schedule-file belongs to --celery-app"),
    Mistake(arguments: ["--from-redis", "http://x"], status: 64, text: "--from-redis: "),
    Mistake(arguments: ["/nowhere/a.json"], status: 66, text: "/nowhere/a.json: No such file or directory"),
    Mistake(arguments: ["-"], status: 65, text: "standard input: not a readable document, line 1 column 1: is empty"),
    Mistake(
      arguments: ["--celery-app", "shop", "--python", "/nowhere/python"], status: 66,
      text: "--python /nowhere/python: No such file or directory; name the application's Python"),
    Mistake(
      arguments: ["--celery-app", "nothing_there:app", "--python", "PYTHON"], status: 65,
      text: "--celery-app nothing_there:app: ModuleNotFoundError: No module named 'nothing_there'; run this where"),
    Mistake(
      arguments: ["--celery-app", "shop", "--schedule-file", "/nowhere/beat", "--python", "PYTHON"], status: 66,
      text: "--schedule-file /nowhere/beat: No such file or directory"),
    Mistake(
      arguments: ["--celery-app", "shop", "--schedule-file", "/etc/hostname", "--python", "PYTHON"], status: 65,
      text: "--celery-app shop: --schedule-file /etc/hostname: "),
  ])
  func aMistakeGivesOneLine(_ mistake: Mistake) throws {
    let stage = try Stage()
    let python = try Self.python()
    let run = try run(stage, ["import"] + mistake.arguments.map { $0 == "PYTHON" ? python : $0 })
    #expect(run.exit == .status(mistake.status))
    let lines = run.lines.filter { $0 != "a line that the application prints" }
    #expect(lines.count == 1, "\(lines)")
    #expect(lines.first?.hasPrefix("beat-watch: " + mistake.text) == true, "\(lines)")
    #expect(stage.store("DBSIZE")?.integer == 0)
  }

  @Test func aStoreThatIsNotThereIsTold() throws {
    let run = try CommandRun(
      ["import", "-"], input: schedule("a"),
      environment: ["CELERY_REDIS_SCHEDULER_URL": "redis+socket:///nowhere/r.sock"])
    #expect(run.exit == .status(69))
    #expect(run.lines.count == 1)
  }
}
