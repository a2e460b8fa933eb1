import BeatCore
import BeatLoop

@testable import BeatAMQP

/// A publisher before the model of RabbitMQ, on virtual time.
final class PublisherBench {
  let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_772_452_800), offset: 0, seed: 1)
  let rabbit: ModelRabbit
  let publisher: AMQPPublisher
  private(set) var events: [String] = []
  private(set) var isReady = false
  private(set) var loss: String?
  var leads = true
  /// The outcomes by task id, in the order of the answers.
  private(set) var outcomes: [String: [PublishOutcome]] = [:]
  private(set) var problems: [String: String] = [:]

  init(servers: Int = 1, declaring rule: DeclarationRule = .none, password: String = "hunter2") {
    let rabbit = ModelRabbit(in: surroundings)
    self.rabbit = rabbit
    rabbit.queues["celery"] = []
    let urls = (1...servers).map { "amqp://beat:\(password)@rabbit\($0)" }.joined(separator: ";")
    guard let broker = try? AMQPBroker(urls) else { preconditionFailure(urls) }
    let dialler = AMQPDialler(broker) { _, handle in rabbit.dial(handle) }
    publisher = AMQPPublisher(dialler, declaring: rule, in: surroundings)
  }

  func connect() {
    (isReady, loss) = (false, nil)
    run {
      publisher.connect(while: { [unowned self] in leads }) { [unowned self] event in
        switch event {
        case .ready: isReady = true
        case .blocked(let reason): events.append("blocked: \(reason)")
        case .unblocked: events.append("unblocked")
        case .settled: events.append("settled")
        case .lost(let reason, _):
          loss = reason
          isReady = false
        }
      }
    }
  }

  /// Lets everything happen that needs no time.
  func run(_ work: () -> Void = {}) { surroundings.turn(at: surroundings.now, work) }

  /// Lets time pass, with the timers that go off.
  func pass(_ seconds: Int64) {
    let end = surroundings.now.advanced(by: seconds * 1_000_000)
    while let wake = surroundings.nextWake, wake <= end {
      surroundings.now = max(surroundings.now, wake)
      while let timer = surroundings.due(at: surroundings.now) { run { timer.goOff() } }
    }
    surroundings.now = end
    run()
  }

  static func item(_ id: String, _ route: Route = .queue("celery")) -> OutboxItem { .sample(id, route) }

  /// Does what a relay does with a page of items: resolves, and publishes those without a problem.
  func publish(_ items: [OutboxItem]) {
    run {
      publisher.resolve(items) { [unowned self] destinations in
        for (item, destination) in zip(items, destinations) {
          let id = item.taskID.description
          if let problem = destination.problem {
            problems[id] = problem
            continue
          }
          publisher.publish(item, to: destination, after: []) { [unowned self] in outcomes[id, default: []].append($0) }
        }
      }
    }
  }

  func publish(_ ids: [String], _ route: Route = .queue("celery")) { publish(ids.map { Self.item($0, route) }) }

  func outcome(_ id: String) -> PublishOutcome? { outcomes[id]?.last }

  /// How often a queue has a message.
  func count(_ id: String, in queue: String = "celery") -> Int { rabbit.queues[queue]?.count { $0 == id } ?? 0 }
}
