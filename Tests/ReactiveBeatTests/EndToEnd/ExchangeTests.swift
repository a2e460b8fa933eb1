import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A document that names an exchange goes to the queues that real workers have bound to it.
@Suite struct ExchangeTests {
  private func addressed(_ exchange: String, _ routingKey: String, _ more: String = "") -> String {
    schedule(
      "n", task: "recorder.record", #", "exchange": "\#(exchange)", "routing_key": "\#(routingKey)"\#(more)\#(atOnce)"#)
  }

  /// Each queue whose binding matches runs the task.
  @Test(
    .needsWorkers, arguments: CeleryWorker.Version.allCases,
    [
      ("news", "sport.results", 3), ("news", "sport.football.women", 2), ("news", "weather", 1),
      ("reports", "daily", 1),
    ])
  func workersRunIt(_ version: CeleryWorker.Version, _ route: (exchange: String, key: String, runs: Int)) throws {
    let worker = try CeleryWorker.shared(version)
    let stage = try Stage(on: worker.server, prefix: "tasks:\(UInt64.random(in: 0 ... .max)):")
    let daemon = try stage.daemon()
    stage.set("x", addressed(route.exchange, route.key))
    let line = try daemon.wait(for: "fired", key: stage.key("x"))
    for _ in 0..<route.runs {
      let record = try worker.record(line.text("id"))
      #expect(record["exchange"] == .string(route.exchange))
      #expect(record["routing_key"] == .string(route.key))
    }
    try daemon.stop()
  }

  /// The lists themselves, on a server without a worker that has the bindings which a worker has made.
  @Test(
    .needsWorkers, arguments: CeleryWorker.Version.allCases,
    [
      ("news", "sport.results", ["news.all", "news.results", "news.sport"]),
      // In AMQP "sport.#" matches "sport". Kombu's pattern wants the dot, so here it does not.
      ("news", "sport", ["news.all"]),
      ("news", "other.results", ["news.all", "news.results"]),
      ("news", "a.b.results", ["news.all"]),
      ("reports", "daily", ["reports.daily"]),
    ])
  func listsOfBoundQueues(
    _ version: CeleryWorker.Version, _ route: (exchange: String, key: String, queues: [String])
  ) throws {
    let worker = try CeleryWorker.shared(version)
    let bindings = "_kombu.binding.\(route.exchange)"
    let members = try worker.server.client()("SMEMBERS", bindings)?.array?.compactMap(\.bytes) ?? []
    #expect(!members.isEmpty)
    let stage = try Stage()
    stage.broker.call(["SADD", bindings].map { Array($0.utf8) } + members)
    let daemon = try stage.daemon()
    stage.set("x", addressed(route.exchange, route.key, #", "priority": 6"#))
    let line = try daemon.wait(for: "fired", key: stage.key("x"))
    #expect(line["queue"] == "\(route.exchange)/\(route.key)")
    let lists = stage.broker("KEYS", "*")?.array?.compactMap(\.text).filter { !$0.hasPrefix("_kombu") }.sorted()
    #expect(lists == route.queues.map { $0 + "\u{06}\u{16}6" })
    for list in lists ?? [] { #expect(stage.messages(list).map(\.id) == [line["id"]]) }
    #expect(stage.watermark("x")?.totalRunCount == 1)
  }

  /// Celery itself would lose the message. Here the fire is deferred, and sent when a worker has bound a queue.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases) func deferredUntilBound(
    _ version: CeleryWorker.Version
  ) throws {
    let worker = try CeleryWorker.shared(version)
    let name = "late\(UInt64.random(in: 0 ... .max))"
    let stage = try Stage(on: worker.server, prefix: "tasks:\(name):")
    let daemon = try stage.daemon()
    stage.set("x", addressed(name, "some.key"))
    let held = try daemon.wait(for: "deferred", key: stage.key("x"))
    #expect(held.level == "error")
    #expect(held.reason.contains("no queue is bound to exchange \(name) with routing key some.key"))
    #expect(stage.watermark("x")?.taskID == nil)
    stage.set(
      "bind",
      schedule("bind", task: "recorder.consume", #", "args": ["\#(name)", "\#(name)", "topic", "some.*"]\#(atOnce)"#))
    let line = try daemon.wait(for: "fired", key: stage.key("x"), within: 15)
    #expect(line["due"] == held["due"])
    #expect(try worker.record(line.text("id"))["exchange"] == .string(name))
    #expect(stage.watermark("x")?.totalRunCount == 1)
    #expect(daemon.logged("deferred").count == 1)
    try daemon.stop()
  }

  @Test func bindingsOfAnotherType() throws {
    let stage = try Stage()
    stage.broker("SET", "_kombu.binding.wrong", "x")
    let daemon = try stage.daemon()
    stage.set("x", addressed("wrong", "key"))
    let held = try daemon.wait(for: "deferred", key: stage.key("x"))
    #expect(held.reason.contains("exchange wrong") && held.reason.contains("WRONGTYPE"))
    stage.broker("DEL", "_kombu.binding.wrong")
    stage.broker("SADD", "_kombu.binding.wrong", "key\u{06}\u{16}\u{06}\u{16}right")
    try daemon.wait(for: "fired", key: stage.key("x"))
    #expect(stage.messages("right").count == 1)
  }

  /// A queue's key that is no list harms only the schedules of that queue, until it is put right.
  @Test func queueOfAnotherType() throws {
    let stage = try Stage()
    stage.broker("SET", "wrong", "x")
    let daemon = try stage.daemon()
    stage.set("x", schedule("x", #", "queue": "wrong"\#(atOnce)"#))
    let held = try daemon.wait(for: "deferred", key: stage.key("x"))
    #expect(held.reason.contains("wrong") && held.reason.contains("string") && held.reason.contains("list"))
    stage.set("y", schedule("y", atOnce))
    try daemon.wait(for: "fired", key: stage.key("y"))
    stage.broker("DEL", "wrong")
    try daemon.wait(for: "fired", key: stage.key("x"))
    #expect(stage.messages("wrong").count == 1)
  }
}
