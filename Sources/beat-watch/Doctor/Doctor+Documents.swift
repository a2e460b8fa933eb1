import BeatCore
import ReactiveBeat

/// Our own keys, the documents, and the queues they lead to.
extension Doctor {
  /// How many of one kind are named.
  private static let named = 5

  func examineKeys() throws {
    let keys = client.keys
    let own = [
      keys.mark, keys.outbox, keys.receipts, keys.history, keys.manual, keys.daemons, keys.lease, keys.epoch,
      keys.incarnation,
    ]
    let types = try client.replies(to: own.map { RedisCommand("TYPE", $0) })
    var isInOrder = true
    for (name, reply) in zip(own, types) {
      guard let type = reply.text, type != "none", type != keys.type(of: name) else { continue }
      isInOrder = false
      add(
        .problem, "keys", "\(EntryName(name)) holds a Redis \(type), and ours is a \(keys.type(of: name))",
        fix: "\(cli) RENAME \(key(name)) \(key(name + Array(".foreign".utf8)))")
    }
    if isInOrder { add(.ok, "keys", "the daemon's own keys have their types") }
    try examinePrefixes()
  }

  /// Other prefixes in the same database: somebody else's, or a mistake in ours?
  private func examinePrefixes() throws {
    var found: Set<String> = []
    var cursor = "0"
    repeat {
      let reply = try client.command(RedisCommand("SCAN", cursor, "MATCH", "reactivebeat:*:mark", "COUNT", 5000))
      guard let parts = reply.array, parts.count == 2, let next = parts[0].text else { return }
      for name in parts[1].array ?? [] {
        if let bytes = name.bytes, bytes != client.keys.mark {
          found.insert("\(EntryName(Array(bytes.dropFirst("reactivebeat:".utf8.count).dropLast("mark".utf8.count))))")
        }
      }
      cursor = next
    } while cursor != "0"
    if !found.isEmpty {
      let prefixes = found.sorted().prefix(Self.named).joined(separator: ", ")
      add(
        .warning, "prefixes", "schedules of another prefix have been fired from this database: \(prefixes)",
        fix: "if they are yours: --key-prefix, or CELERY_REDIS_SCHEDULER_KEY_PREFIX, the same for all")
    }
  }

  func examineDocuments() throws {
    let now = try client.time()
    let names = try client.names()
    var (rejected, doubtful, overdue): ([String], [String], [String]) = ([], [], [])
    var routes: [Route: [EntryName]] = [:]
    var survey = StoreClient.DueSurvey()
    let context = dueContext
    try client.eachDocument(names) { [self] document in
      guard !document.isAbsent else { return }
      let standing = ScheduleStanding(document.name, document.read, context: context, now: now)
      survey.add(standing)
      if case .rejected(let reason) = standing.state { return rejected.append("\(document.name): \(reason)") }
      doubtful += standing.warnings.map { "\(document.name): \($0)" }
      guard case .enabled = standing.state else { return }
      if let since = standing.overdueSince, now.microseconds(since: since) > FiringHealth.patience {
        overdue.append("\(document.name) is overdue since \(TimeWords.short(since))")
      }
      if let bytes = document.bytes, let definition = try? ScheduleDocument(bytes, context: context).definition {
        routes[Route(definition.options, defaultQueue: defaultQueue), default: []].append(document.name)
      }
    }
    func tell(_ level: Finding.Level, _ what: String, _ list: [String], _ fix: String) {
      for text in list.prefix(Self.named) { add(level, "documents", text, fix: fix) }
      if list.count > Self.named { add(level, "documents", "and \(list.count - Self.named) more \(what)", fix: fix) }
    }
    tell(.problem, "that cannot be used", rejected, "beat-watch edit NAME (`beat-watch lint` shows all that is wrong)")
    tell(.warning, "that look doubtful", doubtful, "beat-watch edit NAME")
    if isFiring {
      tell(.problem, "that are overdue", overdue, "look for `held` and this name in the log of the daemon that fires")
    }
    if survey.count == 0 {
      add(
        .warning, "documents", "no schedule stands under \(EntryName(client.keys.prefix)) in \(client.url)",
        fix: "is it the right database and --key-prefix? `\(cli) INFO keyspace` shows where keys are")
    } else if rejected.isEmpty, doubtful.isEmpty {
      add(.ok, "documents", "\(survey.count) schedules, all understood")
    }
    try examineFiring(survey)
    if let broker { try examineQueues(routes, on: broker) }
  }

  // MARK: queues

  private func examineQueues(_ routes: [Route: [EntryName]], on broker: StoreClient) throws {
    var queues: Set<[UInt8]> = []
    for (route, names) in routes {
      switch route {
      case .queue(let queue): queues.insert(Array(queue.utf8))
      case .exchange(let exchange, let key):
        let members = try broker.command(RedisCommand("SMEMBERS", RedisKeys.bindings(exchange))).array ?? []
        let bound = members.compactMap { $0.bytes.flatMap { QueueBinding(member: $0) } }
          .filter { $0.matches(Array(key.utf8)) }.map(\.queue)
        queues.formUnion(bound)
        if bound.isEmpty {
          add(
            .problem, "queues",
            "no queue is bound to exchange \(exchange) for routing key \(key) (schedule \(names[0])): "
              + "nothing can be sent", fix: "start the worker that consumes from it, or name the queue in the document")
        }
      }
    }
    let listening = try consumers(on: broker)
    let sorted = queues.sorted { $0.lexicographicallyPrecedes($1) }
    let first = try lengths(sorted, on: broker)
    var waiting: [(queue: [UInt8], count: Int64)] = []
    for (queue, state) in zip(sorted, first) {
      switch state {
      case .failure(let type):
        add(
          .problem, "queues", "\(EntryName(queue)) holds a Redis \(type.type), not a list: no message fits in",
          fix: "\(Self.cli(broker.url)) RENAME \(key(queue)) \(key(queue + Array(".foreign".utf8)))")
      case .success(let count) where count > 0: waiting.append((queue, count))
      case .success: break
      }
    }
    // What waits and is not taken in a second, while it could be.
    var isInOrder = true
    if !waiting.isEmpty {
      let oldest = try tails(waiting.map(\.queue), on: broker)
      pause(1_000_000)
      let later = try tails(waiting.map(\.queue), on: broker)
      for (index, (queue, count)) in waiting.enumerated() where oldest[index] == later[index] && oldest[index] != nil {
        isInOrder = false
        add(
          listening == 0 ? .problem : .warning, "queues",
          "\(count) message\(count == 1 ? "" : "s") wait in \(EntryName(queue)), and none was taken within a second"
            + (listening == 0 ? ": no worker waits for messages on \(broker.url)" : ""),
          fix: "celery -A YOUR_APP worker -Q \(key(queue))")
      }
    } else if listening == 0, !queues.isEmpty {
      isInOrder = false
      add(
        .warning, "queues", "no worker waits for messages on \(broker.url)",
        fix: "celery -A YOUR_APP worker -Q "
          + sorted.prefix(Self.named).map { "\(EntryName($0))" }.joined(separator: ","))
    }
    if isInOrder, !queues.isEmpty { add(.ok, "queues", "\(queues.count) queues, whose messages are taken") }
  }

  private struct WrongType: Error { let type: String }

  /// Of all lists of a queue, one for each priority.
  private func lengths(_ queues: [[UInt8]], on broker: StoreClient) throws -> [Result<Int64, WrongType>] {
    try queues.map { queue in
      let lists = [Int64](arrayLiteral: 0, 3, 6, 9).map { RedisKeys.queue(queue, priority: $0) }
      let types = try broker.replies(to: lists.map { RedisCommand("TYPE", $0) }).map { $0.text ?? "none" }
      if let wrong = types.first(where: { $0 != "list" && $0 != "none" }) { return .failure(WrongType(type: wrong)) }
      return .success(
        try broker.replies(to: lists.map { RedisCommand("LLEN", $0) }).reduce(0) { $0 + ($1.integer ?? 0) })
    }
  }

  /// The message that is taken next from each queue's first list that has one.
  private func tails(_ queues: [[UInt8]], on broker: StoreClient) throws -> [[UInt8]?] {
    try queues.map { queue in
      let lists = [Int64](arrayLiteral: 0, 3, 6, 9).map { RedisKeys.queue(queue, priority: $0) }
      return try broker.replies(to: lists.map { RedisCommand("LINDEX", $0, "-1") }).compactMap(\.bytes).first
    }
  }

  /// Connections that wait in BRPOP on the broker's database; nil: CLIENT LIST is not allowed.
  private func consumers(on broker: StoreClient) throws -> Int? {
    guard let text = try broker.replies(to: [RedisCommand("CLIENT", "LIST")])[0].text else { return nil }
    return text.split(separator: "\n").count { line in
      let words = line.split(separator: " ")
      return words.contains("cmd=brpop") && words.contains("db=\(broker.url.database)")
    }
  }

  private func pause(_ microseconds: Int64) {
    let loop = client.loop
    let timer = LoopTimer(on: loop) { loop.stop() }
    timer.schedule(after: microseconds)
    loop.run()
  }
}
