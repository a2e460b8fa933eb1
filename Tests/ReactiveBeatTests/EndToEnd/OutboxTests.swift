import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The schedules are on one server and the queues on another: each occurrence arrives once and in order, whatever
/// happens in between.
@Suite struct OutboxTests {
  @Test func eachOccurrenceOnceInOrder() throws {
    let servers = try TwoServers()
    let daemon = try servers.launch()
    let ready = try daemon.wait(for: "ready")
    #expect(ready["delivery"] == "outbox")
    servers.store.set("a", schedule("a", every: "0.02", #", "catchup": "all""#))
    #expect(eventually { servers.ids().count >= 60 })
    // The note that a message was delivered lives for a week while the message is in the outbox, and for an hour
    // afterwards.
    let first = try "reactivebeat:dedup:\(#require(servers.ids().first))"
    #expect(eventually { (servers.broker.broker("TTL", first)?.integer ?? .max) <= 3_600 })
    #expect(try daemon.stop() == .status(0))
    let expected = servers.fired("a", every: 20_000)
    #expect(expected.count >= 60)
    #expect(servers.ids() == expected)
    // More than 20 fires in a second are logged as a number.
    let lines = daemon.logged("fired")
    #expect(lines.contains { $0.number("count") != nil })
    #expect(lines.reduce(0) { $0 + ($1.number("count") ?? 1) } == Double(expected.count))
    #expect(lines.compactMap { $0["id"] }.allSatisfy(expected.contains))
    // A stop waits for the deliveries that are on their way.
    #expect(servers.isDrained())
    #expect(servers.store.document("a")?.contains(#""total_run_count": \#(expected.count)"#) == true)
    // The store has no key of a broker. The broker has the keys that Celery would make, and the daemon's delivery
    // notes.
    #expect(servers.store.broker("DBSIZE")?.integer == 0)
    #expect(
      servers.broker.broker("KEYS", "*")?.array?.compactMap(\.text).filter { !$0.hasPrefix("reactivebeat:dedup:") }
        .sorted() == ["_kombu.binding.celery", "_kombu.binding_permanent.celery", "celery"])
    #expect(servers.broker.broker("KEYS", "reactivebeat:dedup:*")?.array?.count == expected.count)
    #expect(daemon.logged("deferred").isEmpty && daemon.logged("broker lost").isEmpty)
  }

  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases) func aWorkerRunsIt(_ version: CeleryWorker.Version)
    throws
  {
    let worker = try CeleryWorker.shared(version)
    let prefix = "tasks:\(UInt64.random(in: 0 ... .max)):"
    let servers = try TwoServers(store: Stage(on: RedisServer(), prefix: prefix), broker: Stage(on: worker.server))
    let daemon = try servers.daemon()
    servers.store.set("x", schedule("x", task: "recorder.record", #", "args": [7], "priority": 6\#(atOnce)"#))
    let line = try daemon.wait(for: "fired", key: servers.store.key("x"))
    let record = try worker.record(line.text("id"))
    #expect(record["args"] == .string("(7,)"))
    #expect(record["id"] == line["id"].map { .string($0) })
    // The message goes to each queue that the worker has bound.
    servers.store.set(
      "y",
      schedule(
        "y", task: "recorder.record", #", "exchange": "news", "routing_key": "sport.football.women"\#(atOnce)"#))
    let published = try daemon.wait(for: "fired", key: servers.store.key("y"))
    for _ in 0..<2 { #expect(try worker.record(published.text("id"))["exchange"] == .string("news")) }
    #expect(eventually { servers.isDrained() })
    try daemon.stop()
  }

  // MARK: the broker goes away

  /// The broker is killed and started, again and again: the schedules go on, and every message arrives.
  @Test func brokerKilled() throws {
    let servers = try TwoServers(TwoServers.durable)
    for name in ["a", "b"] { servers.store.set(name, schedule(name, every: "0.05", #", "catchup": "all""#)) }
    let daemon = try servers.daemon()
    for round in 1...3 {
      #expect(eventually { servers.ids().count >= round * 20 })
      servers.broker.server.kill()
      if round == 1 {
        let line = try daemon.wait(for: "broker lost")
        #expect(line.level == "error")
        #expect(line.reason.contains(servers.broker.server.socketPath))
        #expect(line["broker"]?.contains(servers.broker.server.socketPath) == true)
        #expect(line.number("waiting") != nil)
      }
      #expect(eventually { servers.outbox.count >= 10 })
      try servers.broker.restart()
      if round == 1 { try daemon.wait(for: "broker back") }
      #expect(eventually { servers.outbox.count < 3 })
    }
    try daemon.stop()
    let ids = servers.ids()
    for name in ["a", "b"] {
      let expected = servers.fired(name, every: 50_000)
      #expect(ids.filter(Set(expected).contains) == expected)
    }
    #expect(ids.count == servers.fired("a", every: 50_000).count + servers.fired("b", every: 50_000).count)
    #expect(daemon.logged("disconnected").isEmpty && daemon.logged("deferred").isEmpty)
  }

  /// The broker cannot be reached when the daemon starts.
  @Test func brokerUnreachableAtStart() throws {
    let servers = try TwoServers(TwoServers.durable)
    servers.broker.server.kill()
    let daemon = try servers.launch()
    #expect(try daemon.wait(for: "ready")["delivery"] == "outbox")
    try daemon.wait(for: "broker lost")
    servers.store.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: servers.store.key("a"))
    #expect(servers.outbox.count == 1)
    try servers.broker.restart()
    #expect(try daemon.wait(for: "broker back").number("waiting") == 0)
    #expect(servers.isDrained() && servers.ids().count == 1)
    // The same failure again and again was logged once.
    #expect(daemon.logged("broker lost").count == 1)
  }

  /// The outbox is delivered in its order, across all schedules.
  @Test func orderOfTheOutbox() throws {
    let servers = try TwoServers()
    for name in ["a", "b", "c"] { servers.store.set(name, schedule(name, every: "0.03", #", "catchup": "all""#)) }
    let daemon = try servers.daemon()
    #expect(eventually { servers.ids().count >= 5 })
    servers.broker.server.suspend()
    #expect(eventually { servers.outbox.count >= 60 })
    for name in ["a", "b", "c"] { servers.store.store("DEL", servers.store.key(name)) }
    for name in ["a", "b", "c"] { try daemon.wait(for: "removed", key: servers.store.key(name)) }
    let waiting = servers.outbox.compactMap { OutboxItem($0)?.taskID.description }
    servers.broker.server.resume()
    #expect(eventually { servers.isDrained() })
    let ids = servers.ids()
    #expect(ids.suffix(waiting.count) == waiting[...])
    #expect(Set(ids).count == ids.count)
  }

  /// The broker's answers get lost, so the relay does not know what it has delivered.
  @Test func answersOfTheBrokerLost() throws {
    let servers = try TwoServers()
    let proxy = try ServerProxy(to: servers.broker.server)
    let daemon = try servers.daemon(["CELERY_BROKER_URL": "redis+socket://\(proxy.path)?virtual_host=0"])
    servers.store.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    for round in 1...4 {
      #expect(eventually { servers.ids().count >= round * 5 })
      proxy.loseReplies()
      #expect(eventually { servers.outbox.count >= 3 })
      proxy.cut()
      #expect(eventually { servers.outbox.count < 2 })
    }
    try daemon.stop()
    #expect(servers.ids() == servers.fired("a", every: 100_000))
  }

  /// The broker became a replica: no message counts as refused, and none is deferred because of it.
  @Test func brokerIsAReplica() throws {
    let servers = try TwoServers()
    let daemon = try servers.daemon()
    servers.broker.broker("REPLICAOF", "127.0.0.1", "1")
    servers.store.set("a", schedule("a", atOnce))
    #expect(try daemon.wait(for: "broker lost").reason.contains("READONLY"))
    servers.broker.broker("REPLICAOF", "NO", "ONE")
    try daemon.wait(for: "broker back")
    #expect(servers.ids().count == 1)
    #expect(daemon.logged("broker lost").count == 1 && daemon.logged("deferred").isEmpty)
  }

  @Test func wrongPassword() throws {
    let servers = try TwoServers()
    servers.broker.broker("CONFIG", "SET", "requirepass", "right")
    let daemon = try servers.launch(user: ":wrongword@")
    let line = try daemon.wait(for: "broker lost")
    #expect(line.reason.contains("password is wrong"))
    servers.store.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: servers.store.key("a"))
    servers.broker.broker("AUTH", "right")
    servers.broker.broker("CONFIG", "SET", "requirepass", "wrongword")
    try daemon.wait(for: "broker back")
    #expect(eventually { servers.isDrained() })
    #expect(!daemon.output.contains("wrongword"))
  }

  // MARK: the daemon goes away

  /// The daemon is killed between fire and delivery: the next one finds the message.
  @Test func daemonKilled() throws {
    let servers = try TwoServers()
    servers.store.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let environment = ["BEAT_WATCH_LEASE_TTL": "1"]
    for round in 1...3 {
      let daemon = try servers.daemon(environment)
      #expect(eventually { servers.ids().count >= round * 5 })
      servers.broker.server.suspend()
      #expect(eventually { servers.outbox.count >= 5 })
      try daemon.kill()
      servers.broker.server.resume()
    }
    let daemon = try servers.daemon(environment)
    try daemon.wait(for: "leading")
    #expect(eventually { servers.ids().count >= 30 && servers.isDrained() })
    try daemon.stop()
    #expect(servers.ids() == servers.fired("a", every: 100_000))
  }

  /// The new leader carries on.
  @Test(arguments: [true, false]) func twoDaemons(haveALease: Bool) throws {
    let servers = try TwoServers()
    servers.store.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let environment = servers.store.environment().merging([
      "CELERY_BROKER_URL": servers.broker.url(0), "BEAT_WATCH_LEASE_TTL": "1",
    ]) { $1 }
    let daemons = try (0..<2).map { _ in try Daemon(environment, arguments: haveALease ? [] : ["--no-lease"]) }
    for daemon in daemons { try daemon.wait(for: "ready") }
    #expect(eventually { servers.ids().count >= 10 })
    let first = daemons.first { !$0.logged("fired").isEmpty }
    try first?.kill()
    #expect(eventually { servers.ids().count >= 25 })
    #expect(eventually { servers.isDrained() })
    for daemon in daemons where daemon.isRunning { try daemon.stop() }
    #expect(servers.ids() == servers.fired("a", every: 100_000))
  }

  /// A message that is on its queue is not put there again, whichever daemon tries.
  @Test func repeatsAreSuppressed() throws {
    let servers = try TwoServers()
    let daemon = try servers.daemon(["BEAT_WATCH_LOG_LEVEL": "debug"])
    servers.broker.server.suspend()
    servers.store.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: servers.store.key("a"))
    let item = try #require(servers.outbox.first)
    servers.broker.server.resume()
    #expect(eventually { servers.isDrained() })
    for _ in 0..<3 { servers.put(item) }
    servers.store.set("b", schedule("b", atOnce))
    try daemon.wait(for: "relayed") { $0.number("duplicates") == 3 }
    #expect(eventually { servers.isDrained() })
    #expect(servers.ids().count == 2 && Set(servers.ids()).count == 2)
  }

  // MARK: limits

  /// A broker that stays away does not fill the store: firing stops, and goes on later with the oldest occurrence.
  @Test func outboxFull() throws {
    let servers = try TwoServers(TwoServers.durable)
    let daemon = try servers.daemon(["BEAT_WATCH_OUTBOX_LIMIT": "5"])
    servers.broker.server.kill()
    servers.store.set("a", schedule("a", every: "0.2", #", "catchup": "all""#))
    let held = try daemon.wait(for: "deferred", key: servers.store.key("a"))
    #expect(held.level == "error")
    #expect(held.reason.contains("the outbox is full: 5 messages"))
    #expect(servers.outbox.count == 5)
    #expect(servers.store.watermark("a")?.totalRunCount == 5)
    try servers.broker.restart()
    try daemon.wait(for: "broker back")
    #expect(eventually { servers.ids().count >= 15 })
    try daemon.stop()
    let expected = servers.fired("a", every: 200_000)
    #expect(servers.ids() == expected)
    #expect(expected[5] == servers.store.taskIDs("a", last: try held.time("due"), every: 1, count: 1).first)
  }

  /// A delivered message that cannot be taken out is passed over. If another daemon's relay has taken it out in the
  /// meantime, the message in its place is not passed over.
  @Test func takenOutByAnother() throws {
    let servers = try TwoServers()
    servers.store.store("ACL", "SETUSER", "beat", "on", ">secret", "~*", "&*", "+@all", "-lrem")
    let first = OutboxItem.sample("first").bytes
    servers.put(first)
    let daemon = try servers.launch([
      "CELERY_REDIS_SCHEDULER_URL": servers.store.url(servers.store.storeDatabase, user: "beat:secret@")
    ])
    #expect(try daemon.wait(for: "deferred").reason.contains("cannot be taken out"))
    servers.store.store.call([Array("LREM".utf8), Array(servers.outboxKey.utf8), Array("0".utf8), first])
    servers.put(OutboxItem.sample("second").bytes)
    servers.store.set("a", schedule("a", atOnce))
    let fired = try daemon.wait(for: "fired", key: servers.store.key("a"))
    #expect(eventually { servers.ids().count == 3 })
    #expect(servers.ids() == ["first", "second", fired["id"]])
  }

  /// A queue that does not take its messages does no harm to other queues, however many wait for it.
  @Test func queueOfAnotherType() throws {
    let servers = try TwoServers()
    servers.broker.broker("SET", "wrong", "x")
    for number in 0..<300 { servers.put(OutboxItem.sample("wrong-\(number)", .queue("wrong")).bytes) }
    let daemon = try servers.daemon()
    let held = try daemon.wait(for: "deferred")
    #expect(held.reason.contains("wrong") && held.reason.contains("string") && held.reason.contains("list"))
    #expect(held["queue"] == "wrong" && held["id"] == "wrong-0")
    for name in ["a", "b"] {
      servers.store.set(name, schedule(name, atOnce))
      let line = try daemon.wait(for: "fired", key: servers.store.key(name))
      #expect(eventually { servers.ids().last == line["id"] })
    }
    #expect(eventually { servers.outbox.count == 300 })
    servers.broker.broker("DEL", "wrong")
    #expect(eventually { servers.isDrained() })
    #expect(servers.ids("wrong") == (0..<300).map { "wrong-\($0)" })
    #expect(daemon.logged("deferred").count == 1)
  }

  @Test func exchangeWithoutAQueue() throws {
    let servers = try TwoServers()
    let daemon = try servers.daemon()
    servers.store.set(
      "x", schedule("x", #", "exchange": "late", "routing_key": "some.key", "priority": 4\#(atOnce)"#))
    let fired = try daemon.wait(for: "fired", key: servers.store.key("x"))
    let held = try daemon.wait(for: "deferred")
    #expect(held.reason.contains("no queue is bound to exchange late with routing key some.key"))
    #expect(held["id"] == fired["id"])
    servers.store.set("y", schedule("y", atOnce))
    #expect(eventually { servers.ids().count == 1 })
    let pattern = "some.*\u{06}\u{16}^some\\.[^\\.]+$\u{06}\u{16}"
    servers.broker.broker("SADD", "_kombu.binding.late", pattern + "one", pattern + "two")
    #expect(eventually { servers.isDrained() })
    #expect(servers.ids("one\u{06}\u{16}3") == [fired["id"]])
    #expect(servers.ids("two\u{06}\u{16}3") == [fired["id"]])
    #expect(daemon.logged("deferred").count == 1)
  }

  /// The outbox takes a number of messages that cannot be delivered, and then no more of those schedules. So other
  /// messages have a short way.
  @Test func manyMessagesThatNobodyTakes() throws {
    let servers = try TwoServers()
    for number in 0..<20 {
      servers.store.set(
        "x\(number)",
        schedule("x\(number)", every: "0.01", #", "catchup": "all", "exchange": "late", "routing_key": "k""#))
    }
    servers.store.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let daemon = try servers.daemon()
    let held = try daemon.wait(for: "deferred") { $0["key"]?.contains("x") == true }
    #expect(
      held.reason.hasPrefix("1000 messages that cannot be delivered wait in the outbox, and no more are put there"))
    #expect(held.reason.contains("no queue is bound to exchange late"))
    let count = servers.ids().count
    usleep(2_000_000)
    // More may come: the fires that were on their way when the thousandth message was found.
    #expect(servers.outbox.count < 3_000)
    #expect(servers.ids().count >= count + 10)
    servers.broker.broker("SADD", "_kombu.binding.late", "k\u{06}\u{16}k\u{06}\u{16}one")
    #expect(eventually(within: 60) { servers.broker.broker("LLEN", "one")?.integer ?? 0 > 4_000 })
    try daemon.stop()
    let ids = servers.ids("one")
    #expect(Set(ids).count == ids.count)
    for number in 0..<20 {
      let expected = servers.fired("x\(number)", every: 10_000)
      #expect(ids.filter(Set(expected).contains) == expected)
    }
  }

  /// A daemon that is stopped gives its lease back however many messages wait for the broker. The next leader carries
  /// on at once.
  @Test func stopBesideALongOutbox() throws {
    let servers = try TwoServers()
    for page in 0..<200 {
      let items = (0..<1_000).map { OutboxItem.sample("\(page)-\($0)").bytes }
      servers.store.store.call([Array("LPUSH".utf8), Array(servers.outboxKey.utf8)] + items)
    }
    let daemon = try servers.daemon(["BEAT_WATCH_LEASE_TTL": "60"])
    try daemon.wait(for: "leading")
    let lease = "reactivebeat:\(servers.store.prefix)lease"
    #expect(servers.store.store("EXISTS", lease)?.integer == 1)
    #expect(try daemon.stop(within: 10) == .status(0))
    #expect(servers.store.store("EXISTS", lease)?.integer == 0)
    // What was delivered has come once, and in order.
    let ids = servers.ids()
    #expect(ids == (0..<ids.count).map { "\($0 / 1_000)-\($0 % 1_000)" })
    #expect(ids.count < 200_000)
  }

  @Test func foreignItem() throws {
    let servers = try TwoServers()
    servers.put(Array("what is this".utf8))
    let daemon = try servers.daemon()
    #expect(try daemon.wait(for: "deferred").reason.contains("what is this"))
    servers.store.set("a", schedule("a", atOnce))
    #expect(eventually { servers.ids().count == 1 && servers.outbox == [Array("what is this".utf8)] })
  }

  @Test func outboxOfAnotherType() throws {
    let servers = try TwoServers()
    servers.store.store("SET", servers.outboxKey, "x")
    let daemon = try servers.daemon()
    servers.store.set("a", schedule("a", atOnce))
    let held = try daemon.wait(for: "deferred", key: servers.store.key("a"))
    #expect(held.reason.contains(servers.outboxKey) && held.reason.contains("string"))
    servers.store.store("DEL", servers.outboxKey)
    #expect(eventually { servers.ids().count == 1 })
  }

  /// Messages that together fill the relay's window, and messages that are longer than it.
  @Test func largeMessages() throws {
    let servers = try TwoServers()
    let text = String(repeating: "x", count: 700_000)
    let daemon = try servers.daemon()
    servers.broker.server.suspend()
    for name in ["a", "b", "c", "d", "e"] {
      servers.store.set(name, schedule(name, #", "args": ["\#(text)"]\#(atOnce)"#))
      try daemon.wait(for: "fired", key: servers.store.key(name))
    }
    servers.broker.server.resume()
    #expect(eventually { servers.isDrained() })
    #expect(servers.ids() == daemon.logged("fired").compactMap { $0["id"] })
  }

  // MARK: from one delivery to the other

  /// At first the daemon cannot know that the broker is the store's server; in the next session it can.
  @Test func oneServerAfterAll() throws {
    let stage = try Stage()
    let path = stage.server.folder + "/proxy.sock"
    let daemon = try stage.launch(["CELERY_BROKER_URL": "redis+socket://\(path)?virtual_host=0"])
    #expect(try daemon.wait(for: "ready")["delivery"] == "outbox")
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    let proxy = try ServerProxy(to: stage.server)
    #expect(proxy.path == path)
    #expect(eventually { stage.messages().count == 1 })
    let clients = try #require(stage.store("CLIENT", "LIST", "TYPE", "normal")?.text)
    let commands = try #require(clients.split(separator: "\n").first { $0.contains(" name=beat-watch ") })
    let id = commands.drop { $0 != "=" }.dropFirst().prefix { $0 != " " }
    #expect(stage.store("CLIENT", "KILL", "ID", String(id))?.integer == 1)
    #expect(try daemon.wait(for: "reconnected")["delivery"] == "direct")
    stage.set("b", schedule("b", atOnce))
    #expect(eventually { stage.messages().count == 2 })
    #expect(stage.broker("KEYS", "reactivebeat:dedup:*")?.array?.count == 1)
  }

  /// An outbox that an earlier run has left is delivered, though nothing is added to it any more.
  @Test func leftBehind() throws {
    let stage = try Stage()
    let servers = TwoServers(store: stage, broker: stage)
    for id in ["1", "2", "3"] { servers.put(OutboxItem.sample(id).bytes) }
    let daemon = try stage.launch()
    #expect(try daemon.wait(for: "ready")["delivery"] == "direct")
    #expect(eventually { servers.isDrained() })
    #expect(servers.ids() == ["1", "2", "3"])
    // Messages that are delivered directly do not wait for the outbox.
    stage.set("a", schedule("a", every: "0.01", #", "catchup": "all", "last_run_at": "2000-01-01T00:00:00Z""#))
    #expect(eventually { servers.ids().count > 1_000 })
  }

  /// While the outbox is empty, the daemon asks the broker for nothing.
  @Test func idle() throws {
    let servers = try TwoServers()
    let daemon = try servers.daemon()
    servers.store.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: servers.store.key("a"))
    #expect(eventually { servers.isDrained() })
    // The relay's last command for a message shortens the life of its delivery note.
    let note = try "reactivebeat:dedup:\(#require(servers.ids().first))"
    #expect(eventually { (servers.broker.broker("TTL", note)?.integer ?? .max) <= 3_600 })
    servers.broker.broker("CONFIG", "RESETSTAT")
    servers.store.broker("CONFIG", "RESETSTAT")
    // Some heartbeats go by.
    func calls(_ stage: Stage) -> [Substring] {
      let statistics = stage.broker("INFO", "commandstats")?.text ?? ""
      return statistics.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("cmdstat_") }
    }
    func heartbeats() -> Int {
      let line = calls(servers.store).first { $0.hasPrefix("cmdstat_pttl:calls=") }
      return line.flatMap { Int($0.dropFirst("cmdstat_pttl:calls=".count).prefix(while: \.isNumber)) } ?? 0
    }
    #expect(eventually { heartbeats() >= 2 })
    #expect(!calls(servers.store).contains { $0.hasPrefix("cmdstat_llen") || $0.hasPrefix("cmdstat_lrem") })
    #expect(
      calls(servers.broker).allSatisfy { $0.hasPrefix("cmdstat_config") || $0.hasPrefix("cmdstat_info") },
      "\(calls(servers.broker))")
  }
}
