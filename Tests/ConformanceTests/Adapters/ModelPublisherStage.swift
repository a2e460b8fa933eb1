import BeatCore

extension PublisherAdapter {
  static let model = PublisherAdapter("the model") { ModelPublisherStage() }
}

/// The model of a broker, which moves step by step.
final class ModelPublisherStage: PublisherStage {
  private let broker = ModelBroker()
  private let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_772_452_800), offset: 0, seed: 1)
  private var publishers: [ModelPublisher] = []

  func publisher() -> any Publisher {
    let publisher = ModelPublisher(broker, surroundings)
    publishers.append(publisher)
    return publisher
  }

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    let end = surroundings.now.advanced(by: microseconds)
    while true {
      var hasMoved = true
      while hasMoved {
        hasMoved = false
        surroundings.turn(at: surroundings.now) {
          for publisher in publishers { hasMoved = publisher.step() || hasMoved }
        }
      }
      if isMet() { return true }
      guard surroundings.now < end else { return false }
      surroundings.now = surroundings.now.advanced(by: 10_000)
    }
  }

  func messages(in queue: String) -> [[UInt8]] { broker.queues[queue] ?? [] }
  func form(of item: OutboxItem) -> [UInt8] { item.message }
  func spoil(queue: String) { broker.spoiltQueues.insert(queue) }

  func bind(queue: String, to exchange: String, routingKey: String) {
    broker.bindings["\(exchange) \(routingKey)", default: []].append(queue)
  }

  func cut() { for publisher in publishers { publisher.die() } }
  func loseAnswers() { for publisher in publishers { publisher.losesAnswers = true } }

  var isRunning: Bool {
    get { broker.isRunning }
    set {
      broker.isRunning = newValue
      if !newValue { cut() }
    }
  }
}
