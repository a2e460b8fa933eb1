import Testing

@testable import ReactiveBeat

/// The messages that a user sees after a wrong start or a question such as `--help`.
@Suite struct CommandLineTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    var environment: [String: String] = [:]
    var arguments: [String] = []
    /// The parts that the error must contain.
    let named: [String]

    var testDescription: String { (environment.map { "\($0.key)=\($0.value)" } + arguments).joined(separator: " ") }

    static let all = [
      Mistake(arguments: ["--nonsense"], named: ["--nonsense"]),
      Mistake(arguments: ["--timezone"], named: ["--timezone"]),
      Mistake(arguments: ["run", "nonsense"], named: ["nonsense"]),
      Mistake(
        environment: ["CELERY_REDIS_SCHEDULER_URL": "http://x"], named: ["CELERY_REDIS_SCHEDULER_URL", "redis://"]),
      Mistake(environment: ["CELERY_BROKER_URL": "redis://x:99999/0"], named: ["CELERY_BROKER_URL", "port"]),
      Mistake(environment: ["CELERY_BROKER_URL": "sqs://x//"], named: ["CELERY_BROKER_URL", "redis://"]),
      Mistake(environment: ["CELERY_BROKER_URL": "amqp://guest@x:99999//"], named: ["CELERY_BROKER_URL", "port"]),
      Mistake(
        arguments: ["--broker-url", "amqp://x//", "--broker-declare", "lazy"], named: ["--broker-declare", "quorum"]),
      Mistake(arguments: ["--broker-url", "amqp://x//", "--broker-ca", "/x"], named: ["--broker-url", "amqps://"]),
      Mistake(arguments: ["--store-url", "redis://x/one"], named: ["--store-url", "database"]),
      Mistake(arguments: ["--store-url", ""], named: ["--store-url", "empty"]),
      Mistake(arguments: ["--broker-url", "rediss://x?ssl_verify=1"], named: ["--broker-url", "ssl_verify"]),
      Mistake(arguments: ["--broker-url", "sentinel://x"], named: ["--broker-url", "Sentinel"]),
      Mistake(
        environment: ["CELERY_BROKER_TRANSPORT_OPTIONS": "{'sep': ':'}"],
        named: ["CELERY_BROKER_TRANSPORT_OPTIONS", "JSON object", "double quotes"]),
      Mistake(
        arguments: ["--broker-transport-options", #"{"sep": ""}"#],
        named: ["--broker-transport-options", "sep", "empty"]),
      Mistake(
        arguments: ["--broker-transport-options", #"{"priority_steps": [0, "3"]}"#], named: ["priority_steps", "whole"]),
      Mistake(
        environment: [
          "CELERY_BROKER_TRANSPORT_OPTIONS": #"{"global_keyprefix": "tasks:meta:q-"}"#,
          "CELERY_BROKER_URL": "redis://localhost:6379/1",
        ], named: ["global_keyprefix", "tasks:meta:", "database"]),
      Mistake(environment: ["CELERY_TIMEZONE": "Mars/Olympus"], named: ["CELERY_TIMEZONE", "Mars/Olympus"]),
      Mistake(arguments: ["--timezone", "../etc/passwd"], named: ["--timezone"]),
      Mistake(environment: ["BEAT_WATCH_LOG_LEVEL": "loud"], named: ["BEAT_WATCH_LOG_LEVEL", "warning"]),
      Mistake(arguments: ["--log-level", "loud"], named: ["--log-level", "warning"]),
      Mistake(environment: ["BEAT_WATCH_LOG_FORMAT": "xml"], named: ["BEAT_WATCH_LOG_FORMAT", "json"]),
      Mistake(arguments: ["--log-format", "xml"], named: ["--log-format", "json"]),
    ]
  }

  @Test(arguments: Mistake.all) func mistake(_ mistake: Mistake) throws {
    let daemon = try Daemon(mistake.environment, arguments: mistake.arguments)
    #expect(try daemon.exit() == .status(64))
    #expect(daemon.lines.isEmpty)
    #expect(daemon.otherLines.count == 1)
    let error = daemon.otherLines.first ?? ""
    #expect(error.hasPrefix("beat-watch: "))
    for word in mistake.named { #expect(error.contains(word)) }
  }

  /// A wrong URL may be wrong because of the password in it, so the error does not show the URL.
  @Test(arguments: [
    "redis://:hush/word@x/0", "redis://user:hush#word@x/0", "redis://x:hushword", "redis://:hush%zz@x/0",
    "redis://:hush;word@x/0", "hush://x", "rediss://:hush@x?ssl_cert_reqs=no",
  ])
  func passwordInAWrongURL(_ url: String) throws {
    let daemon = try Daemon(["CELERY_BROKER_URL": url])
    #expect(try daemon.exit() == .status(64))
    #expect(daemon.otherLines.count == 1)
    #expect(!daemon.output.contains("hush"))
  }

  @Test func help() throws {
    let run = try CommandRun(["--help"])
    #expect(run.exit == .status(0))
    for name in ["--store-url", "CELERY_REDIS_SCHEDULER_URL", "CELERY_BROKER_URL", "BEAT_WATCH_LOG_LEVEL"] {
      #expect(try help("run").contains(name))
    }
  }

  private func help(_ command: String) throws -> String {
    let daemon = try Daemon([:], arguments: ["help", command])
    try daemon.exit()
    return daemon.output
  }

  @Test func version() throws {
    let run = try CommandRun(["--version"])
    #expect(run.exit == .status(0))
    #expect(run.lines.count == 1 && run.lines.first?.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
  }

  /// An option wins over the environment, and an empty variable counts as absent.
  @Test func optionsWin() throws {
    let stage = try Stage()
    var environment = stage.environment()
    environment["CELERY_REDIS_SCHEDULER_KEY_PREFIX"] = "wrong:"
    environment["CELERY_TASK_DEFAULT_QUEUE"] = ""
    environment["BEAT_WATCH_LOG_LEVEL"] = "ERROR"
    stage.set("a", schedule("a", atOnce))
    let daemon = try Daemon(environment, arguments: ["--key-prefix", stage.prefix, "--log-level", "info"])
    #expect(try daemon.wait(for: "fired", key: stage.key("a"))["queue"] == "celery")
  }

  @Test func environmentIsHeard() throws {
    let stage = try Stage()
    let daemon = try stage.daemon(["CELERY_TASK_DEFAULT_QUEUE": "other", "CELERY_TIMEZONE": "Asia/Kathmandu"])
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages("other").count == 1)
    stage.set("b", #"{"name": "b", "task": "t", "enabled": true, "crontab": {"minute": "0"}}"#)
    // Kathmandu is at UTC+5:45, so a full hour there is a quarter past in UTC.
    #expect(try daemon.wait(for: "loaded", key: stage.key("b")).text("next").contains(":15:00Z"))
  }

  /// At level `warning` the log does not report what goes well.
  @Test func levels() throws {
    let stage = try Stage()
    let daemon = try stage.launch(["BEAT_WATCH_LOG_LEVEL": "warning"])
    #expect(eventually { stage.store("CONFIG", "GET", "notify-keyspace-events")?.array?.last?.text == "AK" })
    stage.set("a", schedule("a", atOnce))
    #expect(eventually { stage.broker("LLEN", "celery")?.integer == 1 })
    stage.set("b", "no JSON")
    try daemon.wait(for: "rejected", key: stage.key("b"))
    #expect(daemon.lines.count == 1)
    try daemon.stop()
    #expect(daemon.lines.count == 1)
  }

  @Test func textFormat() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", atOnce))
    let daemon = try stage.launch(["BEAT_WATCH_LOG_FORMAT": "text"])
    #expect(eventually { stage.broker("LLEN", "celery")?.integer == 1 })
    try daemon.stop()
    let line = try #require(daemon.otherLines.first { $0.contains(" fired ") })
    #expect(line.contains(" info fired tasks:meta:a "))
    #expect(line.contains(" task=reports.build"))
    #expect(line.prefixMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info/) != nil)
  }
}
