@testable import BeatCore

extension StoreAdapter {
  static let model = StoreAdapter("the model", [.direct, .durable]) { ModelStage(.direct) }
  static let modelWithOutbox = StoreAdapter("the model with an outbox", [.outbox, .durable]) { ModelStage(.outbox) }
}

/// The simulation's model of a store, which moves step by step.
final class ModelStage: StoreStage {
  private let delivery: Delivery
  private var store: ModelStore
  private var daemons: [String: (connector: ModelConnector, surroundings: VirtualSurroundings)] = [:]
  private var deaf: Set<String> = []
  private var queues: [String: [[UInt8]]] = [:]
  private(set) var now = UnixTime(seconds: 1_772_452_800)
  var isRunning = true {
    didSet { if !isRunning { for instance in daemons.keys { cut(instance) } } }
  }

  init(_ delivery: Delivery) {
    self.delivery = delivery
    store = ModelStore(
      ModelStore.Settings(
        delivery: delivery, outboxLimit: StoreSize.outboxLimit, historyLength: StoreSize.historyLength,
        maximumDocumentLength: StoreSize.maximumDocumentLength))
  }

  var changeDetection: ChangeDetection { .keyspace }

  func connector(as instance: String) -> any StoreConnector {
    if let daemon = daemons[instance] { return daemon.connector }
    let surroundings = VirtualSurroundings(at: now, offset: 0, seed: 1)
    let connector = ModelConnector(instance, surroundings, delivery: delivery, isWhole: true)
    daemons[instance] = (connector, surroundings)
    return connector
  }

  // MARK: time

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    let end = now.advanced(by: microseconds)
    while true {
      while step() {}
      if isMet() { return true }
      guard now < end else { return false }
      now = now.advanced(by: 10_000)
      store.expire(now: now)
      tellOfChanges()
    }
  }

  /// Lets each daemon's connection do one thing. false: there was nothing to do.
  private func step() -> Bool {
    var hasMoved = false
    for instance in daemons.keys.sorted() { hasMoved = step(instance) || hasMoved }
    return hasMoved
  }

  private func step(_ instance: String) -> Bool {
    guard let (connector, surroundings) = daemons[instance] else { return false }
    surroundings.turn(at: now) {}
    guard let connection = connector.connection else { return false }
    guard isRunning else {
      surroundings.turn(at: now) { connection.end(.lost("the server is away")) }
      return true
    }
    if connection.isWaitingToSubscribe {
      surroundings.turn(at: now) { connection.subscribed() }
    } else if !connection.requests.isEmpty {
      let request = connection.takeRequest()
      connection.answer(store.execute(request, of: instance, now: now))
      tellOfChanges()
    } else if deaf.contains(instance) {
      return false
    } else if !connection.events.isEmpty {
      surroundings.turn(at: now) { connection.hear() }
    } else if !connection.replies.isEmpty {
      surroundings.turn(at: now) { connection.takeReply() }
    } else {
      return false
    }
    return true
  }

  private func tellOfChanges() {
    for change in store.takeChanges() {
      for (_, daemon) in daemons where daemon.connector.connection?.isSubscribed ?? false {
        daemon.connector.connection?.tell(change)
      }
    }
    for case .pushed(let push) in store.takeDeeds() {
      for queue in push.queues { queues[queue, default: []].append(push.message) }
    }
  }

  // MARK: what users do

  func write(_ document: [UInt8]?, of name: EntryName) {
    if let document { store.set(name, document) } else { store.delete(name) }
    tellOfChanges()
  }

  func document(of name: EntryName) -> [UInt8]? { store.documents[name] }
  func watermark(of name: EntryName) -> [UInt8]? { store.contents.watermarks[name] }
  func damage(watermarkOf name: EntryName, with bytes: [UInt8]) { store.contents.watermarks[name] = bytes }

  func messages(in queue: String) -> [[UInt8]] {
    guard delivery == .outbox else { return queues[queue] ?? [] }
    return store.contents.outbox.compactMap(\.item).filter { $0.route == .queue(queue) }.map(\.message)
  }

  func putIntoOutbox(_ item: OutboxItem?) { store.contents.wait(item) }
  var setAside: [MessageSetAside] {
    store.contents.setAside.map { MessageSetAside(id: $0.item?.taskID.description ?? "", reason: $0.reason) }
  }
  func fillSetAside() {
    for _ in 1..<Limit.messagesSetAside.most { store.contents.setAside.append((nil, "full")) }
  }
  func spoil(queue: String) { store.spoiltQueues.insert(queue) }

  func bind(queue: String, to exchange: String, routingKey: String) {
    store.bindings["\(exchange) \(routingKey)", default: []].append(queue)
  }

  func publish(_ manifest: [UInt8]?) {
    store.publish(manifest)
    tellOfChanges()
  }

  func ask(_ request: [UInt8], id: String) {
    store.ask(request, id: id)
    tellOfChanges()
  }

  func answer(to id: String) -> String? { store.contents.answers[id] }
  var history: [FireRecord] { store.contents.history }
  func loseContents() { store.flush() }

  func deleteLease() {
    store.deleteLease()
    tellOfChanges()
  }

  // MARK: faults

  func cut(_ instance: String) {
    deaf.remove(instance)
    guard let (connector, surroundings) = daemons[instance] else { return }
    surroundings.turn(at: now) { connector.connection?.end(.lost("the connection died")) }
  }

  func loseAnswers(of instance: String) { deaf.insert(instance) }
  func silence() { for daemon in daemons.values { daemon.connector.connection?.silence() } }
}
