import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Several daemons on one store: one fires, the others stand by and take over.
@Suite struct HandOverTests {
  private static let names = ["a", "b", "c"]
  private static let period: Int64 = 200_000
  private static let shortLease = ["BEAT_WATCH_LEASE_TTL": "1"]
  /// A lease that does not run out within a test's deadlines, on a busy machine either.
  private static let longLease = ["BEAT_WATCH_LEASE_TTL": "60"]
  private static let leaseKey = "reactivebeat:tasks:meta:lease"

  /// A stage with schedules that fire five times a second and catch up on all missed runs.
  private func stage(_ arguments: [String] = []) throws -> Stage {
    let stage = try Stage(arguments)
    for name in Self.names { stage.set(name, schedule(name, every: "0.2", #", "catchup": "all""#)) }
    return stage
  }

  /// A daemon that leads, and one that stands by.
  private func pair(_ stage: Stage, _ environment: [String: String] = [:]) throws -> (leader: Daemon, standby: Daemon) {
    let leader = try stage.daemon(environment)
    try leader.wait(for: "leading")
    let standby = try stage.daemon(environment)
    #expect(stage.fires(Self.names, 2))
    #expect(standby.logged("leading").isEmpty)
    return (leader, standby)
  }

  private func seconds(from start: UnixTime, to line: LogLine) throws -> Double {
    Double(try line.time("ts").microseconds(since: start)) / 1_000_000
  }

  // MARK: one fires

  @Test func oneLeadsAndTheOtherSendsNothing() throws {
    let stage = try stage()
    let (leader, standby) = try pair(stage)
    // 30 fires take longer than a lease that is not renewed.
    #expect(stage.fires(Self.names, 30))
    #expect(leader.logged("leading").count == 1 && leader.logged("standing by").isEmpty)
    #expect(standby.logged("leading").isEmpty && standby.logged("fired").isEmpty)
    // The standby has said so, once.
    #expect(standby.logged("standing by").map(\.reason) == ["another daemon holds the lease"])
    let token = stage.store("GET", Self.leaseKey)?.text
    #expect(token?.hasSuffix(":1") == true)
    try standby.stop()
    #expect(stage.store("GET", Self.leaseKey)?.text == token)
    try leader.stop()
    #expect(stage.store("EXISTS", Self.leaseKey)?.integer == 0)
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// All daemons see a new schedule at nearly the same time, and each tries to store its first watermark.
  @Test(arguments: [true, false]) func aNewScheduleRunsAtOnceThoughOthersSeeItToo(leased: Bool) throws {
    let stage = try Stage()
    let daemons = try (0..<3).map { _ in
      try Daemon(stage.environment(), arguments: ["run"] + (leased ? [] : ["--no-lease"]))
    }
    for daemon in daemons { try daemon.wait(for: "ready") }
    let names = (0..<40).map { "n\($0)" }
    for name in names {
      stage.set(name, schedule(name, atOnce))
      #expect(eventually { stage.document(name)?.contains(#""total_run_count": 1"#) == true }, "\(name)")
    }
    for daemon in daemons { #expect(try daemon.stop() == .status(0)) }
    #expect(stage.messages().count == names.count)
    #expect(Set(stage.messages().map(\.id)).count == names.count)
  }

  // MARK: hand-over

  /// The daemons are stopped one after another, as in a rolling update.
  @Test func theNextLeadsAtOnceWhenTheLeaderEnds() throws {
    let stage = try stage()
    var (leader, standby) = try pair(stage, Self.longLease)
    for round in 2...5 {
      #expect(try leader.stop() == .status(0))
      // The lease was given back, so the standby did not wait for it to run out.
      let line = try standby.wait(for: "leading")
      #expect(line["token"]?.hasSuffix(":\(round)") == true)
      #expect(stage.fires(Self.names, 2))
      leader = standby
      standby = try stage.daemon(Self.longLease)
    }
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// Many daemons end and begin at the same time, and soon after each time one leads.
  @Test func manyEndAtOnce() throws {
    let stage = try stage()
    var daemons = try (0..<4).map { _ in try stage.daemon(Self.longLease) }
    for _ in 0..<3 {
      let ending = daemons[..<3]
      for daemon in ending { daemon.send(SIGTERM) }
      for daemon in ending { #expect(try daemon.exit() == .status(0)) }
      let last = daemons[3]
      if last.logged("leading").isEmpty { try last.wait(for: "leading") }
      #expect(stage.fires(Self.names, 2))
      daemons = try [last] + (0..<3).map { _ in try stage.daemon(Self.longLease) }
      daemons.reverse()
    }
    for daemon in daemons { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  @Test func theNextLeadsWhenTheLeaseOfADeadLeaderHasRunOut() throws {
    let stage = try stage()
    var (leader, standby) = try pair(stage, Self.shortLease)
    for _ in 0..<3 {
      let start = SystemClock.now()
      try leader.kill()
      let line = try standby.wait(for: "leading")
      // The lease lasts one second, and a busy machine adds to it. The default, which a daemon without the option would
      // use, is 5 s.
      #expect(try seconds(from: start, to: line) < 5)
      #expect(stage.fires(Self.names, 2))
      leader = standby
      standby = try stage.daemon(Self.shortLease)
    }
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// The leader is frozen, and thawed when another daemon leads: it learns that before it has fired anything.
  @Test func aLeaderThatWasFrozenStandsBy() throws {
    let stage = try stage()
    let (frozen, other) = try pair(stage, Self.shortLease)
    for _ in 0..<3 {
      frozen.send(SIGSTOP)
      try other.wait(for: "leading")
      #expect(stage.fires(Self.names, 3))
      let before = frozen.logged("fired").count
      frozen.send(SIGCONT)
      try frozen.wait(for: "standing by")
      #expect(stage.fires(Self.names, 5))
      // A fire that was on its way when it froze may be answered now; no other may.
      #expect(frozen.logged("fired").count <= before + Self.names.count)
      #expect(frozen.logged("deferred").isEmpty)
      // Now the other daemon is frozen, and the first one leads again.
      other.send(SIGSTOP)
      try frozen.wait(for: "leading")
      #expect(stage.fires(Self.names, 3))
      other.send(SIGCONT)
      try other.wait(for: "standing by")
    }
    for daemon in [frozen, other] { #expect(try daemon.stop() == .status(0)) }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// Redis runs what the leader sends, but no answer comes: the leader stops before its lease has run out.
  @Test func aLeaderThatHearsNothingStopsByItself() throws {
    let stage = try stage()
    let proxy = try ServerProxy(to: stage.server)
    let socket = "redis+socket://\(proxy.path)?virtual_host="
    let leader = try stage.daemon(
      Self.shortLease.merging(["CELERY_REDIS_SCHEDULER_URL": socket + "1", "CELERY_BROKER_URL": socket + "0"]) { $1 })
    try leader.wait(for: "leading")
    let standby = try stage.daemon(Self.shortLease)
    #expect(stage.fires(Self.names, 2))
    proxy.loseReplies()
    let stopped = try leader.wait(for: "standing by")
    #expect(stopped.reason.contains("not confirmed"))
    let next = try standby.wait(for: "leading")
    #expect(try next.time("ts") > stopped.time("ts"))
    #expect(stage.fires(Self.names, 3))
    proxy.cut()
    try leader.wait(for: "reconnected")
    #expect(stage.fires(Self.names, 3))
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  // MARK: the lease's key

  @Test func aDeletedLeaseIsTakenAgain() throws {
    let stage = try stage()
    let (first, second) = try pair(stage)
    for _ in 0..<10 {
      stage.store("DEL", Self.leaseKey)
      #expect(eventually { stage.store("EXISTS", Self.leaseKey)?.integer == 1 })
      #expect(stage.fires(Self.names, 2))
    }
    for daemon in [first, second] { #expect(try daemon.stop() == .status(0)) }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// The lease has a value of another program: no daemon fires while it lasts.
  @Test func aForeignLeaseIsWaitedFor() throws {
    let stage = try stage()
    let (leader, standby) = try pair(stage)
    stage.store("SET", Self.leaseKey, "somebody", "PX", "60000")
    try leader.wait(for: "standing by")
    let sent = stage.messages().count
    // The test waits for two heartbeats of each daemon, and several due times.
    let start = MonotonicTime.now()
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 2_200_000 })
    #expect(stage.messages().count == sent)
    #expect(stage.store("GET", Self.leaseKey)?.text == "somebody")
    stage.store("PEXPIRE", Self.leaseKey, "100")
    #expect(stage.fires(Self.names, 8))
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// A lease that never runs out was set by hand, and does not keep the daemons from firing.
  @Test func aLeaseThatNeverRunsOutIsNone() throws {
    let stage = try stage()
    let (leader, standby) = try pair(stage)
    stage.store("SET", Self.leaseKey, "somebody")
    #expect(stage.fires(Self.names, 3))
    #expect(stage.store("GET", Self.leaseKey)?.text != "somebody")
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// No daemon can have written a lease of another type, so no leader is behind it.
  @Test func aLeaseOfAnotherTypeIsToldAndReplaced() throws {
    let stage = try stage()
    stage.store("LPUSH", Self.leaseKey, "x")
    let daemon = try stage.launch()
    try daemon.wait(for: "damaged", key: Self.leaseKey)
    try daemon.wait(for: "leading")
    #expect(stage.fires(Self.names, 2))
    stage.store("DEL", Self.leaseKey)
    stage.store("LPUSH", Self.leaseKey, "x")
    #expect(eventually { stage.store("TYPE", Self.leaseKey)?.text == "string" })
    #expect(stage.fires(Self.names, 2))
    try daemon.stop()
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  @Test(arguments: ["epoch", "incarnation"])
  func anotherKeyOfAnotherTypeIsToldAndDoneWithout(_ own: String) throws {
    // A daemon that switches notifications on replaces the incarnation, whatever type it has.
    let stage = try stage(["--notify-keyspace-events", "KA"])
    let key = "reactivebeat:tasks:meta:\(own)"
    stage.store("LPUSH", key, "x")
    let daemon = try stage.launch()
    try daemon.wait(for: "damaged", key: key)
    try daemon.wait(for: "leading")
    #expect(stage.fires(Self.names, 2))
    #expect(stage.store("TYPE", key)?.text == "list")
  }

  /// Without watermarks an occurrence could come twice, so the daemon stops.
  @Test func watermarksOfAnotherTypeStopEverything() throws {
    let stage = try stage(["--notify-keyspace-events", "KA"])
    let key = "reactivebeat:tasks:meta:mark"
    stage.store("LPUSH", key, "x")
    let daemon = try stage.launch()
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("\(key) holds a Redis list, and ours is a hash: rename or delete it"))
    stage.store("DEL", key)
    try daemon.wait(for: "leading")
    #expect(stage.fires(Self.names, 2))
  }

  // MARK: Redis goes and comes

  /// All daemons are connected when Redis is restarted. Afterwards one leads, and no run is lost.
  @Test func redisIsStartedAgain() throws {
    let stage = try stage(["--appendonly", "yes", "--appendfsync", "always"])
    let daemons = try pair(stage, Self.shortLease)
    for _ in 0..<3 {
      stage.server.kill()
      for daemon in [daemons.leader, daemons.standby] { try daemon.wait(for: "disconnected") }
      try stage.restart()
      for daemon in [daemons.leader, daemons.standby] { try daemon.wait(for: "reconnected") }
      #expect(stage.fires(Self.names, 4))
    }
    for daemon in [daemons.leader, daemons.standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  @Test func theSubscriptionsAreKilled() throws {
    let stage = try stage()
    let (leader, standby) = try pair(stage)
    for _ in 0..<3 {
      stage.store("CLIENT", "KILL", "TYPE", "pubsub")
      for daemon in [leader, standby] { try daemon.wait(for: "notifications") { $0.level == "warning" } }
      #expect(stage.fires(Self.names, 3))
    }
    // The leader has led all the time.
    #expect(leader.logged("leading").count == 1 && leader.logged("standing by").isEmpty)
    #expect(standby.logged("leading").isEmpty)
    for daemon in [leader, standby] { try daemon.stop() }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  // MARK: what a standby knows

  /// A standby hears every edit as it happens, so it needs to read nothing when it takes over.
  @Test func aStandbyKnowsEveryEdit() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("gone", schedule("gone", every: "0.1"))
    let leader = try stage.daemon(Self.shortLease)
    let standby = try stage.daemon(Self.shortLease)
    #expect(stage.fires(["gone"], 2))
    stage.set("a", schedule("a", every: "0.1"))
    stage.store("DEL", stage.key("gone"))
    stage.set("new", schedule("new", every: "0.1"))
    try standby.wait(for: "changed", key: stage.key("a"))
    try standby.wait(for: "removed", key: stage.key("gone"))
    try standby.wait(for: "loaded", key: stage.key("new"))
    try leader.kill()
    try standby.wait(for: "leading")
    #expect(stage.fires(["a", "new"], 5))
    let gone = TaskIDs(stage).count(of: "gone")
    #expect(Int64(gone) == stage.count("gone"))
    #expect(standby.logged("reconnected").isEmpty && standby.logged("reloaded").isEmpty)
    try standby.stop()
  }

  /// Without catch-up, runs that were due while no daemon fired are left out, and the daemon that takes over says so.
  @Test func theOneWhoTakesOverDecidesAboutWhatWasMissed() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "none""#))
    // A run that is late by less than ten seconds is not missed.
    let leader = try stage.daemon(["BEAT_WATCH_LEASE_TTL": "12"])
    let standby = try stage.daemon()
    #expect(stage.fires(["a"], 3))
    try leader.kill()
    try standby.wait(for: "leading", within: 20)
    #expect(try standby.wait(for: "skipped", key: stage.key("a")).number("count") ?? 0 >= 1)
    #expect(stage.fires(["a"], 3))
    try standby.stop()
    #expect(Set(stage.messages().map(\.id)).count == stage.messages().count)
  }

  // MARK: without a lease

  @Test func withoutALeaseBothFireAndNothingTwice() throws {
    let stage = try stage()
    let daemons = try (0..<2).map { _ in try Daemon(stage.environment(), arguments: ["run", "--no-lease"]) }
    for daemon in daemons {
      try daemon.wait(for: "leading")
      try daemon.wait(for: "ready")
    }
    #expect(stage.fires(Self.names, 10))
    #expect(stage.store("EXISTS", Self.leaseKey, "reactivebeat:tasks:meta:epoch")?.integer == 0)
    for daemon in daemons { #expect(try daemon.stop() == .status(0)) }
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  /// One daemon has `--no-lease` and the other has not: a wrong set-up, but a safe one.
  @Test func oneWithAndOneWithoutALease() throws {
    let stage = try stage()
    let daemons = try [stage.daemon(), Daemon(stage.environment(), arguments: ["run", "--no-lease"])]
    for daemon in daemons { try daemon.wait(for: "leading") }
    #expect(stage.fires(Self.names, 10))
    try daemons[1].stop()
    #expect(stage.store("EXISTS", Self.leaseKey)?.integer == 1)
    #expect(stage.fires(Self.names, 2))
    try daemons[0].stop()
    try stage.expectEachOnce(Self.names, every: Self.period)
  }

  @Test(arguments: ["0", "0.5", "-1", "3601", "x", ""]) func leaseTimesThatCannotBe(_ value: String) throws {
    let daemon = try Daemon([:], arguments: ["run", "--lease-ttl=\(value)"])
    #expect(try daemon.exit() == .status(64))
    #expect(daemon.output.contains("--lease-ttl"))
  }
}

/// Counts the messages of a schedule in the queue, by the task ids that they must have.
private struct TaskIDs {
  let stage: Stage
  init(_ stage: Stage) { self.stage = stage }

  func count(of name: String) -> Int {
    guard let watermark = stage.watermark(name) else { return 0 }
    let expected = Set(
      stage.taskIDs(name, last: watermark.due, every: 100_000, count: Int(watermark.totalRunCount)))
    return stage.messages().count { expected.contains($0.id) }
  }
}
