import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// For each refusal of a server a sentence says what to do, and no sentence shows a script's digest.
@Suite struct ErrorAdviceTests {
  private static let sha = String(repeating: "0123456789", count: 4)

  @Test(arguments: [
    ("OOM command not allowed when used memory > 'maxmemory'. script: \(sha), on @user_script:12.", "OOM", "maxmemory"),
    (
      "ERR The user executing the script can't run this command or subcommand script: \(sha), on @user_script:8.",
      "NOPERM", "ACL SETUSER"
    ),
    (
      "ERR Error running script (call to f_\(sha)): @user_script:8: @user_script: 8: -OOM command not allowed", "OOM",
      "raise maxmemory"
    ),
    (
      "ERR ACL failure in script: User u has no permissions to run the 'set' command script: \(sha), on @user_script:1.",
      "NOPERM", "ACL SETUSER"
    ),
    // What a script of Redis 6 returns after it has caught the error.
    ("@user_script: 68: -OOM command not allowed when used memory > 'maxmemory'.", "OOM", "raise maxmemory"),
    ("@user_script: 68: -READONLY You can't write against a read only replica.", "READONLY", "primary"),
    ("@user_script: 8: The user executing the script can't run this command or subcommand", "NOPERM", "ACL SETUSER"),
    ("@user_script: 8: Unknown Redis command called from Lua script", "NOCOMMAND", "rename-command"),
    // Valkey 9 names no digest, and forks name themselves.
    ("NOREPLICAS Not enough good replicas to write. script: on @user_script:1.", "NOREPLICAS", "replicas"),
    ("ERR Unknown command called from script script: on @user_script:1.", "NOCOMMAND", "rename-command"),
    ("ERR Unknown Redict command called from script script: \(sha), on @user_script:1.", "NOCOMMAND", "rename-command"),
    ("MISCONF Redis is configured to save RDB snapshots", "MISCONF", "disk"),
    ("NOREPLICAS Not enough good replicas to write.", "NOREPLICAS", "replicas"),
    ("MASTERDOWN Link with MASTER is down", "MASTERDOWN", "primary"),
    ("READONLY You can't write against a read only replica.", "READONLY", "primary"),
    ("ERR max number of clients reached", "MAXCLIENTS", "maxclients"),
    ("WRONGPASS invalid username-password pair", "WRONGPASS", "URL"),
    ("NOAUTH Authentication required.", "NOAUTH", "password"),
    ("DENIED Redis is running in protected mode", "DENIED", "protected-mode"),
    ("CROSSSLOT Keys in request don't hash to the same slot", "CROSSSLOT", "{beat}"),
    ("ERR SELECT is not allowed in cluster mode", "CLUSTER", "database 0"),
    ("MOVED 1 127.0.0.1:7000", "MOVED", "node"), ("CLUSTERDOWN Hash slot not served", "CLUSTERDOWN", "CLUSTER INFO"),
    ("ERR unknown command 'EVALSHA', with args beginning with:", "NOCOMMAND", "rename-command"),
    ("BUSY Redis is busy running a script.", "BUSY", "SCRIPT KILL"),
    ("LOADING Redis is loading the dataset in memory", "LOADING", "wait"),
    ("WRONGTYPE Operation against a key", "WRONGTYPE", "rename or delete"),
  ])
  func hasAdvice(_ line: String, _ cause: String, _ word: String) {
    let error = RedisServerError(line)
    #expect(error.cause == cause)
    #expect(error.advice?.contains(word) == true, "\(error.advice ?? "none")")
    #expect(!error.text.contains(Self.sha) && !error.text.contains("user_script"), "\(error.text)")
  }

  /// Redis 6 gives each error of a script the code ERR. A daemon must leave a demoted primary all the same, and hold all
  /// messages back while the broker's memory is full.
  @Test(arguments: ["READONLY", "OOM", "MISCONF", "NOREPLICAS"]) func causeInAScript(_ code: String) {
    for line in [
      "\(code) x", "\(code) x script: \(Self.sha), on @user_script:1.", "\(code) x script: on @user_script:1.",
      "ERR Error running script (call to f_\(Self.sha)): @user_script:8: @user_script: 8: -\(code) x",
      "@user_script: 8: -\(code) x",
    ] {
      let error = RedisServerError(line)
      #expect(error.words == "\(code) x", "\(line)")
      #expect(error.isOfWrongServer == (code == "READONLY"), "\(line)")
      #expect(error.isOfTheServer == (code != "READONLY"), "\(line)")
    }
  }

  @Test func whatIsNotKnownKeepsItsWords() {
    let error = RedisServerError("ERR something new script: no digest")
    #expect(error.words == error.message && error.text == error.message && error.cause == "ERR")
  }

  @Test(arguments: [
    ("{beat}:tasks:", 0, 0, "{beat}celery", true), ("tasks:meta:", 0, 0, "celery", false),
    ("{beat}:tasks:", 1, 0, "{beat}celery", false), ("{beat}:tasks:", 0, 0, "celery", false),
    ("{}:tasks:", 0, 0, "{}celery", false), ("{beat}:", 0, 2, "{beat}", false),
  ])
  func cluster(_ prefix: String, _ database: Int, _ broker: Int, _ queue: String, _ fits: Bool) {
    let problem = ClusterFit.problem(
      RedisKeys(prefix: prefix), database: database, brokerDatabase: broker, queue: Array(queue.utf8))
    #expect((problem == nil) == fits, "\(problem ?? "")")
  }
}
