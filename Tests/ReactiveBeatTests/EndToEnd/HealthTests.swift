import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `status`, `explain`, `list` and `doctor` judge by what was fired, and not by who holds the lease.
@Suite struct HealthTests {
  private func verdict(_ stage: Stage, user: String = "") throws -> (
    status: ChildProcess.Exit, word: String, because: String
  ) {
    let run = try stage.run(["status", "--json"], user: user)
    return (run.exit, run.json?["verdict"]?.text ?? "?", run.json?["because"]?.text ?? "")
  }

  /// The queue's key is a string: the daemon leads and has its heartbeat, but sends nothing.
  @Test func aLeaderThatIsRefused() throws {
    let stage = try Stage()
    stage.broker("SET", "celery", "x")
    stage.set("a", schedule("a", every: "1"))
    let daemon = try stage.daemon()
    try daemon.wait(for: "deferred")
    // The overdue schedule may show it first, while the daemon's record is still on its way.
    #expect(
      try eventually {
        let found = try verdict(stage)
        return found.word == "stuck" && found.because.contains("celery holds a Redis string")
      })
    #expect(try verdict(stage).status == .status(1))
    let text = try stage.run("status")
    #expect(text.lines.first?.hasPrefix("fires      nothing: ") == true, "\(text.text)")
    let explain = try stage.run("explain", "a", "--json").json
    #expect(explain?["verdict"]?.text == "stuck", "\(explain.map { "\($0)" } ?? "")")
    #expect(explain?["because"]?.text?.contains("celery holds a Redis string") == true)
    #expect(try stage.run("list").notes.first?.contains("nothing is sent") == true)
    #expect(try stage.run("set", "a", "--label", "A").notes.first?.contains("celery holds a Redis string") == true)
    // Another Redis user sees it, too.
    stage.store("ACL", "SETUSER", "other", "on", ">secret", "~*", "&*", "+@all")
    let doctor = try stage.run(["doctor"], user: "other:secret@")
    #expect(doctor.lines.contains { $0.hasPrefix("problem  firing: nothing is sent") }, "\(doctor.text)")
    stage.broker("DEL", "celery")
    #expect(eventually(within: 70) { (try? verdict(stage).word) == "fires" })
    #expect(try stage.run("list").notes.isEmpty)
    try daemon.stop()
  }

  /// One schedule's queue is no list, and the other schedules fire: reported, but no alarm.
  @Test func someAreHindered() throws {
    let stage = try Stage()
    stage.broker("SET", "other", "x")
    stage.set("a", schedule("a", every: "0.5"))
    stage.set("b", schedule("b", every: "1", #", "queue": "other""#))
    let daemon = try stage.daemon()
    try daemon.wait(for: "deferred")
    #expect(eventually { (try? verdict(stage).word) == "hindered" })
    #expect(try verdict(stage).status == .status(0))
    let doctor = try stage.run("doctor")
    #expect(doctor.lines.contains { $0.hasPrefix("problem  firing: not all is sent") }, "\(doctor.text)")
    #expect(try stage.run("set", "a", "--label", "A").notes.isEmpty)
    try daemon.stop()
  }

  /// Messages go into the outbox, and no relay delivers them.
  @Test func aBrokerThatIsLost() throws {
    let servers = try TwoServers()
    servers.store.set("a", schedule("a", every: "0.5"))
    let daemon = try servers.daemon()
    #expect(eventually { servers.ids().count >= 2 })
    let environment = ["CELERY_BROKER_URL": servers.broker.url(0)]
    servers.broker.server.kill()
    try daemon.wait(for: "broker lost")
    #expect(
      eventually {
        (try? servers.store.run(["status", "--json"], environment: environment).json?["verdict"]?.text) == "stuck"
      })
    let run = try servers.store.run(["status"], environment: environment)
    #expect(
      run.exit == .status(1) && run.text.contains("fires      into the outbox only: the broker has been away"),
      "\(run.text)")
    try servers.broker.restart()
    try daemon.wait(for: "broker back", within: 20)
    #expect(
      eventually { (try? servers.store.run(["status"], environment: environment).exit) == .status(0) })
    try daemon.stop()
  }

  /// The daemon is frozen while it holds a long lease.
  @Test func aDaemonThatIsFrozen() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.5"))
    let daemon = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "60"])
    #expect(eventually { (try? verdict(stage).word) == "fires" })
    kill(daemon.pid, SIGSTOP)
    #expect(eventually { (try? verdict(stage).word) == "nobody" })
    let found = try verdict(stage)
    #expect(found.status == .status(1) && found.because.contains("has not been heard for"), "\(found)")
    kill(daemon.pid, SIGCONT)
    #expect(eventually { (try? verdict(stage).word) == "fires" })
    try daemon.stop()
  }

  /// Redis' memory is full, so no daemon can lead, write its record, or renew its heartbeat.
  @Test func aFullMemory() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.5"))
    let daemon = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "1"])
    #expect(eventually { (try? verdict(stage).word) == "fires" })
    stage.store("CONFIG", "SET", "maxmemory", "1000000")
    #expect(
      eventually {
        guard let found = try? verdict(stage) else { return false }
        return found.status == .status(1) && found.because.contains("memory is full")
      })
    stage.store("CONFIG", "SET", "maxmemory", "0")
    #expect(eventually { (try? verdict(stage).word) == "fires" })
    try daemon.stop()
  }

  /// A daemon writes no record, as one of an earlier version: first it fires nothing, then it fires.
  @Test func whereTheRecordDoesNotTell() throws {
    let stage = try Stage()
    func pretend(due seconds: Int64) throws {
      let now = try #require(stage.store("TIME")?.array?.first?.text.flatMap { Int64($0) })
      let watermark = Watermark(
        due: UnixTime(seconds: now - seconds), taskID: TaskID(text: "6cd525ae-0bb5-5c59-bb54-65d8497f4107"),
        totalRunCount: 1)
      stage.store.call(["HSET", stage.watermarkKey, "a"].map { Array($0.utf8) } + [watermark.bytes])
      stage.store("SET", "reactivebeat:tasks:meta:heartbeat:old", "1", "PX", "10000")
      stage.store("SET", "reactivebeat:tasks:meta:lease", "old:1", "PX", "10000")
      stage.store(
        "HSET", "reactivebeat:tasks:meta:daemons", "old",
        #"{"state": "leading", "version": "0.1.0", "host": "h", "pid": 1, "since": "2026-11-21T05:00:00Z", "#
          + #""events": "keyspace", "delivery": "direct", "schedules": 1, "rejected": 0, "repaired": 0, "#
          + #""timezone": "UTC", "broker": "redis://localhost:6379/0"}"#)
    }
    stage.set("a", schedule("a", every: "10"))
    try pretend(due: 1)
    let well = try stage.run("status")
    #expect(
      well.exit == .status(0) && well.text.contains("not known: the daemon that leads is of a version"), "\(well.text)")
    try pretend(due: 60)
    let found = try verdict(stage)
    #expect(found.status == .status(1) && found.word == "stuck" && found.because.contains("a is overdue"), "\(found)")
    #expect(try stage.run("explain", "a", "--json").json?["verdict"]?.text == "overdue")
  }

  @Test func statusAndWatchCountAlike() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", schedule("b"))
    stage.set("broken", "{")
    let daemon = try stage.daemon()
    let status = try stage.run("status")
    #expect(status.lines.contains("schedules  3, 1 of them rejected"), "\(status.text)")
    #expect(try stage.run("status", "--json").json?["schedules"] == .number(3))
    let watcher = try Daemon(stage.environment(), arguments: ["watch", "--json"])
    #expect(eventually { watcher.output.contains(#""schedules":3"#) }, "\(watcher.output)")
    try watcher.stop()
    try daemon.stop()
  }

  // MARK: no daemon runs

  @Test(arguments: [
    ["set", "a", "--every", "5m"], ["enable", "a"], ["list"], ["list", "--json"], ["show", "a"],
    ["show", "a", "--json"],
    ["rename", "a", "b"], ["import", "-"], ["import", "-", "--dry-run"],
  ])
  func commandsThatPromiseARunSayThatNobodyFires(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let input = #"{"d": {"name": "d", "task": "t", "enabled": true, "interval": {"every": 1, "period": "hours"}}}"#
    let run = try stage.run(arguments, input: input)
    #expect(run.exit == .status(0), "\(run.text)")
    #expect(
      run.notes == [
        "beat-watch: note: nobody fires: no daemon runs. Start `beat-watch run`, or `celery beat -S reactivebeat`"
      ], "\(run.notes)")
  }

  /// Commands that promise no run print no note.
  @Test(arguments: [
    ["disable", "a"], ["show", "a", "--raw"], ["lint"], ["export"], ["history"], ["rm", "a", "--yes"],
  ])
  func othersDoNot(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let run = try stage.run(arguments)
    #expect(run.exit == .status(0) && run.notes.isEmpty, "\(run.text) \(run.notes)")
  }
}
