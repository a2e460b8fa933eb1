import BeatCore
import ReactiveBeat

/// The queues that schedules lead to: whether messages fit in, and whether somebody takes them.
extension Doctor {
  func examineQueues(_ routes: [Route: [EntryName]], on broker: StoreClient) throws {
    var queues: Set<[UInt8]> = []
    let cluster = try client.clusterFit()
    for (route, names) in routes {
      switch route {
      case .queue(let queue): queues.insert(Array(queue.utf8))
      case .exchange(let exchange, let key):
        let members = try broker.command(RedisCommand("SMEMBERS", kombu.bindings(of: exchange))).array ?? []
        let bound = kombu.queues(boundBy: members.compactMap(\.bytes), routingKey: key)
        queues.formUnion(bound)
        for queue in bound {
          guard let problem = cluster?.problem(ofList: kombu.list(of: queue, priority: 0), queue: "\(EntryName(queue))")
          else { continue }
          add(
            .problem, "queues", "exchange \(exchange), routing key \(key) (schedule \(names[0])): \(problem)",
            fix: ClusterFit.advice)
        }
        if bound.isEmpty {
          add(
            .problem, "queues",
            "no queue is bound to exchange \(exchange) for routing key \(key) (schedule \(names[0])): "
              + "nothing can be sent", fix: "start the worker that consumes from it, or name the queue in the document")
        }
      }
    }
    examineNames(of: queues, on: broker)
    let listening = try consumers(on: broker)
    let sorted = queues.sorted { $0.lexicographicallyPrecedes($1) }
    let first = try lengths(sorted, on: broker)
    var waiting: [(queue: [UInt8], count: Int64)] = []
    /// What this user may not see.
    var unseen: Set<String> = listening == nil ? ["+client|list"] : []
    for (queue, state) in zip(sorted, first) {
      switch state {
      case .failure(let wrong):
        add(
          .problem, "queues", "\(EntryName(wrong.list)) holds a Redis \(wrong.type), not a list: no message fits in",
          fix: "\(Self.cli(broker.url)) RENAME \(key(wrong.list)) \(key(wrong.list + Array(".foreign".utf8)))")
      case .success(nil): unseen.insert("+llen")
      case .success(let count?) where count > 0: waiting.append((queue, count))
      case .success: break
      }
    }
    // What waits and is not taken in a second, while it could be.
    var isInOrder = true
    if !waiting.isEmpty {
      let oldest = try tails(waiting.map(\.queue), on: broker)
      if oldest != nil { pause(1_000_000) }
      let later = try tails(waiting.map(\.queue), on: broker)
      for (index, (queue, count)) in waiting.enumerated() {
        guard let oldest, let later else {
          unseen.insert("+lindex")
          add(
            .warning, "queues",
            "\(Plural.of(count, "message waits", "messages wait")) in \(EntryName(queue)), and whether they are taken this user "
              + "may not see (+lindex)", fix: Self.grantToLook)
          continue
        }
        guard oldest[index] == later[index], oldest[index] != nil else { continue }
        isInOrder = false
        add(
          listening == 0 ? .problem : .warning, "queues",
          "\(Plural.of(count, "message waits", "messages wait")) in \(EntryName(queue)), and none was taken within a second"
            + (listening == 0 ? ": no worker waits for messages on \(broker.url)" : ""),
          fix: "celery -A YOUR_APP worker -Q \(key(queue))"
            + (listening == 0 ? "" : ", with the priority_steps of --broker-transport-options, if there are any"))
      }
    } else if listening == 0, !queues.isEmpty {
      isInOrder = false
      add(
        .warning, "queues", "no worker waits for messages on \(broker.url)",
        fix: "celery -A YOUR_APP worker -Q "
          + sorted.prefix(Self.named).map { "\(EntryName($0))" }.joined(separator: ","))
    }
    guard isInOrder, !queues.isEmpty else { return }
    if unseen.isEmpty {
      add(.ok, "queues", "\(Plural.of(queues.count, "queue")), whose messages are taken")
    } else if unseen != ["+lindex"] {
      add(
        .warning, "queues",
        "whether a worker takes the messages this user may not see (\(unseen.sorted().joined(separator: " ")))",
        fix: Self.grantToLook)
    }
  }

  private static let grantToLook = "ask as the tools' user: docs/operations.md, The Redis users"

  private struct WrongType: Error {
    let list: [UInt8]
    let type: String
  }

  /// Of all lists of a queue, one for each priority; nil: this user may not see them.
  private func lengths(_ queues: [[UInt8]], on broker: StoreClient) throws -> [Result<Int64?, WrongType>] {
    try queues.map { queue in
      let lists = kombu.lists(of: queue)
      let types = try broker.replies(to: lists.map { RedisCommand("TYPE", $0) }).map { $0.text ?? "none" }
      if let wrong = types.firstIndex(where: { $0 != "list" && $0 != "none" }) {
        return .failure(WrongType(list: lists[wrong], type: types[wrong]))
      }
      let lengths = try broker.replies(to: lists.map { RedisCommand("LLEN", $0) })
      guard !lengths.contains(where: { $0.error != nil }) else { return .success(nil) }
      return .success(lengths.reduce(0) { $0 &+ max(0, $1.integer ?? 0) })
    }
  }

  /// The message that is taken next from each queue's first list that has one; nil: this user may not see it.
  private func tails(_ queues: [[UInt8]], on broker: StoreClient) throws -> [[UInt8]?]? {
    var tails: [[UInt8]?] = []
    for queue in queues {
      let lists = kombu.lists(of: queue)
      let replies = try broker.replies(to: lists.map { RedisCommand("LINDEX", $0, "-1") })
      if replies.contains(where: { $0.error != nil }) { return nil }
      tails.append(replies.compactMap(\.bytes).first)
    }
    return tails
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
