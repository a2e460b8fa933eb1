import BeatCore

/// Publishes to RabbitMQ: to queues by the default exchange, and to named exchanges.
///
/// RabbitMQ confirms what it has stored, but knows no message again: what was on its way when a connection or a channel died
/// may arrive twice. So nothing is on its way that could wait, and what is known to have arrived is not sent again.
package final class AMQPPublisher: Publisher {
  /// From one look at messages that wait to the next; microseconds.
  private static let tick: Int64 = 1_000_000
  /// The number of looks for which a message may be on its way, or wait for its turn. Then the others of the outbox go on.
  /// Looks are counted and not time: a process that was stopped has not seen the confirms that came meanwhile.
  private static let patience = 5

  private let dialler: AMQPDialler
  private let rule: DeclarationRule
  private var application: ApplicationManifest?
  private let surroundings: any Surroundings
  private var link: AMQPLink?
  private var event: ((PublisherEvent) -> Void)?
  private var suspects = SuspectMessages()
  private var confirmed = ConfirmedMessages()
  private lazy var timer = surroundings.makeTimer { [unowned self] in lookAtWaiting() }
  private var rehearsal: AMQPRehearsal?
  private var probe: AMQPRehearsal?

  /// - Parameter rule: how a queue is declared that is not there.
  package init(_ dialler: AMQPDialler, declaring rule: DeclarationRule, in surroundings: any Surroundings) {
    self.dialler = dialler
    self.rule = rule
    self.surroundings = surroundings
  }

  package let dropsRepeats = false

  // MARK: the connection

  /// Tries each server once.
  package func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void) {
    disconnect()
    self.event = event
    let link = AMQPLink(dialler, declaring: declaration, in: surroundings, while: leads) { [weak self] in
      self?.receive($0)
    }
    self.link = link
    link.connect()
  }

  private var declaration: QueueDeclaration? { rule.declaration(by: application) }

  package func follow(_ application: ApplicationManifest?) {
    self.application = application
    link?.declare(declaration)
  }

  package func disconnect() {
    event = nil
    timer.cancel()
    let ended = link
    link = nil
    ended?.close()
  }

  private func receive(_ event: AMQPLink.Event) {
    switch event {
    case .ready: self.event?(.ready)
    case .blocked(let reason, let unsent):
      for parcel in unsent { parcel.finish(.notSent) }
      self.event?(.blocked(reason))
    case .unblocked: self.event?(.unblocked)
    case .answered(let parcel, let answer): answered(parcel, answer)
    case .lost(let reason, let wasHungUp, let unsent):
      for parcel in unsent { parcel.finish(.notSent) }
      let report = self.event
      disconnect()
      report?(.lost(reason: reason, wasHungUp: wasHungUp))
    }
  }

  // MARK: messages

  /// The queue, whatever the priority: RabbitMQ has one queue for all of them. Or the exchange with the routing key.
  package func lane(of route: Route, priority: Int64) -> Lane {
    switch route {
    case .queue(let name): Lane(Array("queue\0\(name)".utf8))
    case .exchange(let name, let key): Lane(Array("exchange\0\(name)\0\(key)".utf8))
    }
  }

  package func resolve(_ items: [OutboxItem], then completion: @escaping ([Destination]) -> Void) {
    let lanes = items.map { (route: $0.route, lane: lane(of: $0.route, priority: $0.priority)) }
    func finish(_ problems: [Route: String]) {
      completion(lanes.map { Destination(queues: [], lanes: [$0.lane], problem: problems[$0.route]) })
    }
    guard let link else { return finish([:]) }
    link.examine(Set(lanes.map(\.route)), then: finish)
  }

  package func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then completion: @escaping (PublishOutcome) -> Void
  ) {
    func answer(_ outcome: PublishOutcome) { surroundings.soon { completion(outcome) } }
    guard let link, link.takesMessages else { return answer(.notSent) }
    if confirmed.contains(item.taskID) { return answer(.duplicate) }
    // It was given up and its confirm may still come, or the outbox holds it twice. Nothing is sent twice, and no window of
    // the relay waits for it.
    let lane = lane(of: item.route, priority: item.priority)
    if link.holds(item.taskID, to: item.route.exchange) || link.isHeldUp(lane) { return answer(link.tooSoon) }
    do {
      let message = try AMQPMessage(item, mostHeader: link.mostHeader)
      link.publish(
        AMQPParcel(
          item, message, lane: lane, isSuspect: suspects.contains(item.taskID), completion))
      if !timer.isScheduled { timer.schedule(after: Self.tick) }
    } catch {
      answer(.impossible(error.description))
    }
  }

  package func forgotten(_ item: OutboxItem) { confirmed.removed(item.taskID) }

  private func answered(_ parcel: AMQPParcel, _ answer: AMQPChannel.Answer) {
    let outcome = outcome(of: parcel, answer)
    // It was given up, and the relay waits for no answer to it any more.
    if parcel.answer == nil { event?(.settled) }
    let behind = outcome.closesLane ? link?.takeWaiting { $0.lane == parcel.lane } ?? [] : []
    parcel.finish(outcome)
    for other in behind { other.finish(.tooSoon) }
  }

  private func outcome(of parcel: AMQPParcel, _ answer: AMQPChannel.Answer) -> PublishOutcome {
    let id = parcel.id
    // Made only where something is to be said.
    var words: AMQPWords { dialler.words }
    switch answer {
    case .confirmed:
      suspects.remove(id)
      confirmed.insert(id)
      return .delivered
    case .returned(let refusal):
      suspects.remove(id)
      return .refused(words.unroutable(parcel.route, refusal, advice: rule.advice))
    // One queue of the exchange has refused it, and others may have taken it.
    case .rejected where parcel.isForNamedExchange: return .uncertain(words.rejected(parcel.route))
    case .rejected: return .refused(words.rejected(parcel.route))
    case .channelClosed(let refusal, let others):
      let text = words.channelClosed(parcel.route, refusal)
      guard others == 0 else {
        if refusal.blamesMessage { suspects.insert(id) }
        return .uncertain(text)
      }
      guard refusal.blamesMessage else { return .refused(text) }
      return suspects.refused(id) ? .impossible(text) : .uncertain(text)
    case .connectionLost(let refusal, let others):
      guard let refusal, refusal.blamesMessage else { return .unknown }
      guard others == 0 else {
        suspects.insert(id)
        return .unknown
      }
      return suspects.refused(id) ? .impossible(words.channelClosed(parcel.route, refusal)) : .unknown
    }
  }

  /// Lets the relay go on with other messages where confirms do not come. The messages are not sent again: the server has
  /// them, and may confirm them yet.
  private func lookAtWaiting() {
    guard let link else { return }
    // A blocked server confirms nothing, and has said why.
    link.look(isServing: link.takesMessages)
    guard link.takesMessages else { return timer.schedule(after: Self.tick) }
    let late = link.parcels.filter { $0.looks > Self.patience && $0.answer != nil }
    for parcel in late {
      let behind = link.takeWaiting { $0.lane == parcel.lane }
      parcel.finish(.uncertain(dialler.words.unconfirmed(parcel.route, seconds: Self.patience)))
      link.giveUp(parcel)
      for other in behind { other.finish(link.tooSoon) }
    }
    // Whole lanes, so that no message passes an older one.
    let lanes = link.lanes(waitingFor: Self.patience)
    for parcel in link.takeWaiting(where: { lanes.contains($0.lane) }) { parcel.finish(link.tooSoon) }
    if self.link === link, !link.isQuiet { timer.schedule(after: Self.tick) }
  }

  // MARK: connections of their own

  package func rehearse(then completion: @escaping (String?) -> Void) {
    cancelRehearsal()
    rehearsal = AMQPRehearsal(dialler, publishes: true, in: surroundings) { [weak self] result in
      self?.rehearsal = nil
      completion(result.obstacle)
    }
  }

  package func cancelRehearsal() {
    rehearsal?.cancel()
    rehearsal = nil
  }

  package func probe(then completion: @escaping (String?) -> Void) {
    cancelProbe()
    probe = AMQPRehearsal(dialler, publishes: false, in: surroundings) { [weak self] result in
      self?.probe = nil
      completion(result.obstacle)
    }
  }

  package func cancelProbe() {
    probe?.cancel()
    probe = nil
  }
}

extension PublishOutcome {
  /// Whether later messages of the lane must not pass this one.
  fileprivate var closesLane: Bool {
    switch self {
    case .delivered, .duplicate, .impossible: false
    default: true
    }
  }
}
