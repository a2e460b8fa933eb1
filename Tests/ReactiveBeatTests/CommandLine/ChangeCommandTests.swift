import Glibc
import Synchronization
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch set`, `enable`, `disable`, `rm` and `rename` change only what is named, and lose no other client's edit.
@Suite struct ChangeCommandTests {
  private static let written = """
    {
      "name" : "Report",
      "task" : "tasks.report",\t"enabled" : true,
      "interval" : {"every": 5, "period": "minutes", "relative": true},
      "options" : {"queue": "reports", "tenant": 7},
      "description" : "größe ☃", "extra" : [1,  2 ],
      "total_run_count" : 5.0
    }

    """

  @Test func aNewOne() throws {
    let stage = try Stage()
    let run = try stage.run(
      "set", "hello", "--task", "tasks.greet", "--every", "90s", "--args", #"["world"]"#, "--queue", "greetings",
      "--priority", "3", "--expires", "1h", "--label", "Grüße", "--jitter", "250ms")
    #expect(run.exit == .status(0) && run.text.hasPrefix("made hello: every 90 seconds; next "), "\(run.text)")
    #expect(
      stage.document("hello") == #"{"name": "Grüße", "task": "tasks.greet", "enabled": true, "#
        + #""interval": {"every": 90, "period": "seconds"}, "args": ["world"], "jitter": 0.25, "queue": "greetings", "#
        + #""priority": 3, "expires": 3600}"#)
    #expect(try stage.run("lint", "--strict").exit == .status(0))
  }

  @Test(arguments: [
    (["--every", "1h"], #""every": 5, "period": "minutes""#, #""every": 1, "period": "hours""#),
    (["--queue", "new"], #""queue": "reports""#, #""queue": "new""#),
    (["--priority", "3"], #"5.0"#, "5.0,\n  \"priority\" : 3"), (["--disabled"], "true,\n", "false,\n"),
    (
      ["--cron", "30 2 * * mon"], #""interval" : {"every": 5, "period": "minutes", "relative": true}"#,
      #""crontab" : {"minute": "30", "hour": "2", "day_of_month": "*", "month_of_year": "*", "day_of_week": "mon"}"#
    ),
    (["--unset", "queue"], #""queue": "reports", "tenant""#, #""tenant""#),
    (["--unset", "description"], ",\n  \"description\" : \"größe ☃\"", ""),
  ])
  func everyOtherByteStays(_ arguments: [String], _ old: String, _ new: String) throws {
    let stage = try Stage()
    stage.set("report", Self.written)
    #expect(Self.written.contains(old))
    let run = try stage.run(["set", "report"] + arguments)
    #expect(run.exit == .status(0), "\(run.text)")
    #expect(stage.document("report") == Self.written.replacing(old, with: new, maxReplacements: 1))
  }

  @Test func celerybeatRedisOwnForm() throws {
    let stage = try Stage()
    let text = #"{"name": "n", "task": "t", "enabled": true, "schedule": {"every": 30, "period": "seconds"}}"#
    stage.set("n", text)
    #expect(try stage.run("set", "n", "--every", "5m").exit == .status(0))
    #expect(stage.document("n") == text.replacing(#"30, "period": "seconds""#, with: #"5, "period": "minutes""#))
    #expect(try stage.run("set", "n", "--at", "2030-01-01T00:00:00+01:00").exit == .status(0))
    #expect(stage.document("n")?.contains(#""clocked": {"clocked_time": "2030-01-01T00:00:00+01:00"}"#) == true)
    #expect(stage.document("n")?.contains("schedule") == false)
  }

  @Test func theZoneIsWrittenWhereItCounts() throws {
    let stage = try Stage()
    stage.set("c", #"{"name": "c", "task": "t", "enabled": true, "crontab": {"minute": 0, "timezone": "UTC"}}"#)
    #expect(try stage.run("set", "c", "--timezone", "Asia/Tokyo").exit == .status(0))
    #expect(stage.document("c")?.contains(#""timezone": "Asia/Tokyo"}}"#) == true)
  }

  /// Dates without an offset are times of the zone that is given with them, and are stored with its offset.
  @Test func datesAreTimesOfTheZone() throws {
    let stage = try Stage()
    let run = try stage.run(
      "set", "once", "--task", "t", "--at", "2030-01-01T10:00:00", "--timezone", "Europe/Berlin", "--start-after",
      "2029-07-01", "--expires-at", "2031-01-01T00:00:00Z", "--expires", "2030-03-31T02:30:00")
    #expect(run.exit == .status(0) && run.text.contains("2030-01-01 09:00:00Z"), "\(run.text)")
    #expect(!run.text.contains("warning"), "\(run.text)")
    let document = try #require(stage.document("once"))
    for field in [
      #""clocked_time": "2030-01-01T10:00:00+01:00""#, #""timezone": "Europe/Berlin""#,
      #""start_after": "2029-07-01T00:00:00+02:00""#, #""expires_at": "2031-01-01T00:00:00Z""#,
      #""expires": "2030-03-31T03:30:00+02:00""#,
    ] {
      #expect(document.contains(field), "\(document)")
    }
    // Without a zone on the line a date stays as it was written: it is UTC, and the zone of the document makes it doubtful.
    let later = try stage.run("set", "once", "--at", "2030-01-02T10:00:00")
    #expect(later.exit == .status(0) && later.text.contains("2030-01-02 10:00:00Z"), "\(later.text)")
    #expect(later.text.contains("warning: clocked.clocked_time") && later.text.contains("is read as UTC"))
    #expect(try stage.run("lint", "--strict").text.contains("write \"2030-01-02T10:00:00Z\""))
  }

  /// What becomes of a time that has passed is known of a schedule that is made or changed here.
  @Test func aTimeThatHasPassed() throws {
    let stage = try Stage()
    let words = "warning: clocked: has passed, and it has not run: it runs at once"
    for arguments in [["--dry-run"], []] {
      let made = try stage.run(["set", "past", "--task", "t", "--at", "2020-01-01T00:00:00Z"] + arguments)
      #expect(made.exit == .status(0) && made.text.contains(words) && !made.text.contains("unless"), "\(made.text)")
    }
    #expect(try stage.run("set", "past", "--queue", "other").text.contains(words))
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired", key: stage.key("past"))
    let ran = try stage.run("set", "past", "--queue", "third")
    #expect(ran.exit == .status(0) && !ran.text.contains("warning"), "\(ran.text)")
    #expect(try stage.run("set", "past", "--at", "2021-01-01T00:00:00Z").exit == .status(0))
    // The daemon's receipt says so, too: who writes by redis-cli reads only that.
    #expect(eventually { daemon.logged("doubtful").contains { $0.reason.contains("2021-01-01T00:00:00Z has passed") } })
    try daemon.stop()
  }

  /// The log shows keys, and commands want names.
  @Test func aKeyIsNoName() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    for arguments in [["set", "tasks:meta:b", "--task", "t", "--every", "1h"], ["rename", "a", "tasks:meta:b"]] {
      let run = try stage.run(arguments)
      #expect(run.exit == .status(64) && run.lines.count == 1, "\(run.text)")
      #expect(run.text.contains("a schedule's name is the key without the prefix: b"), "\(run.text)")
    }
    for command in ["show", "explain", "fire", "edit", "enable", "history", "next", "lint"] {
      let run = try stage.run(command, "tasks:meta:a")
      #expect(run.exit == .status(66) && run.lines.count == 1, "\(run.text)")
      #expect(run.text.contains("a name is the key without the prefix: a"), "\(run.text)")
    }
    // One that is there already can be changed, and renamed. Where names may begin as the prefix does, they are names.
    stage.set("tasks:meta:c", schedule("c"))
    #expect(try stage.run("set", "tasks:meta:c", "--every", "2h").exit == .status(0))
    #expect(try stage.run("rename", "tasks:meta:c", "c").exit == .status(0))
    let short = try stage.run("set", "apple", "--task", "t", "--every", "1h", "--key-prefix", "a")
    #expect(short.exit == .status(0) && stage.store("EXISTS", "aapple")?.integer == 1, "\(short.text)")
  }

  @Test func aDryRunStoresNothing() throws {
    let stage = try Stage()
    stage.set("report", Self.written)
    let run = try stage.run("set", "report", "--every", "1h", "--timezone", "Asia/Tokyo", "--dry-run")
    #expect(run.exit == .status(0) && run.text.contains("would be changed: report"))
    #expect(
      run.lines.contains { $0.hasPrefix(#"- "interval""#) } && run.lines.contains { $0.hasPrefix(#"+ "timezone""#) })
    #expect(stage.document("report") == Self.written)
    #expect(try stage.run("rm", "report", "--dry-run").text == "would be deleted: report")
    #expect(try stage.run("disable", "report", "--dry-run").exit == .status(0))
    #expect(stage.document("report") == Self.written)
  }

  @Test func whatCannotBeUsedIsNotStored() throws {
    let stage = try Stage()
    stage.set("report", Self.written)
    for arguments in [
      ["--every", "0s"], ["--args", "[ISODate(\"2020-01-01\")]"], ["--unset", "task"], ["--jitter", "1d"],
    ] {
      let run = try stage.run(["set", "report"] + arguments)
      #expect(run.exit == .status(65) && run.lines.count == 1, "\(arguments): \(run.text)")
    }
    #expect(stage.document("report") == Self.written)
  }

  @Test func globsAreSwitchedAndOthersAreNot() throws {
    let stage = try Stage()
    for name in ["a1", "a2", "b1"] { stage.set(name, schedule(name)) }
    stage.set("a3", "{")
    stage.set("[a]*", schedule("glob"))
    let run = try stage.run("disable", "a*")
    #expect(run.exit == .status(65) && run.lines.count { $0.hasPrefix("changed ") } == 2, "\(run.text)")
    #expect(stage.document("a1") == schedule("a1").replacing("true", with: "false"))
    #expect(stage.document("b1") == schedule("b1"))
    // An argument that is the name of a stored schedule means that schedule, even if it could be a pattern.
    #expect(try stage.run("disable", "[a]*").text.hasPrefix("changed [a]*"))
    #expect(try stage.run("enable", "a1", "a2").exit == .status(0))
    #expect(stage.document("a1") == schedule("a1"))
    #expect(try stage.run("enable", "a1").text.hasPrefix("unchanged a1"))
    #expect(try stage.run("rm", "a[12]", "--yes", "--json").text == #"["a1","a2"]"#)
    #expect(!stage.exists("a1") && stage.exists("a3") && stage.exists("[a]*"))
  }

  /// An application and a daemon write other fields of the document all the time: no write of theirs is lost.
  @Test func editsOfOthersInTheSameMomentAreKept() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", #", "counter": 0, "total_run_count": 0"#))
    let writer = Writer(stage)
    defer { _ = writer.finish() }
    for index in 0..<12 {
      let run = try stage.run("set", "a", "--every", "\(100 + index)s", "--queue", "q\(index)")
      #expect(run.exit == .status(0), "\(run.text)")
    }
    let counts = writer.finish()
    let document = try #require(stage.document("a"))
    #expect(counts.edits > 0 && counts.runs > 0, "the writer has written nothing")
    #expect(document.contains(#""counter": \#(counts.edits),"#) || document.contains(#""counter": \#(counts.edits)}"#))
    #expect(document.contains(#""total_run_count": \#(counts.runs)"#))
    #expect(document.contains(#""every": 111"#) && document.contains(#""queue": "q11""#))
  }

  @Test func aRenamedScheduleGoesOnInItsSeries() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("old", schedule("old", every: "0.2"))
    #expect(stage.fires(["old"], 3))
    let before = try #require(stage.watermark("old"))
    #expect(try stage.run("rename", "old", "new").exit == .status(0))
    #expect(eventually { stage.count("new") >= before.totalRunCount + 5 })
    #expect(try daemon.stop() == .status(0))
    #expect(stage.watermark("old") == nil && !stage.exists("old"))
    let fired = daemon.logged("fired").compactMap { $0["due"] }.compactMap { UnixTime(iso8601: $0) }.sorted()
    // The runs come every 0.2 s, through the rename, and each once.
    for (first, second) in zip(fired, fired.dropFirst()) { #expect(second.microseconds(since: first) == 200_000) }
    #expect(stage.count("new") == Int64(fired.count) && stage.messages().count == fired.count)
  }
}

/// Edits a document as an application does, with a compare-and-set, and as a daemon does after a run.
private final class Writer: @unchecked Sendable {  // Only its thread changes the counts until it is joined.
  private let client: BlockingClient
  private let key: String
  private let isOver = Atomic(false)
  private var edits = 0
  private var runs = 0
  private var thread: pthread_t?

  private static let script = """
    local text = redis.call('GET', KEYS[1])
    local before, number, after = string.match(text, '^(.*"' .. ARGV[1] .. '": )(%d+)(.*)$')
    redis.call('SET', KEYS[1], before .. (number + 1) .. after)
    return 1
    """

  init(_ stage: Stage) {
    key = stage.key("a")
    guard let client = try? stage.server.client() else { preconditionFailure("no client") }
    client("SELECT", "1")
    self.client = client
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Writer>.fromOpaque(context).takeUnretainedValue().write()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    self.thread = thread
  }

  private func write() {
    while !isOver.load(ordering: .relaxed) {
      if client("EVAL", Self.script, "1", key, "counter")?.integer == 1 { edits += 1 }
      if client("EVAL", Self.script, "1", key, "total_run_count")?.integer == 1 { runs += 1 }
      usleep(3000)
    }
  }

  func finish() -> (edits: Int, runs: Int) {
    isOver.store(true, ordering: .relaxed)
    if let thread { pthread_join(thread, nil) }
    thread = nil
    return (edits, runs)
  }
}
