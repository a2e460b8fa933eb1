import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What import writes, what it leaves alone, and that an export is imported to the same bytes.
@Suite struct ImportWritingTests {
  private func run(_ stage: Stage, _ arguments: [String], input: String = "") throws -> CommandRun {
    try CommandRun(arguments, input: input, environment: stage.environment())
  }

  private static let two = "[\(schedule("a")), \(schedule("b", every: "60"))]"

  @Test func aDryRunWritesNothing() throws {
    let stage = try Stage()
    stage.set("b", schedule("b", every: "60"))
    stage.set("c", schedule("c", every: "60"))
    let before = stage.store("DEBUG", "DIGEST")?.text
    let run = try run(stage, ["import", "-", "--dry-run"], input: Self.two + schedule("c") + #"{"name": "d"}"#)
    // A list with values behind it is not read as a list: each value counts by itself.
    #expect(run.exit == .status(65))
    #expect(run.lines.first?.hasPrefix("beat-watch: standard input: value 1 is not a JSON object") == true)
    let second = try self.run(
      stage, ["import", "-", "--dry-run"], input: schedule("a") + schedule("b", every: "60") + schedule("c"))
    #expect(second.exit == .status(73))
    #expect(second.lines.count == 4)
    #expect(second.lines[0].hasPrefix("new a: reports.build, every hour, next 20"))
    #expect(second.lines[1].hasPrefix("same b: reports.build, every minute, next 20"))
    #expect(second.lines[2] == "differs c: another document stands there, and stays")
    #expect(second.lines[3] == "1 would be written, 1 there already, 1 differs and stays (--replace overwrites it)")
    #expect(stage.store("DEBUG", "DIGEST")?.text == before)
  }

  @Test func nothingIsOverwrittenWithoutReplace() throws {
    let stage = try Stage()
    let theirs = schedule("a", every: "5")
    stage.set("a", theirs)
    stage.store("HSET", stage.key("b"), "x", "1")
    let kept = try run(stage, ["import", "-"], input: Self.two)
    #expect(kept.exit == .status(73))
    #expect(
      kept.lines == [
        "differs a: another document stands there, and stays",
        "in the way b: its key holds another Redis type, and stays",
        "0 written, 1 differs and stays (--replace overwrites it), 1 blocked by keys of another type",
      ])
    #expect(stage.document("a") == theirs)

    let replaced = try run(stage, ["import", "-", "--replace"], input: Self.two)
    #expect(replaced.exit == .status(73))
    #expect(replaced.lines.last == "0 written, 1 replaced, 1 blocked by keys of another type")
    #expect(stage.document("a") == schedule("a"))
    #expect(stage.store("HGET", stage.key("b"), "x")?.text == "1")
  }

  /// When a daemon has fired an imported schedule, another import finds it there.
  @Test func importingAgainGoesOn() throws {
    let stage = try Stage()
    #expect(try run(stage, ["import", "-"], input: schedule("a", every: "0.05")).exit == .status(0))
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired", key: stage.key("a"))
    try daemon.stop()
    let again = try run(stage, ["import", "-"], input: schedule("a", every: "0.05") + schedule("b"))
    #expect(again.exit == .status(0))
    #expect(again.lines == ["1 written, 1 there already"])
  }

  @Test func jsonTellsOfEachSchedule() throws {
    let stage = try Stage()
    stage.set("b", schedule("b"))
    let run = try run(
      stage, ["import", "-", "--json"],
      input: #"{"name": "a", "task": "t", "enabled": true, "interval": {"every": 1, "period": "hours"}, "#
        + #""last_run_at": "2026-01-01T00:00:00Z"}"# + schedule("b", every: "9") + #"{"name": "c\u0007", "task": "t"}"#)
    #expect(run.exit == .status(65))
    // The next run is the newest of those that were missed, as `list` says.
    let list = try #require(try stage.run("list", "a", "--json").json?.items?.first)
    let next = try #require(list["next"]?.text)
    #expect(
      run.lines == [
        #"{"name":"c\\u{7}","outcome":"refused","problem":"enabled: is missing; expected true or false"}"#,
        #"{"name":"a","outcome":"new","next":"\#(next)","notes":[]}"#,
        run.lines.last ?? "",
      ])
    #expect(run.lines.last?.hasPrefix(#"{"name":"b","outcome":"differs","next":"20"#) == true)
  }

  @Test func aNameThatComesTwiceIsTold() throws {
    let stage = try Stage()
    let run = try run(stage, ["import", "-"], input: schedule("a") + schedule("a", every: "5"))
    #expect(run.exit == .status(65))
    #expect(
      run.lines == [
        "cannot come a: comes a second time in the source; the first one counts", "1 written, 1 cannot come",
      ])
    #expect(stage.document("a") == schedule("a"))
  }

  /// Runs that were missed between the old scheduler's end and the daemon's start are caught up by one run, not more.
  @Test func whatWasMissedMeanwhileIsMadeUpForOnce() throws {
    let stage = try Stage()
    let now = SystemClock.now()
    let last = now.advanced(by: -7_000_000_000)
    let input =
      #"[{"_id": {"$oid": "5f0e1a2b3c4d5e6f70819203"}, "name": "hourly", "task": "t", "enabled": true, "args": [], "#
      + #""interval": {"every": 1, "period": "hours"}, "last_run_at": {"$date": "\#(last.iso8601)"}, "#
      + #""total_run_count": 8}]"#
    #expect(try run(stage, ["import", "-"], input: input).exit == .status(0))
    let daemon = try stage.daemon()
    let fired = try daemon.wait(for: "fired", key: stage.key("hourly"))
    #expect(try fired.time("due").microseconds(since: last) == 3_600_000_000)
    try daemon.stop()
    #expect(stage.messages().count == 1)
    #expect(stage.document("hourly")?.contains(#""total_run_count": 9"#) == true)
  }

  // MARK: many documents, and edits in between

  private func many(_ count: Int) -> String {
    (0..<count).map { schedule("s\($0)", every: "86400") }.joined(separator: "\n")
  }

  @Test func manyComeAndGoInPages() throws {
    let stage = try Stage()
    let run = try run(stage, ["import", "-"], input: many(1501))
    #expect(run.lines == ["1501 written"])
    #expect(stage.documentCount == 1501)
    let export = try self.run(stage, ["export"])
    #expect(export.lines.count == 1501)
    #expect(try self.run(stage, ["export", "s150*"]).lines.count == 2)
  }

  /// An interruption leaves whole documents, says how many, and ends with the signal's status. The same command then
  /// goes on.
  @Test func anInterruptionLeavesWholeDocuments() throws {
    let stage = try Stage()
    let proxy = try FaultProxy(to: stage.server)
    proxy.drip(1)
    let input = try file(stage, many(4000))
    defer { unlink(input) }
    let process = try slowly(stage, proxy, ["import", input])
    #expect(eventually(within: 20) { (stage.store("DBSIZE")?.integer ?? 0) > 0 })
    process.send(SIGINT)
    #expect(try process.exit() == .signal(SIGINT))
    let count = stage.documentCount
    #expect(count < 4000)
    #expect(count % 200 == 0)
    #expect(process.otherLines == ["\(count) written; interrupted: the same command goes on where it ended"])
    let again = try run(stage, ["import", input])
    #expect(again.lines == ["\(4000 - count) written, \(count) there already"])
    #expect(again.exit == .status(0))
  }

  private func file(_ stage: Stage, _ text: String) throws -> String {
    let path = stage.server.folder + "/input.json"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Failure("open \(path)", errno) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty { rest = rest.dropFirst(max(0, write(file, Array(rest), rest.count))) }
    close(file)
    return path
  }

  private func slowly(_ stage: Stage, _ proxy: FaultProxy, _ arguments: [String]) throws -> Daemon {
    var environment = stage.environment()
    environment["CELERY_REDIS_SCHEDULER_URL"] = "redis+socket://\(proxy.path)?virtual_host=1"
    return try Daemon(environment, arguments: arguments)
  }

  /// How many calls of the command the server has counted.
  private func calls(_ command: String, _ stage: Stage) -> Int {
    let text = stage.store("INFO", "commandstats")?.text ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
    return line.flatMap { Int($0.split(separator: "=")[1].prefix { $0.isNumber }) } ?? 0
  }

  /// While the import reads the stored documents, other clients write. What they have edited, made or deleted stays as
  /// they left it, and is reported. A run is not taken for an edit.
  @Test func anEditBetweenTheLookAndTheWriteStays() throws {
    let stage = try Stage()
    let long = #", "description": "\#(String(repeating: "x", count: 1000))""#
    for name in ["edited", "gone", "ran", "same", "still"] { stage.set(name, schedule(name, long)) }
    let names = ["edited", "gone", "made", "ran", "same", "still"]
    let input = try file(stage, names.map { schedule($0, every: "60") }.joined(separator: "\n"))
    defer { unlink(input) }
    let proxy = try FaultProxy(to: stage.server)
    proxy.drip(1)
    let process = try slowly(stage, proxy, ["import", input, "--replace"])
    #expect(eventually { calls("get", stage) == names.count })
    let theirs = schedule("edited", every: "5")
    stage.set("edited", theirs)
    stage.set("made", theirs)
    stage.store("DEL", stage.key("gone"))
    stage.set("ran", String(schedule("ran", long).dropLast()) + #", "total_run_count": 7}"#)
    stage.set("same", schedule("same", every: "60"))
    proxy.drip(0)
    #expect(try process.exit() == .status(75))
    let theirsStays = "by somebody else, and theirs stays: look at it, and import again"
    #expect(
      process.otherLines == ["edited", "gone", "made"].map { "changed meanwhile \($0): \(theirsStays)" } + [
        "0 written, 2 replaced, 1 there already, 3 changed meanwhile and stay"
      ])
    #expect(stage.document("edited") == theirs && stage.document("made") == theirs && !stage.exists("gone"))
    for name in ["ran", "same", "still"] { #expect(stage.document(name) == schedule(name, every: "60")) }
  }

  /// Without --replace the write itself checks whether the key is free.
  @Test func whatIsDeletedMeanwhileIsNotWrittenAnew() throws {
    let stage = try Stage()
    let names = (100..<400).map { "s\($0)" }
    for name in names { stage.set(name, schedule(name)) }
    let input = try file(stage, names.map { schedule($0, every: "60") }.joined(separator: "\n"))
    defer { unlink(input) }
    let before = calls("set", stage)
    let proxy = try FaultProxy(to: stage.server)
    proxy.drip(1)
    let process = try slowly(stage, proxy, ["import", input, "--json"])
    #expect(eventually { calls("set", stage) == before + 200 })
    stage.store("DEL", stage.key("s100"))
    proxy.drip(0)
    #expect(try process.exit() == .status(75))
    #expect(!stage.exists("s100") && stage.document("s101") == schedule("s101"))
    #expect(process.lines.isEmpty)
    #expect(process.otherLines.count { $0.contains(#""outcome":"changed""#) } == 1)
    #expect(process.otherLines.count { $0.contains(#""outcome":"differs""#) } == names.count - 1)
  }

  /// A replaced document keeps its time to live, as after every other command that changes it.
  @Test func aReplacedDocumentKeepsItsTimeToLive() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("PEXPIRE", stage.key("a"), "3600000")
    #expect(try run(stage, ["import", "-", "--replace"], input: schedule("a", every: "60")).exit == .status(0))
    #expect(stage.document("a") == schedule("a", every: "60"))
    #expect((stage.store("PTTL", stage.key("a"))?.integer ?? 0) > 0)
  }

  @Test func aStoreThatDiesIsToldWithWhatWasWritten() throws {
    let stage = try Stage(["--maxmemory", "1500000", "--maxmemory-policy", "noeviction"])
    let run = try run(stage, ["import", "-"], input: many(9000))
    #expect(run.exit == .status(78))
    let count = try #require(stage.store("DBSIZE")?.integer)
    #expect(count < 9000)
    #expect(run.lines.contains("\(count) written"))
    #expect(run.lines.contains { $0.hasPrefix("beat-watch: ") && $0.contains("maxmemory") })
  }

  // MARK: export

  @Test func anExportComesBackToTheSameBytes() throws {
    let stage = try Stage()
    let documents: [([UInt8], [UInt8])] = [
      (Array("a".utf8), Array(schedule("a").utf8)),
      (Array("lines".utf8), Array("{\n  \"name\": \"x\"\n}\n".utf8)),
      ([0xFF, 0x00, 0x0A], [0x00, 0xFF]), (Array("quote\"'\\ \u{7}é".utf8), Array(#"{"a": NaN, "é": "é"}"#.utf8)),
      (Array("empty".utf8), []), (Array("shell".utf8), Array(#"{"a": ISODate("2014-08-30T08:10:06Z")}"#.utf8)),
    ]
    for (name, document) in documents {
      stage.store.call([Array("SET".utf8), Array(stage.prefix.utf8) + name, document])
    }
    stage.store("HSET", stage.key("hash"), "x", "1")
    let export = try run(stage, ["export"])
    #expect(export.exit == .status(0))
    #expect(export.lines.count == documents.count + 1)
    #expect(export.lines.contains("beat-watch: tasks:meta:hash holds another Redis type; it is left out"))
    let lines = export.lines.filter { $0.hasPrefix("{") }
    for line in lines { #expect(JSONValue(Array(line.utf8)) != nil, "\(line)") }

    let input = lines.map { $0 + "\n" }.joined()
    let back = try run(stage, ["import", "-", "--key-prefix", "copy:"], input: input)
    #expect(back.lines.last == "\(documents.count) written")
    #expect(back.exit == .status(0))
    for (name, document) in documents {
      #expect(stage.store.call([Array("GET".utf8), Array("copy:".utf8) + name])?.bytes == document)
    }
    let again = try run(stage, ["export", "--key-prefix", "copy:"])
    #expect(again.lines == lines)
  }

  @Test func aCrontabForPeople() throws {
    let stage = try Stage()
    stage.set(
      "a",
      #"{"name": "a", "task": "t.a", "enabled": true, "timezone": "Europe/Berlin", "#
        + #""crontab": {"minute": 30, "hour": "2", "day_of_week": "1-5"}}"#)
    stage.set("b", schedule("b"))
    stage.set(
      "c", #"{"name": "c", "task": "t", "enabled": false, "clocked": {"clocked_time": "2027-01-01T00:00:00Z"}}"#)
    stage.set("d", #"{"name": "d\u001b"}"#)
    let run = try run(stage, ["export", "--crontab"])
    #expect(
      run.lines == [
        "# minute hour day_of_month month day_of_week  task  # name, zone", "30 2 * * 1-5  t.a  # a, Europe/Berlin",
        "@every hour  reports.build  # b", "# disabled: @once at 2027-01-01T00:00:00Z  t  # c",
        "# set aside: d: task: is missing",
      ])
  }

  @Test func aNameThatIsNotThereIsTold() throws {
    let stage = try Stage()
    let run = try run(stage, ["export", "nothing"])
    #expect(run.exit == .status(66))
    #expect(run.lines.count == 1)
  }
}
