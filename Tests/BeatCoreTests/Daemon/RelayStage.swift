@testable import BeatCore
@testable import BeatDriver

/// A relay between an outbox in memory and a broker whose answers a test writes down, on virtual time.
final class RelayStage {
  let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_800_000_000), offset: 0, seed: 1)
  let outbox: ListOutbox
  let publisher: ScriptedPublisher
  private(set) var events: [RelayEvent] = []
  private(set) lazy var relay = OutboxRelay(to: publisher, in: surroundings, while: { true }) { [unowned self] in
    events.append($0)
  }

  init(dropsRepeats: Bool = false) {
    outbox = ListOutbox(surroundings)
    publisher = ScriptedPublisher(surroundings, dropsRepeats: dropsRepeats)
  }

  func start(isHeir: Bool = false) {
    surroundings.turn(at: surroundings.now) { relay.start(outbox, .outbox, after: nil, isHeir: isHeir) }
  }

  func turn(_ work: () -> Void) { surroundings.turn(at: surroundings.now, work) }

  /// Puts messages into the outbox, as fires do.
  func fire(_ ids: String..., to queue: String = "q") {
    turn {
      for id in ids { outbox.add(id, to: queue) }
      relay.nudge()
    }
  }

  /// Lets time go by.
  func wait(seconds: Int64) {
    let end = surroundings.now.advanced(by: seconds * 1_000_000)
    while let wake = surroundings.nextWake, wake <= end {
      surroundings.turn(at: max(wake, surroundings.now)) { surroundings.due(at: surroundings.now)?.goOff() }
    }
    surroundings.turn(at: end) {}
  }

  var repeats: PossibleRepeats {
    var all = PossibleRepeats()
    for case .repeated(let some) in events {
      guard let first = some.first else { continue }
      for index in 0..<some.count { all.add(first, index < some.ofEarlierLeader ? .earlierLeader : .lostAnswer) }
    }
    return all
  }

  var complaints: [String] {
    events.compactMap { if case .deferred(_, let reason) = $0 { reason } else { nil } }
  }
}

/// An outbox in memory, with room for so many messages that are set aside.
final class ListOutbox: Outbox {
  private unowned let surroundings: VirtualSurroundings
  private(set) var items: [OutboxItem] = []
  private(set) var aside: [(id: String, reason: String)] = []
  var room = Int.max
  /// What the store answers instead of doing what it is asked; nil: it does it.
  var refusesToRemove: Refusal?
  var refusesToSetAside: Refusal?

  init(_ surroundings: VirtualSurroundings) { self.surroundings = surroundings }

  var ids: [String] { items.map(\.taskID.description) }

  func add(_ id: String, to queue: String) {
    items.append(OutboxItem(taskID: TaskID(text: id), route: .queue(queue), priority: 0, message: Array(id.utf8)))
  }

  private func handle(_ item: OutboxItem) -> OutboxHandle { OutboxHandle(item.message) }

  func isEmpty(then completion: @escaping Completion<Bool>) {
    surroundings.soon { completion(.success(self.items.isEmpty)) }
  }

  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int,
    then completion: @escaping Completion<OutboxPage>
  ) {
    surroundings.soon { [self] in
      let isMoved = skipped > 0 && (items.count < skipped || handle(items[skipped - 1]) != newest)
      let page = isMoved ? [] : items.dropFirst(skipped).prefix(count).map { (handle($0), Optional($0)) }
      completion(.success(OutboxPage(count: items.count, isMoved: isMoved, items: page)))
    }
  }

  func remove(_ handle: OutboxHandle, then completion: @escaping Completion<Void>) {
    surroundings.soon { [self] in
      if let refusesToRemove { return completion(.failure(refusesToRemove)) }
      items.removeAll { self.handle($0) == handle }
      completion(.success(()))
    }
  }

  func setAside(_ handle: OutboxHandle, reason: String, then completion: @escaping Completion<Bool>) {
    surroundings.soon { [self] in
      if let refusesToSetAside { return completion(.failure(refusesToSetAside)) }
      guard room > 0 else { return completion(.success(false)) }
      guard let place = items.firstIndex(where: { self.handle($0) == handle }) else {
        return completion(.success(true))
      }
      room -= 1
      aside.append((items.remove(at: place).taskID.description, reason))
      completion(.success(true))
    }
  }
}

/// A broker that answers as it is told, message by message, and takes what it is told nothing about.
final class ScriptedPublisher: Publisher {
  private unowned let surroundings: VirtualSurroundings
  private var event: ((PublisherEvent) -> Void)?
  private var open: [(PublishOutcome) -> Void] = []
  let dropsRepeats: Bool
  /// The next answers for each message.
  var script: [String: [PublishOutcome]] = [:]
  /// These messages arrive, and nobody says so.
  var silent: Set<String> = []
  private(set) var published: [String] = []
  /// The messages that have arrived, one for each time.
  private(set) var arrived: [String] = []
  /// Those whose arrival was confirmed, and that have not left the outbox.
  private var confirmed: Set<String> = []

  init(_ surroundings: VirtualSurroundings, dropsRepeats: Bool) {
    (self.surroundings, self.dropsRepeats) = (surroundings, dropsRepeats)
  }

  func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void) {
    self.event = event
    surroundings.soon { [weak self] in self?.event?(.ready) }
  }

  func disconnect() {
    event = nil
    let open = open
    self.open = []
    surroundings.soon { for answer in open { answer(.unknown) } }
  }

  /// The server takes no messages; nil: it takes them.
  var blocking: String? {
    didSet {
      if let blocking { event?(.blocked(blocking)) } else { event?(.unblocked) }
    }
  }

  func settle() { event?(.settled) }

  func die() {
    let event = event
    let open = open
    (self.event, self.open) = (nil, [])
    for answer in open { answer(.unknown) }
    event?(.lost(reason: "the broker is gone", wasHungUp: true))
  }

  func lane(of route: Route, priority: Int64) -> Lane { Lane(Array(route.name.utf8)) }

  func resolve(_ items: [OutboxItem], then completion: @escaping ([Destination]) -> Void) {
    completion(items.map { Destination(queues: [], lanes: [lane(of: $0.route, priority: 0)]) })
  }

  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then completion: @escaping (PublishOutcome) -> Void
  ) {
    let id = item.taskID.description
    guard blocking == nil else { return surroundings.soon { completion(.notSent) } }
    guard dropsRepeats || !confirmed.contains(id) else { return surroundings.soon { completion(.duplicate) } }
    published.append(id)
    guard !silent.contains(id) else {
      arrived.append(id)
      return open.append(completion)
    }
    surroundings.soon { [self] in
      if dropsRepeats, arrived.contains(id) { return completion(.duplicate) }
      if dropsRepeats, predecessors.contains(where: { !arrived.contains($0.description) }) {
        return completion(.tooSoon)
      }
      let outcome = (script[id]?.isEmpty ?? true) ? .delivered : script[id]?.removeFirst() ?? .delivered
      if outcome == .delivered {
        arrived.append(id)
        confirmed.insert(id)
      }
      completion(outcome)
    }
  }

  func forgotten(_ item: OutboxItem) { confirmed.remove(item.taskID.description) }
  func rehearse(then completion: @escaping (String?) -> Void) { surroundings.soon { completion(nil) } }
  func cancelRehearsal() {}
  func probe(then completion: @escaping (String?) -> Void) { surroundings.soon { completion(nil) } }
  func cancelProbe() {}
}
