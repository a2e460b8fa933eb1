import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Redis answers with an error instead of carrying a command out: the command does not count as done, nothing is done
/// twice, and what is due is done when the errors have stopped.
@Suite struct ErrorReplyTests {
  private static let names = ["a", "b", "c"]
  /// Errors that a server, a proxy or a cluster may answer to any command.
  static let errors = [
    "READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "OOM command not allowed when used memory > 'maxmemory'.", "NOREPLICAS Not enough good replicas to write.",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "NOSCRIPT No matching script. Please use EVAL.", "CROSSSLOT Keys in request don't hash to the same slot",
    "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381", "CLUSTERDOWN The cluster is down",
    "EXECABORT Transaction discarded because of previous errors.",
    "TRYAGAIN Multiple keys request during rehashing of slot", "NOAUTH Authentication required.",
    "NOPERM this user has no permissions to run the 'evalsha' command", "ERR max number of clients reached",
    "ERR unknown command 'EVALSHA'", "UNKILLABLE nobody knows this one",
  ]

  /// What the daemon must log of an error in the answer to a fire: nothing, `deferred`, or `disconnected`.
  private func consequence(ofFire error: String) -> String? {
    switch RedisServerError(error).code {
    case "NOSCRIPT": nil
    case "READONLY", "LOADING", "MASTERDOWN", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "NOAUTH":
      "disconnected"
    default: "deferred"
    }
  }

  @Test(arguments: FaultProxy.Purpose.allCases) func answered(to purpose: FaultProxy.Purpose) throws {
    let stage = try Stage()
    let proxy = try FaultProxy(to: stage.server)
    for name in Self.names { stage.set(name, schedule(name, every: "0.1", #", "catchup": "all""#)) }
    stage.set("edited", schedule("edited"))
    let daemon = try stage.daemon(proxy.environment.merging(["BEAT_WATCH_LEASE_TTL": "1"]) { $1 })
    try daemon.wait(for: "leading")
    // In answers other than a fire's, errors differ only in whether they end the session. Every fourth of them is
    // enough.
    let errors = Self.errors.enumerated().filter { purpose == .fire || $0.offset % 4 == 0 }
    for (number, error) in errors {
      #expect(stage.fires(Self.names, 2), "\(error)")
      proxy.refuse(purpose, error)
      switch purpose {
      case .read: stage.set("edited", schedule("edited", every: "\(60 + number)"))
      // SCAN is a part of each load.
      case .scan: try stage.server.client()("CLIENT", "KILL", "TYPE", "pubsub")
      case .fire, .heartbeat: break
      }
      #expect(eventually { proxy.hasRefused }, "\(error)")
      if purpose == .fire, let message = consequence(ofFire: error) {
        let line = try daemon.wait(for: message) { $0.reason.contains(error) }
        #expect(line.level == "error")
      }
      if purpose == .read { #expect(stage.fires(Self.names, 1)) }
      #expect(daemon.isRunning)
    }
    #expect(stage.fires(Self.names, 2))
    // The last edit is in force.
    stage.set("edited", schedule("edited", every: "7200"))
    try daemon.wait(for: "changed", key: stage.key("edited"))
    #expect(try daemon.stop() == .status(0))
    stage.store("DEL", stage.key("edited"))
    try stage.expectEachOnce(Self.names, every: 100_000)
    #expect(daemon.logged("skipped").isEmpty)
    #expect(daemon.otherLines.isEmpty)
  }

  /// While the errors go on, the occurrence stays due, and the daemon tries again with pauses.
  @Test(arguments: ["OOM command not allowed", "READONLY You can't write against a read only replica."])
  func answeredForLong(_ error: String) throws {
    let stage = try Stage()
    let proxy = try FaultProxy(to: stage.server)
    let daemon = try stage.daemon(proxy.environment)
    try daemon.wait(for: "leading")
    proxy.refuse(.fire, error, count: 3)
    stage.set("a", schedule("a", atOnce))
    let id = try daemon.wait(for: "fired", key: stage.key("a"), within: 30)["id"]
    #expect(proxy.hasRefused)
    try daemon.stop()
    #expect(stage.messages().map(\.id) == [id])
    #expect(stage.watermark("a")?.totalRunCount == 1)
  }
}
