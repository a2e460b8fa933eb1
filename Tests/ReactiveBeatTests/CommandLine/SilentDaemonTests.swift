import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A daemon's user may not write its record: all commands look for the daemon in the same way, and report it alike.
@Suite struct SilentDaemonTests {
  static let commands: [[String]] = [
    ["status"], ["explain", "a"], ["list"], ["set", "a", "--label", "A"], ["fire", "a", "--timeout", "500ms"],
    ["doctor"], ["show", "a"],
  ]
  private static let words = "a process is connected from"

  private func stage() throws -> (Stage, Daemon) {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("ACL", "SETUSER", "lacking", "on", ">secret", "~*", "&*", "+@all", "-hset")
    stage.store("ACL", "SETUSER", "blind", "on", ">secret", "~*", "&*", "+@all", "-client|list")
    let daemon = try stage.launch(user: "lacking:secret@")
    try daemon.wait(for: "unable")
    return (stage, daemon)
  }

  @Test(arguments: commands) func isFoundByItsConnection(_ arguments: [String]) throws {
    let (stage, daemon) = try stage()
    let run = try stage.run(arguments)
    let said = (run.lines + run.notes).joined(separator: "\n")
    #expect(said.contains(Self.words) && said.contains("writes no heartbeat"), "\(said)")
    #expect(said.contains("`disconnected` or `unable`") && !said.contains("no daemon runs"), "\(said)")
    withExtendedLifetime(daemon) {}
  }

  /// A user who may not list the connections cannot know whether a daemon runs.
  @Test(.needsRedis7("subcommand that is taken away from a user"), arguments: commands)
  func isNotDeniedByWhoMayNotLook(_ arguments: [String]) throws {
    let (stage, daemon) = try stage()
    let run = try stage.run(arguments, user: "blind:secret@")
    let said = (run.lines + run.notes).joined(separator: "\n")
    #expect(said.contains("no daemon has reported"), "\(said)")
    #expect(!said.contains("no daemon runs") && !said.contains(Self.words), "\(said)")
    withExtendedLifetime(daemon) {}
  }

  @Test func statusTellsPrograms() throws {
    let (stage, daemon) = try stage()
    let status = try stage.run("status", "--json")
    #expect(status.exit == .status(1) && status.json?["because"]?.text?.contains(Self.words) == true, "\(status.text)")
    let watcher = try Daemon(stage.environment(), arguments: ["watch", "--json"])
    #expect(eventually { watcher.output.contains(Self.words) }, "\(watcher.output)")
    try watcher.stop()
    withExtendedLifetime(daemon) {}
  }

  /// A daemon of another database does not count, and a connected command is no daemon.
  @Test func othersAreNotTakenForIt() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("ACL", "SETUSER", "lacking", "on", ">secret", "~*", "&*", "+@all", "-hset")
    let other = try stage.launch(["CELERY_REDIS_SCHEDULER_URL": stage.url(5, user: "lacking:secret@")])
    try other.wait(for: "unable")
    #expect(try stage.run("list").notes.first?.contains("no daemon runs") == true)
  }

  /// The lease is still a dead daemon's, and another process waits: "no other runs" would be wrong.
  @Test func besideADeadLeader() throws {
    let (stage, daemon) = try stage()
    stage.store("SET", "reactivebeat:tasks:meta:lease", "gone:1", "PX", "60000")
    let said = try stage.run("list").notes.joined()
    #expect(said.contains(Self.words) && !said.contains("no other runs"), "\(said)")
    withExtendedLifetime(daemon) {}
  }
}
