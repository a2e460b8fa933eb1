import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The daemon follows the documents through a cluster of several nodes. The broker is another server, as Celery has no
/// transport for a cluster.
@Suite(.serialized) final class ClusterNodesTests {
  private static let every: Int64 = 1_000_000
  /// Each occurrence is made up for, however long nothing could be fired.
  private static let all = #", "catchup": "all""#

  private let cluster: ClusterStage
  private let queues: Stage
  private let names = (0..<6).map { "every\($0)" }

  init() throws {
    cluster = try ClusterStage()
    queues = try Stage()
  }

  private func environment(_ url: String) -> [String: String] {
    [
      "CELERY_REDIS_SCHEDULER_URL": url, "CELERY_BROKER_URL": queues.url(0),
      "CELERY_REDIS_SCHEDULER_KEY_PREFIX": cluster.prefix, "BEAT_WATCH_LEASE_TTL": "3",
    ]
  }

  /// Schedules that fire each second, and many that never do.
  private func fill() throws {
    let stage = try cluster.stage()
    for name in names { stage.set(name, schedule(name, every: "1", Self.all)) }
    for number in 0..<60 { stage.set("idle\(number)", schedule("idle\(number)")) }
  }

  private func expectEachOnce(location: SourceLocation = #_sourceLocation) throws {
    let stage = try cluster.stage()
    #expect(
      eventually(within: 10) { stage.store("EXISTS", "reactivebeat:\(cluster.prefix)outbox")?.integer == 0 },
      sourceLocation: location)
    let messages = queues.messages().map(\.id)
    for name in names {
      let watermark = try #require(stage.watermark(name), sourceLocation: location)
      let expected = stage.taskIDs(name, last: watermark.due, every: Self.every, count: Int(watermark.totalRunCount))
      #expect(messages.filter(Set(expected).contains) == expected, "\(name)", sourceLocation: location)
    }
  }

  /// Every schedule fires on, and an edit is heard at once.
  private func expectAlive(_ daemons: [Daemon], _ name: String, location: SourceLocation = #_sourceLocation) throws {
    let stage = try cluster.stage()
    #expect(stage.fires(names, 3, within: 40), "\(daemons.map(\.output))", sourceLocation: location)
    stage.set(name, schedule(name, atOnce))
    #expect(eventually(within: 3) { stage.count(name) == 1 }, "\(name)", sourceLocation: location)
  }

  @Test func firesThroughAMoveOfTheSlotThereAndBack() throws {
    try fill()
    let source = try cluster.owner()
    let target = try cluster.stranger()
    let daemons = try (0..<2).map { _ in try Daemon(environment(cluster.url(target))) }
    for daemon in daemons { try daemon.wait(for: "ready") }
    try expectAlive(daemons, "before")
    try cluster.move(to: target, pausing: 40_000)
    try expectAlive(daemons, "there")
    try cluster.move(to: source, pausing: 40_000)
    try expectAlive(daemons, "back")
    for daemon in daemons {
      #expect(daemon.logged("disconnected").contains { $0.reason.contains("is being moved") }, "\(daemon.output)")
      #expect(daemon.logged("removed").isEmpty)
      #expect(daemon.logged("disconnected").count <= 8, "\(daemon.output)")
      #expect(try daemon.stop() == .status(0))
    }
    try expectEachOnce()
    let stage = try cluster.stage()
    #expect(stage.store("HLEN", stage.watermarkKey)?.integer == 69)
  }

  /// A move that was broken off: nothing fires, and everybody says why. It goes on when the slot is whole again.
  @Test func waitsForAMoveThatDoesNotEnd() throws {
    try fill()
    let (source, target) = (try cluster.owner(), try cluster.stranger())
    let daemon = try Daemon(environment(cluster.url(source)))
    try daemon.wait(for: "ready")
    try cluster.beginMove(from: source, to: target)
    _ = try cluster.moveKeys(20, from: source, to: target)
    let line = try daemon.wait(for: "disconnected", where: { $0.reason.contains("is being moved") })
    #expect(line.reason.contains("redis-cli --cluster fix"))
    let variables = environment(cluster.url(source))
    for (arguments, status) in [(["list"], 75), (["status"], 75), (["doctor"], 1)] as [([String], Int32)] {
      let run = try CommandRun(arguments, environment: variables)
      #expect(run.exit == .status(status) && run.text.contains("is being moved"), "\(arguments): \(run.text)")
    }
    while try cluster.moveKeys(20, from: source, to: target) {}
    try cluster.endMove(from: source, to: target)
    try expectAlive([daemon], "after")
    #expect(daemon.logged("removed").isEmpty)
    try daemon.stop()
    try expectEachOnce()
  }

  /// The node of the URL dies, which is the slot's own. Then the old primary comes back, first as a replica.
  @Test func followsAFailover() throws {
    try fill()
    let first = try cluster.owner()
    let daemons = try (0..<2).map { _ in try Daemon(environment(cluster.url(first))) }
    for daemon in daemons { try daemon.wait(for: "ready") }
    try expectAlive(daemons, "before")
    let before = try cluster.stage()
    #expect(before.store("WAIT", "1", "5000")?.integer == 1)
    first.kill()
    for daemon in daemons { try daemon.wait(for: "reconnected", within: 40) }
    #expect(try cluster.owner() !== first)
    try expectAlive(daemons, "promoted")
    try first.start()
    try cluster.awaitWhole()
    try cluster.failOver(to: first)
    for daemon in daemons { try daemon.wait(for: "reconnected", within: 40) }
    try expectAlive(daemons, "returned")
    for daemon in daemons {
      #expect(daemon.logged("removed").isEmpty)
      try daemon.stop()
    }
  }

  /// A daemon starts while the first node of its URL is dead, and the others are no owners.
  @Test func startsWithADeadNode() throws {
    let owner = try cluster.owner()
    let others = cluster.nodes.filter { $0 !== owner }
    let (dead, other) = (others[0], others[1])
    dead.kill()
    let daemon = try Daemon(environment(cluster.url(dead, other)))
    try daemon.wait(for: "ready", within: 40)
    #expect(daemon.logged("primary").last?["address"] == "127.0.0.1:\(owner.port)")
    let stage = try cluster.stage()
    stage.set("a", schedule("a", atOnce))
    #expect(eventually(within: 5) { queues.messages().count == 1 })
    try daemon.stop()
  }

  /// Every command leads to the documents, whichever node the URL names.
  @Test func commandsFindTheDocuments() throws {
    let variables = environment(cluster.url(try cluster.stranger()))
    for arguments in [
      ["set", "a", "--task", "t", "--every", "1h"], ["list"], ["show", "a"], ["next", "a"], ["lint"], ["export"],
      ["history"], ["disable", "a"], ["rename", "a", "b"],
    ] {
      let run = try CommandRun(arguments, environment: variables)
      #expect(run.exit == .status(0), "\(arguments): \(run.text)")
    }
    #expect(try cluster.stage().document("b") != nil)
    let daemon = try Daemon(variables)
    try daemon.wait(for: "ready")
    let doctor = try CommandRun(["doctor"], environment: variables)
    #expect(doctor.exit == .status(0), "\(doctor.text)")
    #expect(try CommandRun(["fire", "b"], environment: variables).exit == .status(0))
    #expect(eventually(within: 5) { queues.messages().count == 1 })
    #expect(try CommandRun(["rm", "b", "--yes"], environment: variables).exit == .status(0))
    try daemon.stop()
  }

  /// A prefix without a hash tag has its keys on all nodes. The daemon and the commands print the options to write.
  @Test func aPrefixWithoutATagIsRefused() throws {
    var variables = environment(cluster.url(cluster.nodes[0]))
    variables["CELERY_REDIS_SCHEDULER_KEY_PREFIX"] = "shop:tasks:"
    let daemon = try Daemon(variables)
    #expect(try daemon.exit(within: 10) == .status(78))
    #expect(daemon.output.contains("--key-prefix '{shop:tasks}:'"), "\(daemon.output)")
    #expect(daemon.output.contains("--default-queue '{shop:tasks}celery'"), "\(daemon.output)")
    for (arguments, status) in [
      (["list"], 78), (["set", "a", "--task", "t", "--every", "1h"], 78), (["web", "--listen", "127.0.0.1:0"], 78),
      (["doctor"], 1),
    ] as [([String], Int32)] {
      let run = try CommandRun(arguments, environment: variables)
      #expect(
        run.exit == .status(status) && run.text.contains("--key-prefix '{shop:tasks}:'"), "\(arguments): \(run.text)")
    }
  }

  /// Several servers that are not in cluster mode could be different ones.
  @Test func severalServersAreACluster() throws {
    let servers = try [RedisServer(tcp: true), RedisServer(tcp: true)]
    let url = "redis://127.0.0.1:\(servers[0].port);127.0.0.1:\(servers[1].port)/0"
    let daemon = try Daemon(environment(url))
    #expect(try daemon.exit(within: 10) == .status(78) && daemon.output.contains("is not in cluster mode"))
  }
}
