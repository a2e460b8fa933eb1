import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The daemon itself with its schedules in Redis and the queues on RabbitMQ.
@Suite struct RabbitDaemonTests {
  private let stage: Stage

  init() throws { stage = try Stage() }

  private func daemon(_ url: String, _ more: [String: String] = [:]) throws -> Daemon {
    let daemon = try Daemon(
      [
        "CELERY_REDIS_SCHEDULER_URL": stage.url(1), "CELERY_BROKER_URL": url,
        "BEAT_WATCH_LEASE_TTL": "1",
      ].merging(more) { $1 })
    try daemon.wait(for: "ready")
    return daemon
  }

  private func document(_ name: String, every seconds: Double = 0.2, more: String = "") -> String {
    #"{"name": "\#(name)", "task": "t", "enabled": true, "interval": {"every": \#(seconds), "period": "seconds"}, "#
      + #""catchup": "all", "last_run_at": null, "total_run_count": 0\#(more.isEmpty ? "" : ", \(more)")}"#
  }

  /// The task ids in a queue, the oldest first, as a consumer gets them; the queue is empty then.
  private func drain(_ queue: String, _ server: RabbitServer, _ virtualHost: String) throws -> [String] {
    try server.python(
      """
      while (m := ch.basic_get("\(queue)", no_ack=True)):
        assert m.properties["correlation_id"] == m.properties["application_headers"]["id"]
        print(m.properties["correlation_id"])
      """, virtualHost: virtualHost
    ).split(separator: "\n").map(String.init)
  }

  /// A schedule whose queue is not there waits alone, and nothing is lost when it comes.
  @Test func aQueueThatComesLaterGetsAllThatWaits() throws {
    let server = try RabbitServer.shared()
    let virtualHost = try server.newVirtualHost()
    try server.declare("celery", virtualHost: virtualHost)
    let daemon = try daemon(server.url(virtualHost: virtualHost))
    stage.set("late", document("late", more: #""queue": "later""#))
    stage.set("now", document("now"))
    let deferred = try daemon.wait(for: "deferred")
    #expect(deferred.reason.contains("there is no queue later"), "\(deferred)")
    #expect(eventually(within: 30) { (try? server.messages(in: "celery", virtualHost: virtualHost)) ?? 0 >= 3 })
    #expect(
      try stage.run("doctor", "--broker-url", server.url(virtualHost: virtualHost)).text.contains("no queue later"))
    try server.declare("later", virtualHost: virtualHost)
    #expect(eventually(within: 90) { (try? server.messages(in: "later", virtualHost: virtualHost)) ?? 0 >= 3 })
    // What is fired while the daemon stops may wait for the next one.
    for name in ["late", "now"] { stage.store("DEL", stage.key(name)) }
    #expect(eventually(within: 60) { stage.store("LLEN", "reactivebeat:tasks:meta:outbox")?.integer == 0 })
    #expect(try daemon.stop() == .status(0))
    let ids = try drain("later", server, virtualHost)
    #expect(Set(ids).count == ids.count)
  }

  @Test func theCommandsSayWhatRabbitMQDoesOtherwise() throws {
    let server = try RabbitServer.shared()
    let virtualHost = try server.newVirtualHost()
    try server.declare("celery", virtualHost: virtualHost)
    let url = server.url(virtualHost: virtualHost)
    let daemon = try daemon(url)
    stage.set("a", document("a", every: 60, more: #""priority": 7"#))
    let explanation = try stage.run("explain", "a", "--broker-url", url).text
    #expect(explanation.contains("priority 7: RabbitMQ serves the largest first"), "\(explanation)")
    #expect(try stage.run("status").text.contains("promises   each run at least once"))
    #expect(try daemon.stop() == .status(0))
    let closed = try stage.run("doctor", "--broker-url", "amqp://127.0.0.1:1/x;\(url)").text
    #expect(closed.contains("amqp://127.0.0.1:1") && closed.contains("is RabbitMQ"), "\(closed)")
    // A client that goes without a word is a warning in RabbitMQ's log for each command.
    #expect(try server.abruptEnds(virtualHost: virtualHost) == [])
  }

  /// What the application's workers would do is in its manifest.
  @Test func queuesAreDeclaredAsTheManifestSays() throws {
    let server = try RabbitServer.shared()
    let virtualHost = try server.newVirtualHost()
    stage.store(
      "SET", "reactivebeat:tasks:meta:application", #"{"version": 1, "tasks": {}, "queue_declaration": "quorum"}"#)
    let daemon = try daemon(server.url(virtualHost: virtualHost), ["BEAT_WATCH_BROKER_DECLARE": "application"])
    stage.set("a", document("a", more: #""queue": "made""#))
    #expect(eventually(within: 60) { (try? server.messages(in: "made", virtualHost: virtualHost)) ?? 0 >= 2 })
    #expect(try daemon.stop() == .status(0))
  }

  @Test func queuesAreDeclaredWhereAsked() throws {
    let server = try RabbitServer.shared()
    let virtualHost = try server.newVirtualHost()
    let daemon = try daemon(server.url(virtualHost: virtualHost), ["BEAT_WATCH_BROKER_DECLARE": "quorum"])
    stage.set("a", document("a", more: #""queue": "made""#))
    #expect(eventually(within: 60) { (try? server.messages(in: "made", virtualHost: virtualHost)) ?? 0 >= 2 })
    #expect(try daemon.stop() == .status(0))
  }

  /// RabbitMQ is killed, an alarm is raised, and connections are closed: nothing is lost, the order stays, and what came
  /// twice was said before.
  @Test(.timeLimit(.minutes(10))) func nothingIsLostWhileTheServerDiesAndComesBack() throws {
    let server = try RabbitServer()
    try server.declare("celery")
    let daemon = try daemon(server.url())
    stage.set("a", document("a", every: 0.05))
    func hasAtLeast(_ count: Int) -> Bool {
      eventually(within: 60) { (try? server.messages(in: "celery")) ?? 0 >= count }
    }
    #expect(hasAtLeast(5))
    try server.raiseMemoryAlarm()
    try daemon.wait(for: "broker lost")
    try server.endMemoryAlarm()
    try daemon.wait(for: "broker back")
    try server.closeConnections()
    let before = try server.messages(in: "celery") ?? 0
    #expect(hasAtLeast(before + 5))
    server.kill()
    try daemon.wait(for: "broker lost")
    try server.start()
    try daemon.wait(for: "broker back")
    let later = try server.messages(in: "celery") ?? 0
    #expect(hasAtLeast(later + 5))
    #expect(try daemon.stop() == .status(0))
    let sent = daemon.lines.filter { $0.message == "fired" }.compactMap { $0["id"] }
    let ids = try drain("celery", server, "/")
    #expect(Set(sent).isSubset(of: Set(ids)), "lost: \(Set(sent).subtracting(ids))")
    var seen: Set<String> = []
    let first = ids.filter { seen.insert($0).inserted }
    // The log's lines are read up to the last one that was waited for.
    let known = Set(sent)
    let isInOrder = first.filter(known.contains) == sent
    let change = zip(first.filter(known.contains), sent).enumerated().first { $1.0 != $1.1 }?.offset
    #expect(isInOrder, "the order changed at \(change ?? -1) of \(sent.count), \(first.count) in the queue")
    let repeats = daemon.lines.filter { $0.message == "possible repeats" }.compactMap { $0.number("count") }
    #expect(
      Double(ids.count - first.count) <= repeats.reduce(0, +), "\(ids.count - first.count) repeats, said: \(repeats)")
  }
}
