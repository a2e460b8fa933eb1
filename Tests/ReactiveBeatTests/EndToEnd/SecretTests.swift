import Testing

@testable import ReactiveBeat

/// A password is shown nowhere: not in the log at any level or format, not in errors, not on the command line.
@Suite struct SecretTests {
  private static let password = "s3cr%t/p@ss"
  private static let encoded = "s3cr%25t%2Fp%40ss"

  private func expectNothing(_ output: String, sourceLocation: SourceLocation = #_sourceLocation) {
    for text in [Self.password, Self.encoded, "s3cr", "p@ss", "p%40ss"] {
      #expect(!output.contains(text), sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: ["trace", "debug", "info", "error"], ["json", "text"])
  func log(_ level: String, _ format: String) throws {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "beat", "on", ">" + Self.password, "~*", "&*", "+@all")
    stage.set("a", schedule("a", atOnce))
    stage.set("bad", "no JSON")
    let daemon = try stage.launch(
      ["BEAT_WATCH_LOG_LEVEL": level, "BEAT_WATCH_LOG_FORMAT": format], user: "beat:\(Self.encoded)@")
    #expect(eventually { stage.broker("LLEN", "celery")?.integer == 1 })
    #expect(daemon.commandLine.contains("beat-watch"))
    #expect(!daemon.commandLine.contains("s3cr"))
    // The user is deleted, which ends the user's connections: each attempt to log in fails.
    stage.store("ACL", "DELUSER", "beat")
    #expect(eventually { daemon.output.contains("refused to log in") })
    try daemon.stop()
    expectNothing(daemon.output)
  }

  /// The default user's password, without a user name.
  @Test func passwordAlone() throws {
    let stage = try Stage()
    stage.store("CONFIG", "SET", "requirepass", Self.password)
    let daemon = try stage.daemon(user: ":\(Self.encoded)@")
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    try daemon.stop()
    expectNothing(daemon.output)
    let without = try stage.launch()
    #expect(try without.wait(for: "disconnected").reason.contains("password"))
    // A URL that is given as an option is visible on the command line, so the help advises the environment.
    let shown = try Daemon(
      stage.environment(), arguments: ["--store-url", stage.url(1, user: ":\(Self.encoded)@")])
    try shown.wait(for: "ready")
    #expect(shown.commandLine.contains(Self.encoded))
    expectNothing(shown.output)
  }

  @Test func differentServers() throws {
    let (stage, other) = try (Stage(), Stage())
    for server in [stage, other] {
      server.store("ACL", "SETUSER", "beat", "on", ">" + Self.password, "~*", "&*", "+@all")
    }
    let user = "beat:\(Self.encoded)@"
    let daemon = try stage.launch(["CELERY_BROKER_URL": other.url(0, user: user)], user: user)
    #expect(try daemon.wait(for: "ready")["delivery"] == "outbox")
    other.store("ACL", "DELUSER", "beat")
    // A line that the connection ended may come first.
    try daemon.wait(for: "broker lost") { $0.reason.contains("refused to log in") }
    try daemon.stop()
    expectNothing(daemon.output)
  }
}
