import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A daemon may no longer write its record: the lease shows who leads, and `doctor` examines each daemon's user.
@Suite struct OldRecordTests {
  private func stage() throws -> Stage {
    let stage = try Stage()
    for user in ["one", "two"] { stage.store("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all") }
    stage.set("a", schedule("a", every: "0.2"))
    return stage
  }

  private func pair(_ stage: Stage) throws -> (Daemon, Daemon) {
    let leader = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "2"], user: "one:secret@")
    try leader.wait(for: "leading")
    let standby = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "2"], user: "two:secret@")
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 2 })
    return (leader, standby)
  }

  @Test(.needsRedis7("ACL DRYRUN")) func oneThatLedIsNotSaidToFire() throws {
    let stage = try stage()
    let (leader, standby) = try pair(stage)
    stage.store("ACL", "SETUSER", "one", "-hset")
    try leader.wait(for: "standing by")
    try standby.wait(for: "leading")
    #expect(stage.fires(["a"], 2))
    let (status, doctor) = try (stage.run("status"), stage.run("doctor"))
    #expect(status.exit == .status(0) && !status.text.contains("--no-lease"), "\(status.text)")
    #expect(status.lines.filter { $0.hasPrefix("fires ") }.count == 1, "\(status.text)")
    #expect(status.text.contains("is old") && status.text.contains("HSET"), "\(status.text)")
    #expect(!doctor.text.contains("daemons fire") && !doctor.text.contains("--no-lease"), "\(doctor.text)")
    #expect(doctor.text.contains("ACL SETUSER one +hset") && !doctor.text.contains("ok       rights"), "\(doctor.text)")
    #expect(doctor.text.contains("is old"), "\(doctor.text)")
    let told = try stage.run("status", "--json").json?["daemons"]
    guard let daemons = told?.items else { throw Failure("no daemons", 0) }
    #expect(daemons.map { $0["state"]?.text } == ["firing", "standing by"], "\(daemons)")
    #expect(daemons.map { $0["record"]?.text } == ["current", "old"], "\(daemons)")
    stage.store("ACL", "SETUSER", "one", "+hset")
    #expect(eventually { (try? stage.run("status").text.contains("is old")) == false })
    for daemon in [leader, standby] { try daemon.stop() }
  }

  @Test(.needsRedis7("ACL DRYRUN")) func aStandbysUserIsAskedToo() throws {
    let stage = try stage()
    let (leader, standby) = try pair(stage)
    stage.store("ACL", "SETUSER", "one", "-exists")
    stage.store("ACL", "SETUSER", "two", "-hset", "-llen")
    let doctor = try stage.run("doctor")
    #expect(doctor.exit == .status(1) && doctor.text.contains("ACL SETUSER two +hset"), "\(doctor.text)")
    #expect(doctor.text.contains("ACL SETUSER one +exists"), "\(doctor.text)")
    for daemon in [leader, standby] { try daemon.stop() }
  }

  /// Redis users of other databases belong to other installations.
  @Test func usersOfOthersAreNotAsked() throws {
    let stage = try stage()
    stage.store("ACL", "SETUSER", "other", "on", ">secret", "~other:*", "~reactivebeat:*", "~celery*", "&*", "+@all")
    let other = try stage.daemon(
      [
        "CELERY_REDIS_SCHEDULER_URL": stage.url(5, user: "other:secret@"),
        "CELERY_REDIS_SCHEDULER_KEY_PREFIX": "other:",
      ], user: "other:secret@")
    let daemon = try stage.daemon(user: "one:secret@")
    let doctor = try stage.run("doctor")
    #expect(!doctor.text.contains("user other"), "\(doctor.text)")
    for daemon in [daemon, other] { try daemon.stop() }
  }

  @Test func theOnlyOneIsNotSaidToLead() throws {
    let stage = try stage()
    let daemon = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "2"], user: "one:secret@")
    #expect(stage.fires(["a"], 1))
    stage.store("ACL", "SETUSER", "one", "-hset")
    try daemon.wait(for: "unable")
    #expect(eventually { stage.store("EXISTS", "reactivebeat:tasks:meta:lease")?.integer == 0 })
    let status = try stage.run("status")
    #expect(status.exit == .status(1) && status.text.contains("nobody: "), "\(status.text)")
    #expect(status.text.contains("HSET") && !status.text.contains("does not say why"), "\(status.text)")
    #expect(!status.lines.contains { $0.hasPrefix("leads") }, "\(status.text)")
    let list = try stage.run("list").notes.joined()
    #expect(list.contains("nobody fires") && list.contains("HSET"), "\(list)")
    try daemon.stop()
  }
}
