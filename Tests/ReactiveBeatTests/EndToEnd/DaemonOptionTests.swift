import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Daemons that were started with different options, and a prefix that was mistyped.
@Suite struct DaemonOptionTests {
  @Test func theLeaderWarnsOfEachDifferenceOnce() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let leader = try stage.daemon()
    try leader.wait(for: "leading")
    let other = try stage.daemon(
      [
        "CELERY_TASK_DEFAULT_QUEUE": "other", "CELERY_TIMEZONE": "Asia/Tokyo", "BEAT_WATCH_HISTORY": "7",
        "BEAT_WATCH_LEASE_TTL": "9",
      ])
    var options: [String] = []
    for _ in 0..<4 {
      let line = try leader.wait(for: "options", within: 30)
      options.append(line["option"] ?? "")
      #expect(
        line.level == "warning" && line.reason.contains(line["ours"] ?? "?")
          && line.reason.contains(line["theirs"] ?? "?"))
    }
    #expect(Set(options) == ["--default-queue", "--timezone", "--history", "--lease-ttl"])
    // The daemon that starts later logs the difference as well.
    #expect(eventually { other.logged("options").count == 4 })
    let doctor = try stage.run("doctor")
    #expect(doctor.text.contains("not the same --default-queue: ") && doctor.text.contains("other"), "\(doctor.text)")
    let start = MonotonicTime.now()
    #expect(eventually(within: 20) { MonotonicTime.now().microseconds(since: start) > 11_000_000 })
    #expect(leader.logged("options").count == 4)
    try other.stop()
    try leader.stop()
  }

  @Test func alikeIsAlike() throws {
    let stage = try Stage()
    let (one, two) = try (stage.daemon(), stage.daemon())
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 2 })
    let doctor = try stage.run("doctor")
    #expect(!doctor.text.contains("not the same"), "\(doctor.text)")
    #expect(one.logged("options").isEmpty && two.logged("options").isEmpty)
    try one.stop()
    try two.stop()
  }

  /// Without this warning a standby's dead broker would be noticed only when the standby leads.
  @Test func aStandbyWhoseBrokerIsDeadSaysSo() throws {
    let servers = try TwoServers()
    let leader = try servers.daemon()
    try leader.wait(for: "leading")
    let standby = try servers.store.launch(["CELERY_BROKER_URL": "redis://127.0.0.1:1/0"])
    let line = try standby.wait(for: "broker lost")
    #expect(line.reason.contains("127.0.0.1:1"), "\(line)")
    #expect(
      eventually {
        guard let doctor = try? servers.store.run(["doctor"], environment: ["CELERY_BROKER_URL": servers.broker.url(0)])
        else { return false }
        return doctor.text.contains("could not fire if it had to")
      })
    try standby.stop()
    try leader.stop()
  }

  @Test func aMistypedPrefixIsNamed() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let environment = ["CELERY_REDIS_SCHEDULER_KEY_PREFIX": "task:meta:"]
    let daemon = try stage.daemon(environment)
    let line = try daemon.wait(for: "prefix")
    #expect(line.level == "warning" && line.reason.contains("tasks:meta:") && line["prefix"] == "task:meta:")
    let list = try stage.run(["list"], environment: environment)
    #expect(list.notes.contains { $0.contains("some under tasks:meta:") }, "\(list.notes)")
    let doctor = try stage.run(["doctor"], environment: environment)
    #expect(doctor.lines.contains { $0.contains("some under tasks:meta:") }, "\(doctor.text)")
    #expect(doctor.lines.contains { $0.contains("--key-prefix tasks:meta:") }, "\(doctor.text)")
    try daemon.stop()
  }

  /// Keys of other programs are no schedules. Keys that may not be read count if their prefix is like the daemon's.
  @Test func otherKeysAreNone() throws {
    let stage = try Stage()
    stage.store("SET", "session:1", #"{"user": 1}"#)
    stage.store("HSET", "cart:1", "a", "b")
    let daemon = try stage.daemon()
    #expect(try stage.run("list").notes.allSatisfy { !$0.contains("prefix") })
    #expect(daemon.logged("prefix").isEmpty)
    try daemon.stop()
    stage.store("SET", "task:meta:a", schedule("a"))
    stage.store("SET", "session:2", schedule("a"))
    stage.store("ACL", "SETUSER", "narrow", "on", ">secret", "~tasks:meta:*", "~reactivebeat:*", "&*", "+@all")
    let list = try stage.run(["list"], user: "narrow:secret@")
    #expect(list.notes.contains { $0.contains("some under task:meta:: is") }, "\(list.notes)")
  }
}
