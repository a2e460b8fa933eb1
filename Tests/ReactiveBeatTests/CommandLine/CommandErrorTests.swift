import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Each mistake is reported by one line, and by a status that programs can tell apart.
@Suite struct CommandErrorTests {
  @Test(arguments: [
    (["show", "nobody"], 66, "no schedule nobody"), (["list", "no*"], 66, "no schedule no*"),
    (["show", "*"], 64, "name one"), (["list", "--due-within", "5x"], 64, "--due-within: 5x"),
    (["list", "--sort", "age"], 64, "--sort"), (["set", "n"], 64, "name a field"),
    (["set", "n", "--every", "5m"], 66, "--task"),
    (["set", "a", "--cron", "* * *"], 64, "five"), (["set", "a", "--cron", "99 * * * *"], 65, "crontab.minute \"99\""),
    (["set", "a", "--every", "5m", "--cron", "* * * * *"], 64, "give one of them"),
    (["set", "a", "--args", "{}"], 64, "--args"), (["set", "a", "--kwargs", #"{"a": 1}, "b": {}"#], 64, "--kwargs"),
    (["set", "a", "--timezone", "Mars/Base"], 64, "Mars/Base"), (["set", "", "--every", "5m"], 64, "no name"),
    (["set", "broken", "--every", "5m"], 65, "beat-watch edit"), (["set", "list", "--every", "5m"], 65, "Redis list"),
    (["rm", "a"], 64, "--yes"), (["rm", "nobody", "--yes"], 66, "nobody"),
    (["rename", "a", "b"], 73, "b is there already"),
    (["rename", "nobody", "c"], 66, "nobody"), (["edit", "nobody"], 66, "nobody"),
    (["lint", "/nowhere.json"], 66, "/nowhere.json"),
    (["lint", "nowhere.json"], 66, "there is no file nowhere.json, and no schedule nowhere.json: no key"),
    (["lint", "a", "no*"], 66, "there is no file no*, and no schedule no*"), (["disable", "nobody"], 66, "nobody"),
    (["list", "--store-url", "http://x"], 64, "--store-url"),
    (["rm", "a", "--broker-transport-options", "x"], 64, "beat-watch: --broker-transport-options: expected one JSON"),
    // A name that is not stored, and the command that lists the stored ones.
    (["enable", "nobody"], 66, "no schedule nobody"), (["fire", "nobody"], 66, "`beat-watch list` shows all"),
    (["explain", "nobody"], 66, "no schedule nobody"), (["history", "nobody"], 66, "no schedule nobody"),
    (["export", "nobody"], 66, "no schedule nobody"), (["rm", "no*", "--yes"], 66, "no schedule no*"),
    (["edit", "no*"], 66, "no schedule no*"),
    // A pattern that matches several schedules, where one is expected.
    (["edit", "*"], 64, "name one"), (["fire", "[ab]"], 64, "means 2 schedules (a, b): name one"),
    (["explain", "?"], 64, "name one"),
    // A field that the document does not have.
    (["set", "a", "--unset", "nonsense"], 64, "--unset nonsense: the document has no such field"),
    (["set", "a", "--unset", "jiter"], 64, "is jitter meant?"),
    (["set", "a", "--unset", "Interval"], 64, "is interval"),
    // Values that are no JSON, no crontab, or no time.
    (["set", "a", "--args", "[1"], 64, "--args: expected a JSON list such as [2, 3]"),
    (["set", "a", "--kwargs", "[]"], 64, #"--kwargs: expected a JSON object such as {"x": 2}"#),
    (["set", "a", "--headers", "x"], 64, "--headers: expected a JSON object"),
    (["set", "a", "--cron", "0 0 30 2 *"], 65, "crontab"),
    (["set", "a", "--every", "soon"], 64, "--every: soon is no"),
    (["set", "a", "--at", "noon"], 64, "--at: noon is no ISO 8601 time"),
    (["set", "a", "--expires", "later"], 64, "--expires: later is no length of time"),
    (["set", "a", "--priority", "high"], 64, "--priority"), (["set", "a", "--catchup", "some"], 64, "--catchup"),
    (["explain", "a", "--at", "noon"], 64, "--at: noon is no ISO 8601 time"),
    (["history", "--since", "noon"], 64, "--since: noon is no ISO 8601 time"),
    (["history", "--count", "0"], 64, "--count: 0 is not in 1 to 1000000"),
    (["fire", "a", "--timeout", "1ms"], 64, "--timeout: 1ms is not in 500 ms to 1 h"),
    (["show", "a", "--count", "-1"], 64, "--count"), (["next", "-", "--after", "noon"], 64, "--after: noon"),
    (["import"], 64, "give one source"), (["import", "-", "--format", "xml"], 64, "--format xml: expected one of"),
    (["import", "/nowhere.json"], 66, "/nowhere.json"), (["next", "/nowhere.json"], 66, "/nowhere.json"),
    (["import", "-"], 65, "standard input: not a readable document, line 1 column 1: is empty"),
    (["import", "--from-redis", "http://x"], 64, "--from-redis"),
    (["import", "--celery-app", "x", "--python", "/nowhere"], 66, "/nowhere"),
    (["rename", "broken", "a"], 73, "a is there already"), (["rename", "list", "free"], 65, "Redis list"),
    (["rm", "list", "--yes"], 65, "Redis list"), (["edit", "list"], 65, "Redis list"),
    (["show", "list", "--raw"], 65, "Redis list"),
  ])
  func oneLineAndItsStatus(_ arguments: [String], _ status: Int32, _ text: String) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", schedule("b"))
    stage.set("broken", "{\"name\": ")
    stage.store("LPUSH", stage.key("list"), "x")
    let run = try stage.run(arguments)
    #expect(run.exit == .status(status), "\(run.text)")
    #expect(run.lines.count == 1 && run.text.hasPrefix("beat-watch: ") && run.text.contains(text), "\(run.text)")
  }

  /// Every command that connects to a server.
  private static let all: [[String]] = [
    ["list"], ["show", "a"], ["set", "a", "--every", "5m"], ["enable", "a"], ["disable", "a"], ["rm", "a", "--yes"],
    ["rename", "a", "c"], ["edit", "a"], ["lint"], ["import", "-"], ["export"], ["status"], ["explain", "a"],
    ["history"], ["watch"], ["fire", "a"],
  ]

  @Test(arguments: all) func noServer(_ arguments: [String]) throws {
    let run = try CommandRun(
      arguments, input: schedule("a"),
      environment: ["CELERY_REDIS_SCHEDULER_URL": "redis://:sesame@127.0.0.1:1/0", "PATH": "/usr/bin:/bin"])
    #expect(run.exit == .status(69) && run.lines.count == 1, "\(run.text)")
    #expect(run.text.hasPrefix("beat-watch: ") && run.text.contains("is redis-server running there?"), "\(run.text)")
    #expect(!run.text.contains("sesame"))
  }

  /// Whoever has named no store learns how to name one: the schedules of `celery beat -S` may be anywhere. Nothing
  /// listens at the default address in a network of its own, which not every machine allows to make.
  @Test(arguments: all) func noServerAtTheDefaultAddress(_ arguments: [String]) throws {
    let run = try CommandRun(
      arguments, program: ["/usr/bin/unshare", "-rn", ProjectFolder.beatWatch()], input: schedule("a"),
      environment: ["PATH": "/usr/bin:/bin"])
    guard !run.text.hasPrefix("unshare:") else { return }
    #expect(run.exit == .status(69) && run.lines.count == 1, "\(run.text)")
    #expect(run.text.contains("--store-url or CELERY_REDIS_SCHEDULER_URL names another"), "\(run.text)")
  }

  /// The user may log in, and has no other right.
  @Test(arguments: all) func noRights(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("ACL", "SETUSER", "nobody", "reset", "on", ">sesame", "~*", "&*", "+@connection")
    let run = try stage.run(arguments, input: schedule("b"), environment: ["EDITOR": "true"], user: "nobody:sesame@")
    #expect(run.exit == .status(77) && run.lines.count == 1, "\(run.text)")
    #expect(run.text.hasPrefix("beat-watch: ") && run.text.contains("allow it with ACL SETUSER"), "\(run.text)")
    #expect(!run.text.contains("sesame"))
    #expect(stage.document("a") == schedule("a") && !stage.exists("b") && !stage.exists("c"))
  }

  /// Commands that write, on a replica.
  @Test(arguments: [
    ["set", "a", "--every", "5m"], ["set", "new", "--task", "t", "--every", "5m"], ["disable", "a"],
    ["rm", "a", "--yes"], ["rename", "a", "c"], ["edit", "a"], ["import", "-"], ["import", "-", "--replace"],
    ["fire", "a"],
  ])
  func aReplicaTakesNoWrites(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("REPLICAOF", "127.0.0.1", "1")
    let editor = #"edit() { sed -i 's|3600|60|' "$1"; }; edit"#
    let run = try stage.run(
      arguments, input: schedule("a", every: "60"),
      environment: ["EDITOR": editor, "TMPDIR": stage.server.folder])
    let errors = run.lines.filter { $0.hasPrefix("beat-watch: ") && $0.contains("name the primary") }
    #expect(run.exit == .status(78) && errors.count == 1, "\(run.text)")
    #expect(stage.document("a") == schedule("a"))
    _ = try CommandRun(["-c", "rm -rf \(stage.server.folder)/beat-watch-*"], program: ["/bin/sh"])
  }

  @Test func whoMayNotIsTold() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store(
      "ACL", "SETUSER", "reader", "reset", "on", ">sesame", "~*", "+@read", "+@connection", "+time", "+eval", "+evalsha"
    )
    #expect(try stage.run("list", "--names-only", user: "reader:sesame@").lines == ["a"])
    for arguments in [["set", "a", "--every", "5m"], ["disable", "a"], ["rm", "a", "--yes"], ["rename", "a", "b"]] {
      let run = try stage.run(arguments, user: "reader:sesame@")
      #expect(run.exit == .status(77) && run.lines.count == 1, "\(arguments): \(run.text)")
      #expect(!run.text.contains("sesame"))
    }
    let wrong = try stage.run("list", user: "reader:opensesame@")
    #expect(wrong.exit == .status(77) && wrong.lines.count == 1 && !wrong.text.contains("opensesame"))
    #expect(stage.document("a") == schedule("a"))
  }

  @Test func aReplicaIsRead() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("REPLICAOF", "127.0.0.1", "1")
    #expect(try stage.run("list", "--names-only").lines == ["a"])
    #expect(try stage.run("explain", "a").exit == .status(0))
  }

  /// Each command has help, which names its statuses beside those of all commands, and the options that it shares with
  /// the others.
  @Test(arguments: [
    ("list", [66]), ("show", [64, 65, 66]), ("set", [65, 66, 75]), ("enable", [65, 66, 75]), ("disable", [65, 66, 75]),
    ("rm", [1, 65, 66, 75]), ("rename", [65, 66, 73]), ("edit", [1, 65, 66, 74, 75]), ("lint", [1, 66]),
    ("next", [65, 66]), ("run", [0, 1, 64, 78]), ("import", [75, 65, 66, 69, 73, 130, 143]), ("export", [66]),
    ("history", [66]), ("fire", [0, 65, 66, 69, 78, 130, 143]), ("status", [0, 1, 69, 77]), ("doctor", [0, 1]),
    ("explain", [64, 66]), ("watch", [0, 69]),
  ])
  func helpForEachCommand(_ command: String, _ statuses: [Int]) throws {
    let run = try CommandRun(["help", command])
    #expect(run.exit == .status(0) && run.lines.first?.hasPrefix("OVERVIEW: ") == true)
    if command != "next" { #expect(run.text.contains("--store-url")) }
    let overview = run.text.split(separator: "USAGE:").first ?? ""
    let told = overview.lowercased().split(separator: "status ").dropFirst().joined(separator: " ")
    let numbers = Set(told.split { !$0.isNumber }.compactMap { Int($0) })
    #expect(numbers.isSuperset(of: statuses), "\(command): \(numbers)")
  }

  @Test func helpForAll() throws {
    let run = try CommandRun(["--help"])
    let words = run.text.split(whereSeparator: \.isWhitespace)
    for status in [64, 69, 71, 74, 75, 77, 78] { #expect(words.contains("\(status)"), "\(run.text)") }
  }
}
