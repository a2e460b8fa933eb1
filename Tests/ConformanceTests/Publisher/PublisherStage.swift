import BeatCore

/// An empty broker made for one case, with what workers and faults do to it.
protocol PublisherStage: AnyObject {
  /// A publisher for another connection, which is not connected yet.
  func publisher() throws -> any Publisher
  /// Lets the stage run until the condition holds. false: it does not hold within that many microseconds.
  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool
  /// The messages in a queue, the oldest first.
  func messages(in queue: String) -> [[UInt8]]
  /// The message as it lies in a queue when the item has been published.
  func form(of item: OutboxItem) -> [UInt8]
  /// Puts something that is no queue in the place of a queue.
  func spoil(queue: String)
  func bind(queue: String, to exchange: String, routingKey: String)

  // MARK: faults

  /// The broker ends all connections.
  func cut()
  /// Loses answers from now on until `cut`: requests are carried out, and no reply comes.
  func loseAnswers()
  /// Whether the broker runs. It dies, or comes back with everything that it has confirmed.
  var isRunning: Bool { get set }
}

/// An adapter in the suite: its name, and how a broker is made for it.
struct PublisherAdapter: Sendable, CustomStringConvertible {
  let description: String
  let make: @Sendable () throws -> any PublisherStage

  init(_ description: String, _ make: @escaping @Sendable () throws -> any PublisherStage) {
    self.description = description
    self.make = make
  }
}

/// One promise that every publisher keeps: its name, and the check.
struct PublisherCase: Sendable, CustomStringConvertible {
  let description: String
  let look: @Sendable (PublisherTrial) throws -> Void

  init(_ description: String, _ look: @escaping @Sendable (PublisherTrial) throws -> Void) {
    self.description = description
    self.look = look
  }

  /// How a publisher breaks the promise; empty: it keeps it.
  func breaches(of stage: any PublisherStage) -> [String] {
    let trial = PublisherTrial(stage)
    trial.run { try look(trial) }
    return trial.breaches
  }

  static let all = messages + connections
}

/// One case with one broker.
final class PublisherTrial: Trial {
  let stage: any PublisherStage
  private static let patience: Int64 = 20_000_000

  init(_ stage: any PublisherStage) { self.stage = stage }

  func wait(_ microseconds: Int64 = patience, until isMet: () -> Bool) -> Bool {
    stage.wait(microseconds, until: isMet)
  }

  func waitFor(_ what: String, until isMet: () -> Bool) throws {
    guard wait(until: isMet) else { throw Stop("\(what): not within \(Self.patience / 1_000_000) s") }
  }

  /// A connected publisher. It stays until the case ends.
  func relay() throws -> Relay {
    let relay = try Relay(in: self)
    try relay.connect()
    return relay
  }
}

/// Uses a publisher as the daemon's relay does: connects, resolves and publishes, and records what it is told.
final class Relay {
  let publisher: any Publisher
  private(set) var isReady = false
  /// Why the connection was lost; nil: it was not.
  private(set) var loss: String?
  private let trial: PublisherTrial
  private var isSilent = false

  init(in trial: PublisherTrial) throws {
    self.trial = trial
    publisher = try trial.stage.publisher()
    trial.atEnd { [self] in disconnect() }
  }

  /// Connects, and waits until the publisher is ready or lost.
  func connect() throws {
    try begin()
    guard isReady else { throw Trial.Stop("no connection: \(loss ?? "")") }
  }

  func begin() throws {
    (isReady, loss, isSilent) = (false, nil, false)
    var isInside = true
    publisher.connect(while: { true }) { [self] event in
      trial.expect(!isInside, "an event came inside connect()")
      trial.expect(!isSilent, "an event came after disconnect()")
      trial.expect(loss == nil, "an event came after .lost")
      switch event {
      case .ready: isReady = true
      case .blocked, .unblocked, .settled: break
      case .lost(let reason, _): loss = reason
      }
    }
    isInside = false
    try trial.waitFor("a connection is ready, or lost") { isReady || loss != nil }
  }

  func disconnect() {
    isSilent = true
    publisher.disconnect()
  }

  func resolve(_ items: [OutboxItem]) throws -> [Destination] {
    let destinations = Box<[Destination]?>(nil)
    publisher.resolve(items) { destinations.value = $0 }
    if items.allSatisfy({ if case .queue = $0.route { true } else { false } }) {
      trial.expect(destinations.value != nil, "plain queues are not resolved at once")
    }
    try trial.waitFor("the destinations are known") { destinations.value != nil }
    let found = destinations.value ?? []
    guard found.count == items.count else { throw Trial.Stop("\(found.count) destinations for \(items.count) items") }
    return found
  }

  /// Publishes all items without waiting for answers. An item names the one before it on its lane as its predecessor.
  func begin(_ items: [OutboxItem], after first: [TaskID] = []) throws -> Box<[PublishOutcome?]> {
    let outcomes = Box<[PublishOutcome?]>(items.map { _ in nil })
    var newest: [Lane: TaskID] = [:]
    for (place, (item, destination)) in zip(items, try resolve(items)).enumerated() {
      trial.equal(destination.problem, nil, "the problem of a destination")
      let before = Set(destination.lanes.compactMap { newest[$0] }).union(first)
      for lane in destination.lanes { newest[lane] = item.taskID }
      var isInside = true
      publisher.publish(item, to: destination, after: Array(before)) { [trial] outcome in
        trial.expect(!isInside, "publish answered inside the call")
        trial.expect(outcomes.value[place] == nil, "publish answered twice")
        outcomes.value[place] = outcome
      }
      isInside = false
    }
    return outcomes
  }

  func publish(_ items: [OutboxItem], after first: [TaskID] = []) throws -> [PublishOutcome] {
    let outcomes = try begin(items, after: first)
    try trial.waitFor("each message has its outcome") { !outcomes.value.contains(nil) }
    return outcomes.value.compactMap { $0 }
  }
}
