import BeatCore
import Glibc

/// Examines the queues that schedules lead to: whether they accept messages, and whether workers take those.
extension Doctor {
  func examineQueues(_ routes: [Route: [EntryName]], on broker: any BrokerInspector) throws {
    let queues = try queues(of: routes, on: broker)
    try specialist.examineNames(of: queues)
    try specialist.examineRights(to: queues)
    /// The rights to look that this user lacks, and those among them that a finding has named already.
    var (unseen, told): (Set<String>, Set<String>) = ([], [])
    var listening: Int?
    switch try broker.waitingWorkers(on: queues) {
    case .told(let count): listening = count
    case .hidden(let right): unseen.insert(right)
    }
    let sorted = queues.sorted { $0.lexicographicallyPrecedes($1) }
    var waiting: [(queue: [UInt8], count: Int64)] = []
    for (queue, contents) in try sorted.map({ ($0, try broker.contents(of: $0)) }) {
      switch contents {
      case .unusable(let problem, let fix): add(.problem, "queues", problem, fix: fix)
      case .hidden(let right): unseen.insert(right)
      case .messages(let count): if count > 0 { waiting.append((queue, count)) }
      }
    }
    var isInOrder = true
    if !waiting.isEmpty {
      isInOrder = try examineWaiting(waiting, lacking: &told, listening: listening, on: broker)
      unseen.formUnion(told)
    } else if listening == 0, !queues.isEmpty {
      isInOrder = false
      add(
        .warning, "queues", "no worker waits for messages on \(broker.name)",
        fix: "celery -A YOUR_APP worker -Q "
          + ShellWords.quoted(sorted.prefix(Self.named).map { "\(EntryName($0))" }.joined(separator: ",")))
    }
    guard isInOrder, !queues.isEmpty else { return }
    if unseen.isEmpty {
      add(.ok, "queues", "\(Plural.of(queues.count, "queue")), whose messages are taken")
    } else if unseen != told {
      add(
        .warning, "queues",
        "whether a worker takes the messages this user may not see (\(unseen.sorted().joined(separator: " ")))",
        fix: specialist.remedy(for: .hidden(rights: unseen)))
    }
  }

  /// The queues that the routes lead to, each once. For an exchange these are the queues that are bound to it.
  private func queues(of routes: [Route: [EntryName]], on broker: any BrokerInspector) throws -> Set<[UInt8]> {
    var queues: Set<[UInt8]> = []
    for (route, names) in routes {
      let target = try broker.target(of: route)
      if case .nowhere(let problem, let fix) = target {
        add(.problem, "queues", "\(problem) (schedule \(names[0])): nothing can be sent", fix: fix)
        continue
      }
      guard case .queues(let bound) = target else { continue }
      queues.formUnion(bound)
      guard case .exchange(let exchange, let key) = route else { continue }
      for queue in bound {
        let place = broker.place(of: queue, priority: 0)
        guard let problem = try store.problem(ofPlace: place, named: "\(EntryName(queue))") else { continue }
        add(
          .problem, "queues", "exchange \(exchange), routing key \(key) (schedule \(names[0])): \(problem)",
          fix: specialist.remedy(for: .unreachableQueue))
      }
      if bound.isEmpty {
        add(
          .problem, "queues",
          "no queue is bound to exchange \(exchange) for routing key \(key) (schedule \(names[0])): "
            + "nothing can be sent", fix: "start the worker that consumes from it, or name the queue in the document")
      }
    }
    return queues
  }

  /// Reports the queues whose next message no worker takes within a second.
  ///
  /// - Returns: whether all messages are taken, as far as this user may see.
  private func examineWaiting(
    _ waiting: [(queue: [UInt8], count: Int64)], lacking rights: inout Set<String>, listening: Int?,
    on broker: any BrokerInspector
  ) throws -> Bool {
    let oldest = try standstills(of: waiting.map(\.queue), on: broker)
    if case .told = oldest { sleep(1) }
    let later = try standstills(of: waiting.map(\.queue), on: broker)
    var isInOrder = true
    for (index, (queue, count)) in waiting.enumerated() {
      let words = "\(Plural.of(count, "message waits", "messages wait")) in \(EntryName(queue))"
      switch (oldest, later) {
      case (.hidden(let right), _), (_, .hidden(let right)):
        rights.insert(right)
        add(
          .warning, "queues", words + ", and whether they are taken this user may not see (\(right))",
          fix: specialist.remedy(for: .hidden(rights: [right])))
        continue
      case (.told(let oldest), .told(let later)):
        guard oldest[index] == later[index], oldest[index] != nil else { continue }
      }
      isInOrder = false
      add(
        listening == 0 ? .problem : .warning, "queues",
        words + ", and none was taken within a second"
          + (listening == 0 ? ": no worker waits for messages on \(broker.name)" : ""),
        fix: "celery -A YOUR_APP worker -Q \(ShellWords.quoted("\(EntryName(queue))"))"
          + (listening == 0 ? "" : broker.idleWorkerNote))
    }
    return isInOrder
  }

  /// What stays the same of each queue as long as no worker takes its messages.
  private func standstills(
    of queues: [[UInt8]], on broker: any BrokerInspector
  ) throws -> Visible<[[UInt8]?]> {
    var messages: [[UInt8]?] = []
    for queue in queues {
      switch try broker.standstill(of: queue) {
      case .told(let message): messages.append(message)
      case .hidden(let right): return .hidden(right: right)
      }
    }
    return .told(messages)
  }
}
