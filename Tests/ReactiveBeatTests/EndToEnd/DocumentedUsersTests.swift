import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The Redis users of docs/operations.md: the daemon works as one of them and every command as the other, and neither
/// has a right that it does not need.
@Suite struct DocumentedUsersTests {
  private let users: [[String]]

  init() throws { users = DocumentedLines.users(try DocumentedLines.text()) }

  private func make(_ words: [String], on stage: Stage) {
    #expect(stage.store.call(words.map { Array($0.utf8) })?.isOK == true, "\(words)")
  }

  private func refusals(_ stage: Stage) -> String {
    (stage.store("ACL", "LOG")?.array ?? []).map { "\($0)" }.joined(separator: "\n")
  }

  /// docs/operations.md has six users: the daemon's and the tools' for one server, and for two servers both on the
  /// store and both on the broker.
  @Test func areTheTablesCommands() {
    #expect(
      users.count == 6 && users.map { $0[2] } == ["beat", "beat-tools", "beat", "beat-tools", "beat", "beat-tools"])
    guard users.count == 6 else { return }
    // CLIENT TRACKING is needed only where CONFIG is refused.
    let tracking: Set = ["+client|id", "+client|tracking", "+subscribe"]
    func grants(_ index: Int) -> Set<String> { Set(users[index].filter { $0.hasPrefix("+") }) }
    func expect(_ index: Int, _ table: [String], beside: Set<String> = []) {
      let wanted = Set(table).subtracting(tracking)
      #expect(wanted.subtracting(grants(index)).sorted() == [], "user \(index) lacks what the table has")
      #expect(grants(index).subtracting(wanted).subtracting(beside).sorted() == [], "user \(index) has more")
    }
    expect(0, CommandUse.grants(of: .daemon, at: .store, .queues))
    expect(1, CommandUse.grants(of: .tools, at: .store, .queues))
    expect(2, CommandUse.grants(of: .daemon, at: .store, .outbox))
    expect(3, CommandUse.grants(of: .tools, at: .store), beside: ["+client|list"])
    expect(4, CommandUse.grants(of: .daemon, at: .queues, .relay))
    expect(
      5, CommandUse.grants(of: .tools, at: .queues),
      beside: ["+select", "+client|setname", "+info", "+config|get", "+acl|whoami", "+acl|dryrun"])
  }

  /// Daemon and commands do all their work as these two users.
  @Test func oneServer() throws {
    let stage = try Stage(RedisServer.everyChannel)
    make(users[0], on: stage)
    make(users[1], on: stage)
    stage.set("a", schedule("a", atOnce))
    let daemon = try stage.daemon(user: "beat:secret@")
    try daemon.wait(for: "fired", key: stage.key("a"))
    try runEverything(stage)
    #expect(daemon.logged("disconnected").isEmpty && daemon.logged("deferred").isEmpty)
    try daemon.stop()
    #expect(refusals(stage) == "")
  }

  @Test func twoServers() throws {
    let servers = try TwoServers()
    make(users[2], on: servers.store)
    make(users[3], on: servers.store)
    make(users[4], on: servers.broker)
    make(users[5], on: servers.broker)
    let stage = servers.store
    stage.set("a", schedule("a", atOnce))
    let daemon = try stage.launch(
      ["CELERY_BROKER_URL": servers.broker.url(0, user: "beat:secret@")], user: "beat:secret@")
    try daemon.wait(for: "ready")
    #expect(eventually { servers.ids().count == 1 })
    try runEverything(stage, ["CELERY_BROKER_URL": servers.broker.url(0, user: "beat-tools:secret@")])
    try daemon.stop()
    #expect(refusals(stage) == "" && refusals(servers.broker) == "")
  }

  private func runEverything(_ stage: Stage, _ environment: [String: String] = [:]) throws {
    func run(_ arguments: String..., input: String = "", status: Int32 = 0) throws {
      let run = try stage.run(
        arguments, input: input, environment: environment.merging(["EDITOR": "true"]) { $1 },
        user: "beat-tools:secret@")
      #expect(run.exit == .status(status), "\(arguments): \(run.text)")
      #expect(run.notes == [], "\(arguments)")
      #expect(!run.text.contains("NOPERM") && !run.text.contains("problem  rights"), "\(arguments): \(run.text)")
      #expect(!run.text.contains("may not"), "\(arguments): \(run.text)")
    }
    try run("set", "b", "--task", "t", "--every", "1h")
    try run("set", "b", "--priority", "3")
    try run("list")
    try run("show", "b")
    try run("edit", "b")
    try run("disable", "b")
    try run("enable", "b")
    try run("rename", "b", "c")
    try run("explain", "c")
    try run("fire", "c")
    try run("fire", "c", "--print")
    try run("history", "--count", "5")
    try run("history", "--edits")
    try run("lint")
    try run("export")
    try run(
      "import", "-",
      input: #"{"d": {"name": "d", "task": "t", "enabled": true, "interval": {"every": 1, "period": "hours"}}}"#)
    try run("rm", "d", "--yes")
    try run("next", "-", input: #"{"interval": {"every": 1, "period": "hours"}}"#)
    #expect(eventually { (try? stage.run("status", user: "beat-tools:secret@").exit) == .status(0) })
    try run("status")
    // There is no worker, so `doctor` reports the waiting messages, and no other problem.
    let doctor = try stage.run(["doctor"], environment: environment, user: "beat-tools:secret@")
    // Before Redis 7.0 nobody can be asked about another user's rights.
    let rights = RedisServer.isRedis7 ? "ok       rights" : "warning  rights: what user beat of the daemon may do"
    #expect(doctor.lines.contains { $0.hasPrefix(rights) }, "\(doctor.text)")
    #expect(doctor.text.contains("no worker waits"), "\(doctor.text)")
    let variables = stage.environment(user: "beat-tools:secret@").merging(environment) { $1 }
    let watcher = try Daemon(variables, arguments: ["watch", "--json"])
    #expect(eventually { watcher.output.contains("watching") })
    stage.set("w", schedule("w", atOnce))
    #expect(
      eventually { watcher.output.contains(#""fired""#) || watcher.output.contains("fired") }, "\(watcher.output)")
    try watcher.stop()
  }

  /// `doctor` says `ok` only of what it has seen.
  @Test func doctorSaysWhatTheDaemonsUserMayNotSee() throws {
    let stage = try Stage()
    make(users[0], on: stage)
    stage.set("a", schedule("a"))
    for _ in 0..<19 { stage.broker("LPUSH", "celery", "x") }
    let daemon = try stage.daemon(user: "beat:secret@")
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 1 })
    let run = try stage.run(["doctor"], user: "beat:secret@")
    #expect(!run.lines.contains { $0.hasPrefix("ok       queues") }, "\(run.text)")
    let finding = run.lines.first { $0.hasPrefix("warning  queues: 19 messages wait in celery") }
    #expect(finding?.contains("may not see") == true, "\(run.text)")
    // This user may look at the queue, but not count its messages.
    stage.store("ACL", "SETUSER", "beat", "-llen")
    let less = try stage.run(["doctor"], user: "beat:secret@")
    #expect(!less.lines.contains { $0.hasPrefix("ok       queues") } && less.text.contains("+llen"), "\(less.text)")
    try daemon.stop()
  }
}
