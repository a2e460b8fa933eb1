@testable import BeatCore

/// A broker in memory: queues, and the task ids whose messages it has had.
final class ModelBroker {
  /// The messages of each queue, the oldest first.
  var queues: [String: [[UInt8]]] = [:]
  /// Names of queues whose keys have another type.
  var spoiltQueues: Set<String> = []
  /// The queues of exchanges, by "<exchange> <routing key>".
  var bindings: [String: [String]] = [:]
  var isRunning = true
  private var known: Set<TaskID> = []

  /// Does what relay.lua does.
  func publish(_ item: OutboxItem, to names: [String], after predecessors: [TaskID]) -> PublishOutcome {
    if known.contains(item.taskID) { return .duplicate }
    if predecessors.contains(where: { !known.contains($0) }) { return .tooSoon }
    if let spoilt = names.first(where: spoiltQueues.contains) { return .refused("\(spoilt) is no queue") }
    known.insert(item.taskID)
    for name in names { queues[name, default: []].append(item.message) }
    return .delivered
  }
}

/// A connection to a `ModelBroker`: each request and each answer waits for a `step`.
final class ModelPublisher: Publisher {
  private typealias Call = (carryOut: () -> PublishOutcome, answer: (PublishOutcome) -> Void)

  private let broker: ModelBroker
  private unowned let surroundings: VirtualSurroundings
  private var event: ((PublisherEvent) -> Void)?
  private var isReady = false
  private var calls: [Call] = []
  private var answers: [(outcome: PublishOutcome, to: (PublishOutcome) -> Void)] = []
  private var asides: [String: () -> Void] = [:]
  /// Whether the broker's answers get lost.
  var losesAnswers = false

  init(_ broker: ModelBroker, _ surroundings: VirtualSurroundings) {
    self.broker = broker
    self.surroundings = surroundings
  }

  var dropsRepeats: Bool { true }

  func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void) {
    disconnect()
    self.event = event
  }

  func disconnect() {
    event = nil
    isReady = false
    let open = answers.map(\.to) + calls.map(\.answer)
    (answers, calls) = ([], [])
    surroundings.soon { for answer in open { answer(.unknown) } }
  }

  /// The connection dies: open requests have an unknown outcome, and then the connection is reported as lost.
  func die() {
    guard let event else { return }
    let open = answers.map(\.to) + calls.map(\.answer)
    (answers, calls) = ([], [])
    (self.event, isReady, losesAnswers) = (nil, false, false)
    for answer in open { answer(.unknown) }
    event(.lost(reason: "the broker is gone", wasHungUp: true))
  }

  func lane(of route: Route, priority: Int64) -> Lane {
    switch route {
    case .queue(let name): Lane(Array("\(name) \(priority)".utf8))
    case .exchange(let name, let key): Lane(Array("\(name) \(key) \(priority)".utf8))
    }
  }

  func resolve(_ items: [OutboxItem], then completion: @escaping ([Destination]) -> Void) {
    completion(items.map { destination(of: $0) })
  }

  private func destination(of item: OutboxItem) -> Destination {
    let lane = lane(of: item.route, priority: item.priority)
    switch item.route {
    case .queue(let name): return Destination(queues: [Array(name.utf8)], lanes: [lane])
    case .exchange(let name, let key):
      let queues = broker.bindings["\(name) \(key)"] ?? []
      let lanes = queues.map { self.lane(of: .queue($0), priority: item.priority) }
      return Destination(
        queues: queues.map { Array($0.utf8) }, lanes: [lane] + lanes,
        problem: queues.isEmpty ? "no queue is bound to \(name)" : nil)
    }
  }

  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then completion: @escaping (PublishOutcome) -> Void
  ) {
    guard isReady else { return surroundings.soon { completion(.unknown) } }
    let names = destination.queues.map { String(decoding: $0, as: UTF8.self) }
    calls.append(({ [broker] in broker.publish(item, to: names, after: predecessors) }, completion))
  }

  func forgotten(_ item: OutboxItem) {}

  func rehearse(then completion: @escaping (String?) -> Void) { aside("rehearsal", completion) }
  func cancelRehearsal() { asides["rehearsal"] = nil }
  func probe(then completion: @escaping (String?) -> Void) { aside("probe", completion) }
  func cancelProbe() { asides["probe"] = nil }

  private func aside(_ name: String, _ completion: @escaping (String?) -> Void) {
    asides[name] = { [broker] in completion(broker.isRunning ? nil : "the broker is gone") }
  }

  // MARK: steps

  /// Takes one step, on the broker or on the way back. Returns false if there was nothing to do.
  func step() -> Bool {
    if let (name, aside) = asides.first {
      asides[name] = nil
      aside()
    } else if let event, !isReady {
      if broker.isRunning {
        isReady = true
        event(.ready)
      } else {
        die()
      }
    } else if !calls.isEmpty {
      let call = calls.removeFirst()
      answers.append((call.carryOut(), call.answer))
    } else if !answers.isEmpty, !losesAnswers {
      let answer = answers.removeFirst()
      answer.to(answer.outcome)
    } else {
      return false
    }
    return true
  }
}
