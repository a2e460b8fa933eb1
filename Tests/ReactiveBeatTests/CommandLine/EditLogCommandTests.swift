import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Commands that edit record who, from where, and what, and `beat-watch history --edits` shows it.
@Suite struct EditLogCommandTests {
  private static let key = "reactivebeat:tasks:meta:edits"
  private static let user = ["USER": "anna"]

  /// The recorded edits, the oldest first.
  private func edits(_ stage: Stage, _ arguments: String..., store: [String] = []) throws -> [JSONValue] {
    let run = try stage.run(["history", "--edits", "--json"] + arguments + store)
    #expect(run.exit == .status(0), "\(run.text)")
    return try run.lines.map { try #require(JSONValue($0.utf8), "\($0)") }
  }

  private func texts(_ edits: [JSONValue], _ field: String) -> [String?] { edits.map { $0[field]?.text } }

  @Test func eachCommandIsRecorded() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    var documents: [String?] = []
    func run(_ arguments: String..., input: String = "", of name: String? = nil) throws {
      let environment = Self.user.merging(["EDITOR": "sed -i s/3600/7200/"]) { $1 }
      let run = try stage.run(arguments, input: input, environment: environment)
      #expect(run.exit == .status(0) && run.notes.isEmpty, "\(arguments): \(run.text) \(run.notes)")
      documents.append(name.flatMap { stage.document($0) }.map { SHA1.hex(Array($0.utf8)) })
    }
    try run("set", "a", "--task", "t", "--every", "1h", of: "a")
    try run("set", "a", "--priority", "3", of: "a")
    try run("disable", "a", of: "a")
    try run("enable", "a", of: "a")
    try run("set", "a", "--document", "-", input: schedule("a", every: "3600"), of: "a")
    try run("edit", "a", of: "a")
    try run("rename", "a", "b", of: "b")
    try run("fire", "b")
    try run("import", "-", input: schedule("c"), of: "c")
    try run("rm", "b", "--yes")
    let found = try edits(stage)
    #expect(
      texts(found, "action") == [
        "create", "change", "disable", "enable", "change", "change", "rename", "run", "import", "delete",
      ])
    #expect(texts(found, "name") == ["a", "a", "a", "a", "a", "a", "a", "b", "c", "b"])
    #expect(texts(found, "new_name").compactMap { $0 } == ["b"])
    #expect(Set(texts(found, "user")) == ["anna"])
    #expect(Set(texts(found, "origin")) == ["command line on \(HostName.current)"])
    guard found.count == 10 else { return }
    for index in 0..<6 {
      #expect(found[index]["after"]?.text == documents[index], "\(index)")
      #expect(found[index]["before"]?.text == (index == 0 ? nil : documents[index - 1]), "\(index)")
    }
    #expect(found[8]["after"]?.text == documents[8] && found[8]["before"]?.text == nil)
    #expect(found[9]["before"]?.text == documents[6] && found[9]["after"]?.text == nil)
    #expect(found[7]["note"]?.text == stage.messages().last.map { "task \($0.id)" })
    let times = found.compactMap { $0["at"]?.text }
    #expect(times == times.sorted() && times.count == 10)
    // The daemon takes no notice of the record.
    #expect(daemon.logged("rejected").isEmpty && daemon.logged("damaged").isEmpty)
    try daemon.stop()
  }

  /// In MongoDB the same edits are recorded, and a daemon takes no notice of them.
  @Test func inMongoDB() throws {
    let (stage, mongo) = (try Stage(), try MongoServer())
    let store = ["--store-url", mongo.url()]
    let daemon = try Daemon([
      "CELERY_MONGODB_SCHEDULER_URL": mongo.url(), "CELERY_BROKER_URL": stage.url(stage.brokerDatabase),
    ])
    try daemon.wait(for: "ready")
    func digest(_ name: String) throws -> String {
      let line = "\(try ProjectFolder.beatWatch()) show --raw \(name) --store-url '\(mongo.url())' | sha1sum"
      let run = try CommandRun(["-c", line], program: ["/bin/sh"], environment: Daemon.surroundings)
      return String(run.text.prefix(40))
    }
    func run(_ arguments: String..., input: String = "") throws {
      let run = try stage.run(arguments + store, input: input, environment: Self.user)
      #expect(run.exit == .status(0), "\(arguments): \(run.text)")
    }
    try run("set", "a", "--task", "t", "--every", "1h")
    let made = try digest("a")
    try run("disable", "a")
    let disabled = try digest("a")
    try run("rename", "a", "b")
    try run("fire", "b")
    try run("import", "-", input: schedule("c"))
    let before = try digest("b")
    try run("rm", "b", "--yes")
    let found = try edits(stage, store: store)
    #expect(texts(found, "action") == ["create", "disable", "rename", "run", "import", "delete"])
    #expect(texts(found, "after").prefix(2) == [made, disabled] && found.last?["before"]?.text == before)
    #expect(texts(found, "before").prefix(2) == [nil, made])
    #expect(Set(texts(found, "user")) == ["anna"])
    let doctor = try stage.run(["doctor"] + store)
    #expect(doctor.text.contains("the daemon's own collections are usable"), "\(doctor.text)")
    #expect(daemon.logged("disconnected").isEmpty && daemon.logged("rejected").isEmpty, "\(daemon.output)")
    try daemon.stop()
  }

  @Test func whatChangesNothingIsNotRecorded() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    for arguments in [
      ["set", "a", "--priority", "3", "--dry-run"], ["enable", "a"], ["disable", "a", "--dry-run"],
      ["rm", "a", "--dry-run"], ["rename", "nobody", "b"], ["import", "--dry-run", "-"], ["import", "-"],
      ["edit", "a"], ["fire", "a", "--print"], ["fire", "a", "--timeout", "500ms"], ["set", "a", "--every", "0s"],
    ] {
      _ = try stage.run(arguments, input: schedule("a"), environment: ["EDITOR": "true"])
    }
    #expect(try edits(stage).isEmpty && stage.store("EXISTS", Self.key)?.integer == 0)
    let run = try stage.run("history", "--edits")
    #expect(run.exit == .status(0) && run.lines.isEmpty)
  }

  @Test func whoItIs() throws {
    let stage = try Stage()
    let own = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    for (number, (environment, name)) in [
      (["SUDO_USER": "bert", "USER": "root"], "bert"), (["USER": "anna", "LOGNAME": "x"], "anna"),
      (["USER": "", "LOGNAME": "carl"], "carl"), ([:], own),
      (["USER": "\u{1B}[31m\u{202E}\n" + String(repeating: "ü", count: 500)], "\u{1B}[31m\u{202E}\n"),
    ].enumerated() {
      _ = try stage.run(
        ["set", "s\(number)", "--task", "t", "--every", "1h"], environment: environment)
      let user = try #require(try edits(stage, "s\(number)").first?["user"]?.text)
      #expect(user == name || user.hasPrefix(name) && number == 4 && user.utf8.count <= Limit.editText.most + 3)
    }
    let shown = try stage.run("history", "--edits", "s4").text
    #expect(shown.contains(#"\u{1b}[31m\u{202e}\u{a}ü"#) && !shown.contains("\u{1B}"), "\(shown)")
  }

  /// An edit stands without its record, the status stays, and one line says which right is missing.
  @Test func withoutTheRight() throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "lesser", "on", ">secret", "~*", "&*", "+@all", "-xadd")
    func run(_ arguments: String...) throws -> CommandRun {
      try stage.run(arguments, input: schedule("i"), user: "lesser:secret@")
    }
    for name in ["a", "b", "c"] {
      let made = try run("set", name, "--task", "t", "--every", "1h")
      #expect(made.exit == .status(0) && stage.exists(name), "\(made.text)")
      let notes = made.notes.filter { $0.contains("not recorded for `history --edits`, which needs +xadd: ") }
      #expect(notes.count == 1 && notes.first?.contains("secret") == false, "\(made.notes)")
    }
    for arguments in [["disable", "*"], ["rename", "a", "d"], ["import", "-"], ["rm", "*", "--yes"]] {
      let edit = try stage.run(arguments, input: schedule("i"), user: "lesser:secret@")
      #expect(edit.exit == .status(0), "\(edit.text)")
      #expect(edit.notes.filter { $0.contains("+xadd") }.count == 1, "\(arguments): \(edit.notes)")
    }
    #expect(!stage.exists("b") && stage.store("EXISTS", Self.key)?.integer == 0)
    let reading = try run("history", "--edits")
    #expect(reading.exit == .status(0))
    stage.store("ACL", "SETUSER", "lesser", "-xrevrange")
    #expect(try run("history", "--edits").exit == .status(77))
  }

  /// Another program's key is left alone.
  @Test func anotherTypeStandsThere() throws {
    let stage = try Stage()
    stage.store("SET", Self.key, "no stream")
    let run = try stage.run("set", "a", "--task", "t", "--every", "1h")
    #expect(run.exit == .status(0) && stage.exists("a"), "\(run.text)")
    let note = run.notes.first { $0.contains("not recorded") } ?? ""
    #expect(note.contains(Self.key) && note.contains("rename or delete that key"), "\(run.notes)")
    #expect(stage.store("GET", Self.key)?.text == "no stream")
    let shown = try stage.run("history", "--edits")
    #expect(shown.exit == .status(78) && shown.text.contains(Self.key), "\(shown.text)")
  }

  /// A command that changes many schedules does not push all other records out.
  @Test func manyAtOnceAreOneRecord() throws {
    let stage = try Stage()
    let most = Limit.editsTogether.most
    func documents(_ count: Int, _ name: String) -> String {
      (0..<count).map { schedule("\(name)\($0)") }.joined(separator: "\n")
    }
    #expect(try stage.run("import", "-", input: documents(most, "s"), environment: Self.user).exit == .status(0))
    #expect(try edits(stage, "--count", "1000").count == most)
    #expect(try edits(stage, "s7").map { $0["action"]?.text } == ["import"])
    #expect(try stage.run("import", "-", input: documents(most + 1, "t"), environment: Self.user).exit == .status(0))
    let one = try edits(stage, "--count", "1")
    #expect(one.first?["name"]?.text == nil && one.first?["action"]?.text == "import")
    #expect(one.first?["note"]?.text == "\(most + 1) schedules, t0, t1, t2 first")
    #expect(try edits(stage, "--count", "1000").count == most + 1)
    // It may have changed any schedule.
    #expect(try edits(stage, "s7").count == 2)
    #expect(try stage.run("disable", "*", environment: Self.user).exit == .status(0))
    #expect(try edits(stage, "--count", "1").first?["note"]?.text?.hasPrefix("\(2 * most + 1) schedules, ") == true)
    let shown = try stage.run("history", "--edits", "--count", "1").text
    #expect(shown.contains("  disable  -") && shown.contains("201 schedules, "), "\(shown)")
  }

  @Test func takesOnlyWhatIsAskedFor() throws {
    let stage = try Stage()
    for name in ["alpha", "beta", "gamma"] {
      _ = try stage.run(["set", name, "--task", "t", "--every", "1h"], environment: Self.user)
    }
    _ = try stage.run(["rename", "gamma", "delta"], environment: Self.user)
    #expect(try texts(edits(stage, "*a"), "name") == ["alpha", "beta", "gamma", "gamma"])
    #expect(try texts(edits(stage, "delta"), "action") == ["rename"])
    #expect(try texts(edits(stage, "--count", "2"), "action") == ["create", "rename"])
    #expect(try edits(stage, "--since", "1h").count == 4)
    #expect(try edits(stage, "--since", SystemClock.now().advanced(by: 60_000_000).iso8601).isEmpty)
    let table = try stage.run("history", "--edits", "gamma")
    #expect(table.lines.count == 2, "\(table.text)")
    #expect(
      table.lines.last?.contains("  anna  command line on \(HostName.current)  rename  gamma  → delta") == true,
      "\(table.text)")
    let digest = SHA1.hex(Array((stage.document("alpha") ?? "").utf8)).prefix(8)
    #expect(try stage.run("history", "--edits", "alpha").lines.first?.contains("  - → \(digest)") == true)
    #expect(try stage.run("history", "--edits", "nobody").exit == .status(66))
    let both = try stage.run("history", "--edits", "--follow")
    #expect(both.exit == .status(64) && both.text.contains("does not go with --follow"), "\(both.text)")
  }
}
