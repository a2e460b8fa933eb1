import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch doctor`: each of these installations is broken in one way, which the command must find.
@Suite struct DoctorCommandTests {
  /// One way to break an installation.
  struct Break: CustomTestStringConvertible, Sendable {
    let name: String
    /// What must be found: the check, its level, a part of its text, and a part of its fix.
    let check: String
    var level = "problem"
    let text: String
    let fix: String
    /// Options of redis-server.
    var arguments: [String] = []
    var daemons: [[String]] = [[], []]
    var environment: @Sendable (Stage) -> [String: String] = { _ in [:] }
    /// Breaks it before the daemons start.
    var prepare: @Sendable (Stage) -> Void = { _ in }
    /// Breaks it when the daemons are ready.
    var spoil: @Sendable (Stage) -> Void = { _ in }

    /// What the server must have, so that this can be found.
    var needs = Need.nothing

    var testDescription: String { name }
  }

  enum Need { case nothing, channelRights, redis7 }

  static let breaks = [
    Break(name: "no daemon", check: "daemons", text: "no daemon runs", fix: "beat-watch run", daemons: []),
    Break(
      name: "no standby", check: "daemons", level: "warning", text: "none stands by", fix: "second", daemons: [[]]),
    Break(
      name: "two that fire", check: "daemons", text: "2 daemons fire", fix: "without --no-lease",
      daemons: [["--no-lease"], ["--no-lease"]]),
    Break(
      name: "a dead leader", check: "daemons", text: "the daemon that leads is dead", fix: "beat-watch run",
      daemons: [],
      spoil: { $0.store("SET", "reactivebeat:tasks:meta:lease", "gone:1", "PX", "60000") }),
    Break(
      name: "eviction", check: "memory", text: "allkeys-lru", fix: "CONFIG SET maxmemory-policy noeviction",
      arguments: ["--maxmemory", "200mb", "--maxmemory-policy", "allkeys-lru"]),
    Break(
      name: "notifications off", check: "notifications", level: "warning", text: "lacks KA",
      fix: "CONFIG SET notify-keyspace-events KA", daemons: []),
    Break(
      name: "notifications lack a class", check: "notifications", level: "warning", text: "lacks A",
      fix: "CONFIG SET notify-keyspace-events", arguments: ["--notify-keyspace-events", "K$g"], daemons: []),
    Break(
      name: "a user without LPUSH", check: "rights", text: "LPUSH", fix: "+lpush", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-lpush") }),
    Break(
      name: "a user without HMGET", check: "rights", text: "HMGET", fix: "+hmget", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-hmget") }),
    Break(
      name: "a user without MGET, and without ACL", check: "rights", text: "MGET", fix: "+mget", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-mget", "-acl") }),
    Break(
      name: "a server without EVALSHA", check: "rights", text: "has no command EVALSHA", fix: "rename-command EVALSHA",
      arguments: ["--rename-command", "EVALSHA", ""], daemons: []),
    Break(
      name: "a server without EVAL, and a user without ACL", check: "rights", text: "has no command EVAL",
      fix: "rename-command EVAL", arguments: ["--rename-command", "EVAL", ""], daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-acl") }),
    Break(
      name: "a user without the queue's key, and without ACL", check: "rights", text: "TYPE", fix: "~celery",
      daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: {
        $0.store(
          "ACL", "SETUSER", "beat", "reset", "on", ">secret", "~tasks:*", "~reactivebeat:*", "~_kombu*", "&*", "+@all",
          "-acl")
      }),
    Break(
      name: "a daemon's user who may not use a document's queue", check: "rights", text: "LPUSH",
      fix: "ACL SETUSER beat '~fast*'",
      prepare: { stage in
        stage.set("b", schedule("b", #", "queue": "fast""#))
        stage.store(
          "ACL", "SETUSER", "beat", "reset", "on", ">secret", "~tasks:*", "~reactivebeat:*", "~_kombu*", "~celery*",
          "&*",
          "+@all")
        stage.store("AUTH", "beat", "secret")
        stage.store("CLIENT", "SETNAME", "beat-watch")
      }, needs: .redis7),
    Break(
      name: "a user who may not use a document's queue, and without ACL", check: "rights", text: "TYPE",
      fix: "ACL SETUSER beat '~fast*'", daemons: [], environment: { $0.environment(user: "beat:secret@") },
      prepare: { stage in
        stage.set("b", schedule("b", #", "queue": "fast""#))
        stage.store(
          "ACL", "SETUSER", "beat", "reset", "on", ">secret", "~tasks:*", "~reactivebeat:*", "~_kombu*", "~celery*",
          "&*",
          "+@all", "-acl")
      }),
    Break(
      name: "a tools' user who may not see a document's queue", check: "queues", level: "warning",
      text: "(+client|list ~fast*)",
      fix: "ACL SETUSER tools '+client|list' '~fast*'", environment: { $0.environment(user: "tools:secret@") },
      prepare: { stage in
        stage.set("b", schedule("b", #", "queue": "fast""#))
        stage.store(
          "ACL", "SETUSER", "tools", "reset", "on", ">secret", "~tasks:*", "~reactivebeat:*", "~_kombu*", "~celery*",
          "&*", "+@all", "-client|list")
      }, needs: .redis7),
    Break(
      name: "notifications that cannot be set, and polling", check: "hearing",
      text: "looks for edits every few seconds",
      fix: "the server has no CONFIG: `notify-keyspace-events KA` in redis.conf",
      arguments: ["--rename-command", "CONFIG", "", "--rename-command", "CLIENT", ""],
      daemons: [["--poll-interval", "1"]]),
    Break(
      name: "another broker than the daemon's", check: "daemons", level: "warning",
      text: "--broker-url of this command differs from the leading daemon's: redis://127.0.0.1:1/0, and there redis",
      fix: "--broker-url", environment: { _ in ["CELERY_BROKER_URL": "redis://127.0.0.1:1/0"] }),
    Break(
      name: "another default queue than the daemon's", check: "daemons", level: "warning",
      text: "--default-queue of this command differs from the leading daemon's: other, and there celery",
      fix: "--default-queue", environment: { _ in ["CELERY_TASK_DEFAULT_QUEUE": "other"] }),
    Break(
      name: "a user who may not listen", check: "notifications", text: "nobody may listen", fix: "+psubscribe",
      daemons: [], environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "resetchannels", "+@all") },
      needs: .channelRights),
    Break(
      name: "a user without PSUBSCRIBE", check: "rights", text: "PSUBSCRIBE", fix: "+psubscribe", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-psubscribe") },
      needs: .redis7),
    Break(
      name: "a user without the channels", check: "rights", text: "PSUBSCRIBE",
      fix: "&__keyspace@1__:reactivebeat:tasks:meta:lease", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: {
        $0.store(
          "ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "resetchannels", "&__keyspace@1__:tasks:meta:*",
          "+@all")
      }, needs: .redis7),
    Break(
      name: "the daemon's user may not listen, and this one may", check: "rights", text: "PSUBSCRIBE",
      fix: "ACL SETUSER beat +psubscribe", daemons: [],
      prepare: {
        $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-psubscribe")
        // The name that a daemon gives its connection.
        $0.store("AUTH", "beat", "secret")
        $0.store("CLIENT", "SETNAME", "beat-watch")
      }, needs: .redis7),
    Break(
      name: "notifications off, and a user without CONFIG SET", check: "rights", level: "warning", text: "CONFIG SET",
      fix: "+config|set", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-config|set") },
      needs: .redis7),
    Break(
      name: "a user without SET", check: "notifications", level: "warning", text: "could not be tried: SET",
      fix: "+set",
      daemons: [], environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-set") }),
    Break(
      name: "a user without the heartbeats' keys", check: "notifications", level: "warning",
      text: "could not be tried: SET", fix: "~reactivebeat:tasks:meta:heartbeat:*", daemons: [],
      environment: { $0.environment(user: "beat:secret@") },
      prepare: { $0.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~tasks:*", "~celery*", "&*", "+@all") }),
    Break(
      name: "a wrong password", check: "store", text: "password is wrong", fix: "password",
      environment: { ["CELERY_REDIS_SCHEDULER_URL": $0.url(1, user: "beat:wrong@")] }),
    Break(
      name: "broker away", check: "broker", text: "refused", fix: "--broker-url",
      environment: { _ in ["CELERY_BROKER_URL": "redis://127.0.0.1:1/0"] }),
    Break(
      name: "store away", check: "store", text: "refused", fix: "--store-url",
      environment: { _ in ["CELERY_REDIS_SCHEDULER_URL": "redis://127.0.0.1:1/1"] }),
    Break(
      name: "a replica", check: "server", text: "its primary is 127.0.0.1:1", fix: "redis://127.0.0.1:1/1", daemons: [],
      spoil: { $0.store("REPLICAOF", "127.0.0.1", "1") }),
    Break(
      name: "a broken document", check: "documents", text: "b: interval.every", fix: "beat-watch edit b",
      prepare: { $0.set("b", schedule("b", every: "\"x\"")) }),
    Break(
      name: "a doubtful document", check: "documents", level: "warning", text: "both match", fix: "beat-watch edit b",
      prepare: {
        $0.set(
          "b",
          #"{"name": "b", "task": "t", "enabled": true, "crontab": {"minute": 0, "hour": 0, "day_of_month": 13, "#
            + #""day_of_week": "fri"}}"#)
      }),
    Break(
      name: "a broken document of another name", check: "documents", text: "it's *: interval.every",
      fix: #"beat-watch edit 'it'\''s '\\'u{2a}'"#, prepare: { $0.set("it's *", schedule("b", every: "\"x\"")) }),
    Break(
      name: "a schedule's key of another type", check: "documents", text: "b c: holds a Redis list",
      fix: "DEL 'tasks:meta:b c'", prepare: { $0.store("LPUSH", $0.key("b c"), "x") }),
    Break(
      name: "one that no shell has a word for", check: "documents", text: "holds a Redis list",
      fix: #", and there: DEL "tasks:meta:b\x01\x22""#, prepare: { $0.store("LPUSH", $0.key("b\u{1}\""), "x") }),
    Break(
      name: "a document that is too long", check: "documents", text: "b: is 1049601 bytes long",
      fix: "DEL tasks:meta:b",
      prepare: { $0.set("b", String(repeating: " ", count: 1_049_601)) }),
    Break(
      name: "no schedules", check: "documents", level: "warning", text: "no schedule stands under", fix: "--key-prefix",
      prepare: { $0.store("DEL", $0.key("a")) }),
    Break(
      name: "a queue of another type", check: "queues", text: "celery holds a Redis string", fix: "RENAME celery",
      prepare: { $0.broker("SET", "celery", "x") }),
    Break(
      name: "an exchange without queues", check: "queues", text: "no queue is bound to exchange x", fix: "worker",
      prepare: { $0.set("b", schedule("b", #", "exchange": "x", "routing_key": "k""#)) }),
    Break(
      name: "messages that nobody takes", check: "queues", text: "1 message waits", fix: "worker -Q celery",
      prepare: { $0.broker("LPUSH", "celery", "x") }),
    Break(
      name: "no worker", check: "queues", level: "warning", text: "no worker waits", fix: "worker -Q celery"),
    Break(
      name: "our key of another type", check: "keys", text: "history holds a Redis string", fix: "RENAME",
      prepare: { $0.store("SET", "reactivebeat:tasks:meta:history", "x") }),
    Break(
      name: "another prefix", check: "prefixes", level: "warning", text: "other:", fix: "--key-prefix",
      prepare: { $0.store("HSET", "reactivebeat:other:mark", "a", "b") }),
    Break(
      name: "another zone", check: "daemons", level: "warning", text: "Asia/Tokyo", fix: "--timezone",
      environment: { _ in ["CELERY_TIMEZONE": "Asia/Tokyo"] }),
    Break(
      name: "nothing on disk", check: "persistence", level: "warning", text: "nothing is kept",
      fix: "CONFIG SET appendonly yes  # until its restart: it has no redis.conf; start it with --appendonly yes"),
    Break(
      name: "nothing on disk, and no CONFIG", check: "persistence", level: "warning", text: "snapshots only",
      fix: "the server has no CONFIG: `appendonly yes` in redis.conf", arguments: ["--rename-command", "CONFIG", ""],
      daemons: []),
  ]

  @Test(arguments: breaks.filter { $0.needs == .nothing }) func finds(_ broken: Break) throws { try find(broken) }

  @Test(.needsChannelRights, arguments: breaks.filter { $0.needs == .channelRights })
  func findsByChannels(_ broken: Break) throws { try find(broken) }

  @Test(
    .needsRedis7("ACL DRYRUN, nor a subcommand that is taken away"), arguments: breaks.filter { $0.needs == .redis7 })
  func findsByAsking(_ broken: Break) throws { try find(broken) }

  private func find(_ broken: Break) throws {
    let stage = try Stage(broken.arguments)
    stage.set("a", schedule("a"))
    broken.prepare(stage)
    let daemons = try broken.daemons.map { try Daemon(stage.environment(), arguments: $0) }
    for daemon in daemons { try daemon.wait(for: "ready") }
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == Int64(daemons.count) })
    broken.spoil(stage)
    let environment = stage.environment().merging(broken.environment(stage)) { $1 }
    let run = try CommandRun(["doctor", "--json"], environment: environment)
    let object = try #require(JSONValue(run.lines.joined().utf8), "\(run.lines)")
    guard case .array(let findings)? = object["findings"] else { throw Failure("no findings: \(run.lines)", 0) }
    let found = findings.contains { finding in
      finding["check"]?.text == broken.check && finding["level"]?.text == broken.level
        && finding["text"]?.text?.contains(broken.text) == true && finding["fix"]?.text?.contains(broken.fix) == true
    }
    #expect(found, "\(run.lines)")
    let hasProblem = findings.contains { $0["level"]?.text == "problem" }
    #expect(run.exit == .status(hasProblem ? 1 : 0) && object["ok"] == .bool(!hasProblem))
    #expect(!run.lines.joined().contains("secret"))
    // The probe leaves no key behind.
    let keys = stage.store("KEYS", "*probe*")?.array ?? []
    #expect(keys.isEmpty, "\(keys)")
    withExtendedLifetime(daemons) {}
  }

  /// An installation that is in order has no problem, while a worker waits for messages.
  @Test func findsNothingWhereNothingIs() throws {
    let stage = try Stage(["--appendonly", "yes"])
    stage.set("a", schedule("a"))
    let daemons = try (stage.daemon(), stage.daemon())
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 2 })
    let worker = try CommandProcess(["redis-cli", "-s", stage.server.socketPath, "BRPOP", "celery", "0"])
    #expect(eventually { stage.broker("CLIENT", "LIST")?.text?.contains("cmd=brpop") == true })
    let run = try CommandRun(["doctor"], environment: stage.environment())
    #expect(run.exit == .status(0) && run.lines.last == "0 problems, 0 warnings", "\(run.lines)")
    #expect(run.lines.dropLast(2).allSatisfy { $0.hasPrefix("ok ") }, "\(run.lines)")
    withExtendedLifetime((daemons, worker)) {}
  }

  /// A daemon that still loads is no problem, only a warning.
  @Test func aDaemonThatLoads() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    var record = DaemonRecord(
      version: BeatDaemon.version, host: "web1", processID: 7, since: SystemClock.now(), isLeading: false,
      events: "tracking", delivery: "direct", schedules: 0, rejected: 0, repaired: 0, timezone: "UTC",
      broker: stage.url(0))
    record.isLoading = true
    stage.store("HSET", "reactivebeat:tasks:meta:daemons", "x", String(decoding: record.bytes, as: UTF8.self))
    stage.store("SET", "reactivebeat:tasks:meta:heartbeat:x", "1", "PX", "10000")
    let told = try CommandRun(["doctor"], environment: stage.environment())
    #expect(
      told.text.contains("warning  daemons: nobody fires: the daemon on web1, process 7 still reads the schedules"),
      "\(told.text)")
    #expect(told.exit == .status(0), "\(told.text)")
    let status = try CommandRun(["status"], environment: stage.environment())
    #expect(status.exit == .status(1) && status.text.contains("loads"), "\(status.text)")
  }

  /// Of a large store `status` reads only a part, so it takes the count from a daemon that has loaded all. While no
  /// daemon has, the count is not known.
  @Test func aCountInTheMiddleIsNoCount() throws {
    let stage = try Stage()
    for number in 0..<5100 { stage.set("n\(number)", schedule("n")) }
    var record = DaemonRecord(
      version: BeatDaemon.version, host: "web1", processID: 7, since: SystemClock.now(), isLeading: false,
      events: "keyspace", delivery: "direct", schedules: 17, rejected: 0, repaired: 0, timezone: "UTC",
      broker: stage.url(0))
    record.isLoading = true
    func tell(_ instance: String) {
      stage.store("HSET", "reactivebeat:tasks:meta:daemons", instance, String(decoding: record.bytes, as: UTF8.self))
      stage.store("SET", "reactivebeat:tasks:meta:heartbeat:\(instance)", "1", "PX", "10000")
    }
    tell("x")
    let loading = try (stage.run("status"), stage.run("status", "--json").json)
    let line = loading.0.lines.first { $0.hasPrefix("schedules") } ?? ""
    #expect(line.contains("web1, process 7 still reads them") && !line.contains("schedules  5"), "\(loading.0.text)")
    #expect(loading.1?["schedules"] == .null, "\(loading)")
    guard let daemons = loading.1?["daemons"]?.items else { throw Failure("no daemons", 0) }
    #expect(daemons.first?["schedules"] == .null && daemons.first?["rejected"] == .null, "\(daemons)")
    // Another daemon has loaded all of them, and does not lead yet.
    (record.isLoading, record.schedules) = (false, 5100)
    tell("y")
    #expect(try stage.run("status", "--json").json?["schedules"]?.number == 5100)
    #expect(try stage.run("status").text.contains("schedules  5100"))
  }

  /// A daemon's record says that it loads, from the beginning of the load.
  @Test func aLoadIsTold() throws {
    let stage = try Stage()
    for number in 0..<20_000 { stage.set("n\(number)", schedule("n")) }
    let daemon = try stage.launch()
    #expect(
      eventually {
        stage.store("HVALS", "reactivebeat:tasks:meta:daemons")?.array?.first?.text?.contains(#""loading": true"#)
          == true
      })
    try daemon.wait(for: "ready", within: 30)
    #expect(
      eventually {
        stage.store("HVALS", "reactivebeat:tasks:meta:daemons")?.array?.first?.text?.contains("loading") == false
      })
    try daemon.stop()
  }

  /// A daemon that uses CLIENT TRACKING hears all edits, so a notification class that is missing is no problem.
  @Test(.needsRedis7("subcommand that is taken away from a user")) func aDaemonThatTracks() throws {
    let stage = try Stage()
    stage.store("CONFIG", "SET", "notify-keyspace-events", "Ex")
    stage.store(
      "ACL", "SETUSER", "tracks", "on", ">secret", "~*", "&*", "+@all", "-config|set")
    let daemon = try stage.daemon(user: "tracks:secret@")
    #expect(daemon.logged("ready").first?["events"] == "tracking")
    let told = try CommandRun(["doctor"], environment: stage.environment()).text
    #expect(told.contains("warning  notifications: ") && told.contains("client tracking"), "\(told)")
    #expect(!told.contains("problem  notifications"), "\(told)")
    try daemon.stop()
  }

  /// Nor is a server that has no CONFIG: the remedy does not name it.
  @Test(.needsRedis7("subcommand that is taken away from a user")) func aDaemonThatTracksWithoutCONFIG() throws {
    let stage = try Stage(["--rename-command", "CONFIG", ""])
    let daemon = try stage.daemon()
    #expect(daemon.logged("ready").first?["events"] == "tracking")
    let told = try CommandRun(["doctor"], environment: stage.environment()).text
    #expect(told.contains("warning  notifications: ") && told.contains("client tracking"), "\(told)")
    #expect(!told.contains("problem  notifications") && !told.contains("CONFIG SET"), "\(told)")
    try daemon.stop()
  }

  /// A missing right is named once, as a problem if any use of it is required.
  @Test(arguments: ["lpush", "hset", "type", "del", "get"]) func namesEachRightOnce(_ right: String) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("ACL", "SETUSER", "beat", "reset", "on", ">secret", "~*", "&*", "+@all", "-\(right)")
    let run = try stage.run(["doctor"], user: "beat:secret@")
    let named = run.lines.filter { $0.contains("rights: ") && $0.contains(right.uppercased()) }
    #expect(named.count == 1, "\(run.text)")
    let isNeeded = CommandUse.all(of: .daemon, at: .store, .queues).contains {
      $0.name == right.uppercased() && $0.isRequired
    }
    #expect(named.first?.hasPrefix(isNeeded ? "problem" : "warning") == true, "\(run.text)")
  }

  /// A process that is connected but has no heartbeat is not reported as no daemon: `doctor` points to its log. Without
  /// HSET a daemon keeps no record, because its user has no right, or because the server has no such command.
  @Test(arguments: [true, false]) func aProcessWithoutAHeartbeat(byRights: Bool) throws {
    let stage = try Stage(byRights ? [] : ["--rename-command", "HSET", ""])
    stage.set("a", schedule("a"))
    if byRights { stage.store("ACL", "SETUSER", "lacking", "on", ">secret", "~*", "&*", "+@all", "-hset") }
    let daemon = try stage.launch(user: byRights ? "lacking:secret@" : "")
    try daemon.wait(for: "unable")
    let told = try CommandRun(["doctor"], environment: stage.environment()).text
    #expect(told.contains("a process is connected from") && told.contains("`disconnected` or `unable`"), "\(told)")
    #expect(!told.contains("no daemon runs"))
  }
}

/// A program that runs beside a test.
private final class CommandProcess {
  private let process: ChildProcess

  init(_ words: [String]) throws {
    process = try ChildProcess(
      ["/usr/bin/env"] + words, environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? ""], output: -1)
  }
}
