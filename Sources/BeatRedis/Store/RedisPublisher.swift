import BeatCore
import BeatLoop

/// Publishes to a Redis server as the broker, with kombu's names for queues and bindings.
package final class RedisPublisher: Publisher {
  private let url: RedisURL
  private let kombu: KombuKeys
  /// Names that cannot be queues.
  private let reserved: ReservedKeys
  private let defaultQueue: String
  private let keys: RedisKeys
  private let instance: String
  private let loop: EventLoop

  private var dial: RedisDial?
  /// The scripts on the broker's connection; nil: there is none, or it has not logged in yet.
  private var broker: BrokerScripts?
  private var event: ((PublisherEvent) -> Void)?
  /// The number of the present connection: it grows with each connection and each end of one, so that late answers are
  /// told apart.
  private var session = 0
  private var declared = DeclaredQueues()
  private var rehearsal: DeliveryRehearsal?
  private var probe: BrokerProbe?

  /// - Parameters:
  ///   - keys: the store's keys; a rehearsal derives its own from them.
  ///   - instance: the random name of this process.
  package init(
    to url: RedisURL, _ settings: BrokerSettings, keys: RedisKeys, as instance: String, on loop: EventLoop
  ) {
    self.url = url
    kombu = settings.transportOptions.keys
    reserved = settings.reserved
    defaultQueue = settings.defaultQueue
    self.keys = keys
    self.instance = instance
    self.loop = loop
  }

  /// The broker remembers the task's id for as long as the message may be in the outbox.
  package var dropsRepeats: Bool { true }

  // MARK: the connection

  /// - Parameter leads: not asked, since the broker drops what another daemon has sent.
  package func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void) {
    disconnect()
    self.event = event
    let dial = RedisDial(url, as: "beat-watch-relay", on: loop)
    self.dial = dial
    dial.open { [weak self] connection in
      guard let self else { return }
      broker = BrokerScripts(
        connection: connection, kombu: kombu, database: url.database, brokerDatabase: url.database)
      self.event?(.ready)
    } closed: { [weak self] error in
      // A server may close the connection of an idle client (`timeout`).
      self?.lost(error.message, wasHungUp: error.kind != .unlocated)
    }
  }

  package func disconnect() {
    session += 1
    event = nil
    dial?.cancel()
    dial = nil
    broker = nil
    declared.removeAll()
  }

  private func lost(_ reason: String, wasHungUp: Bool = false) {
    guard let event else { return }
    let isOpen = dial?.connection.map { $0.inFlight > 0 } ?? false
    disconnect()
    guard isOpen else { return event(.lost(reason: reason, wasHungUp: wasHungUp)) }
    // Commands that are on their way are answered in the next turn, before the loss is reported.
    let session = session
    loop.soon { [weak self] in
      if session == self?.session { event(.lost(reason: reason, wasHungUp: wasHungUp)) }
    }
  }

  // MARK: messages

  package func lane(of route: Route, priority: Int64) -> Lane {
    switch route {
    case .queue(let name): Lane(kombu.list(of: Array(name.utf8), priority: priority))
    case .exchange(let name, let key): Lane(Array("exchange\0\(name)\0\(key)\0\(priority)".utf8))
    }
  }

  /// Finds the destinations of items. Each named exchange among them is asked for once.
  package func resolve(_ items: [OutboxItem], then completion: @escaping ([Destination]) -> Void) {
    var exchanges: [Lane: (name: String, key: String)] = [:]
    for item in items {
      guard case .exchange(let name, let key) = item.route else { continue }
      exchanges[lane(of: item.route, priority: item.priority)] = (name, key)
    }
    var answers: [Lane: Result<[[UInt8]], RedisServerError>] = [:]
    func finish() { completion(items.map { destination(of: $0, answers) }) }
    guard let broker, !exchanges.isEmpty else { return finish() }
    let session = session
    for (lane, exchange) in exchanges {
      broker.queues(boundTo: exchange.name, routingKey: exchange.key) { [weak self] queues, error in
        guard let self, session == self.session else { return }
        if let error, error.isOfWrongServer { return lost("\(url): \(error.text)") }
        if let queues {
          answers[lane] = .success(queues)
        } else if let error {
          answers[lane] = .failure(error)
        } else {
          return  // the connection has died, and `.lost` follows
        }
        if answers.count == exchanges.count { finish() }
      }
    }
  }

  private func destination(
    of item: OutboxItem, _ bindings: [Lane: Result<[[UInt8]], RedisServerError>]
  ) -> Destination {
    let lane = lane(of: item.route, priority: item.priority)
    func refused(_ problem: String) -> Destination { Destination(queues: [], lanes: [lane], problem: problem) }
    guard case .exchange(let exchange, let key) = item.route else {
      if case .queue(let name) = item.route, !declared.contains(name), let problem = reserved.problem(name) {
        return refused("queue \(EntryName(name)) \(problem)")
      }
      return Destination(queues: [lane.bytes], lanes: [lane])
    }
    switch bindings[lane] {
    case .success(let queues) where queues.isEmpty: return refused(Route.unbound(exchange, key))
    case .success(let queues):
      for queue in queues {
        if let problem = reserved.problem(queue) { return refused(Route.misled(exchange, key, to: queue, problem)) }
      }
      let lists = queues.map { kombu.list(of: $0, priority: item.priority) }
      return Destination(queues: lists, lanes: [lane] + lists.map { Lane($0) })
    case .failure(let error):
      let text = broker?.text(of: error, boundTo: exchange) ?? error.text
      return refused("the bindings of exchange \(exchange) could not be read: \(text)")
    case nil: return refused("the bindings of exchange \(exchange) are not known")
    }
  }

  package func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then completion: @escaping (PublishOutcome) -> Void
  ) {
    guard let broker else { return loop.soon { completion(.unknown) } }
    guard let message = KombuRedisEnvelope.bytes(of: item) else {
      return loop.soon { completion(.impossible("no daemon has written the message that the outbox holds")) }
    }
    if case .queue(let name) = item.route, declared.insert(name) { broker.declare(queue: name) }
    let session = session
    broker.relay(message, of: item.taskID, to: destination.queues, after: predecessors) { [weak self] outcome in
      switch outcome {
      case .delivered: completion(.delivered)
      case .duplicate: completion(.duplicate)
      case .tooSoon: completion(.tooSoon)
      case .refused(let reason): completion(.refused(reason))
      case .unable(let reason): completion(.unable(reason))
      case .unknown: completion(.unknown)
      case .wrongServer(let text):
        completion(.unknown)
        if let self, session == self.session { lost("\(url): \(text)") }
      }
    }
  }

  package func forgotten(_ item: OutboxItem) { broker?.removed(item) }

  // MARK: connections of their own

  package func rehearse(then completion: @escaping (String?) -> Void) {
    cancelRehearsal()
    let own = RedisKeys(rehearsing: keys, as: instance)
    let plan = FirePlan.rehearsal(own.taskIDs, queue: defaultQueue, sha1: SHA1.digest)
    let rehearsal = DeliveryRehearsal(
      OutboxItem(plan), to: url, queue: Array(defaultQueue.utf8), kombu: kombu, as: instance, on: loop)
    self.rehearsal = rehearsal
    rehearsal.start { [weak self] problem in
      self?.rehearsal = nil
      completion(problem)
    }
  }

  package func cancelRehearsal() {
    rehearsal?.cancel()
    rehearsal = nil
  }

  package func probe(then completion: @escaping (String?) -> Void) {
    cancelProbe()
    let probe = BrokerProbe(url, on: loop) { [weak self] reason in
      self?.probe = nil
      completion(reason)
    }
    self.probe = probe
    probe.start()
  }

  package func cancelProbe() {
    probe?.cancel()
    probe = nil
  }
}

extension Route {
  /// The problem of an exchange that leads to a name which cannot be a queue.
  static func misled(_ exchange: String, _ key: String, to queue: [UInt8], _ problem: String) -> String {
    "exchange \(exchange), routing key \(key): \(EntryName(queue)) \(problem)"
  }

  /// The problem of a message to an exchange without a queue for it.
  static func unbound(_ exchange: String, _ key: String) -> String {
    "no queue is bound to exchange \(exchange) with routing key \(key), and Celery would lose the message: "
      + "start a worker that consumes from it, or name the \"queue\""
  }
}
