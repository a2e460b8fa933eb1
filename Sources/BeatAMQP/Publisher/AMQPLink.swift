import BeatCore

/// A connection for messages: one outlet for each exchange, and the looks at what is there.
///
/// It tries each of its servers once to get a connection. When that connection is lost, the link has ended.
final class AMQPLink {
  enum Event {
    case ready
    /// The server takes no messages: nothing is sent until `unblocked`. The parcels were not sent.
    case blocked(String, unsent: [AMQPParcel])
    case unblocked
    case answered(AMQPParcel, AMQPChannel.Answer)
    /// The last event. The parcels were not sent.
    case lost(String, wasHungUp: Bool, unsent: [AMQPParcel])
  }

  /// The most named exchanges with a channel of their own at one time.
  private static let mostOutlets = 64

  private let dialler: AMQPDialler
  private var declaration: QueueDeclaration?
  private let surroundings: any Surroundings
  private var handle: ((Event) -> Void)?
  private var connection: AMQPConnection?
  private var topology: AMQPTopology?
  private let traffic: AMQPTraffic
  private var outlets: [String: AMQPOutlet] = [:]
  /// The exchanges by the time of their last message, the oldest first.
  private var order: [String] = []
  private var isBlocked = false
  private var losses: [String] = []

  init(
    _ dialler: AMQPDialler, declaring declaration: QueueDeclaration?, in surroundings: any Surroundings,
    while leads: @escaping () -> Bool, handle: @escaping (Event) -> Void
  ) {
    traffic = AMQPTraffic(while: leads)
    self.dialler = dialler
    self.declaration = declaration
    self.surroundings = surroundings
    self.handle = handle
  }

  func connect() {
    connection = dialler.dial(as: "beat-watch-relay", in: surroundings) { [weak self] in self?.receive($0) }
  }

  /// Ends the link silently. Messages that are on their way, or wait, are answered by nobody.
  func close() {
    handle = nil
    let ended = connection
    connection = nil
    ended?.close()
  }

  private func receive(_ event: AMQPConnection.Event) {
    switch event {
    case .ready:
      guard let connection else { return }
      losses = []
      topology = AMQPTopology(on: connection, declaring: declaration, words: dialler.words, in: surroundings)
      handle?(.ready)
    case .blocked(let reason):
      isBlocked = true
      topology?.abandon()
      handle?(.blocked(dialler.words.blocked(reason), unsent: takeWaiting { _ in true }))
    case .unblocked:
      isBlocked = false
      handle?(.unblocked)
    // A message may wait for a channel. It is sent in a later turn, when the ended channel has answered its own messages.
    case .channelFreed: surroundings.soon { [weak self] in self?.pump() }
    case .lost(let loss): lost(loss)
    }
  }

  private func lost(_ loss: AMQPLoss) {
    dialler.failed()
    if !loss.wasOpen {
      losses.append(loss.reason)
      if losses.count < dialler.count {
        return surroundings.soon { [weak self] in
          if let self, handle != nil { connect() }
        }
      }
    }
    let report = handle
    (handle, connection) = (nil, nil)
    let reason = losses.count > 1 ? dialler.words.unreachable(losses) : loss.reason
    report?(.lost(reason, wasHungUp: loss.wasOpen, unsent: takeWaiting { _ in true }))
  }

  // MARK: messages

  var takesMessages: Bool { connection?.isOpen == true && !isBlocked }
  /// The longest content header that the server takes; bytes.
  var mostHeader: Int { connection?.mostHeader ?? 0 }
  /// The messages that are on their way.
  var parcels: [AMQPParcel] { Array(traffic.parcels.values) }
  /// No message is on its way, and none waits.
  var isQuiet: Bool { traffic.inFlight == 0 && outlets.values.allSatisfy { $0.isIdle } }

  /// Whether a message is on its way to an exchange already, or waits for its turn.
  func holds(_ id: TaskID, to exchange: String) -> Bool {
    traffic.parcels[id] != nil || outlets[exchange]?.waiting.contains { $0.id == id } ?? false
  }

  /// The answer for a message whose turn has not come. Where no confirm comes at all it is the server that does not serve, and
  /// not some queue.
  var tooSoon: PublishOutcome { traffic.isSilent ? .notSent : .tooSoon }

  /// Whether a message of the lane is on its way whose confirm is not waited for any more. The next ones must not pass it.
  func isHeldUp(_ lane: Lane) -> Bool { traffic.isHeldUp(lane) }

  /// Says how queues are declared from now on that are not there; nil: they are not.
  func declare(_ declaration: QueueDeclaration?) {
    self.declaration = declaration
    topology?.declaration = declaration
  }

  /// Finds out what is not there of these routes.
  func examine(_ routes: Set<Route>, then completion: @escaping ([Route: String]) -> Void) {
    guard takesMessages, let topology else { return completion([:]) }
    topology.examine(routes, then: completion)
  }

  func publish(_ parcel: AMQPParcel) { outlet(of: parcel.route.exchange).publish(parcel) }

  /// Lets other messages go on without the confirm of this one.
  func giveUp(_ parcel: AMQPParcel) {
    traffic.giveUp(parcel)
    outlets[parcel.route.exchange]?.giveUp(parcel)
    pump()
  }

  /// Takes out messages that wait for their turn: they were never sent.
  func takeWaiting(where isMeant: (AMQPParcel) -> Bool) -> [AMQPParcel] {
    outlets.values.flatMap { $0.takeWaiting(where: isMeant) }
  }

  /// Counts one look at each message.
  ///
  /// - Parameter isServing: false: the server takes no messages, and the count begins again when it does.
  func look(isServing: Bool) {
    for parcel in parcels + outlets.values.flatMap(\.waiting) { parcel.looks = isServing ? parcel.looks + 1 : 0 }
  }

  /// The lanes with a message that has waited for its turn for more than so many looks.
  func lanes(waitingFor looks: Int) -> Set<Lane> {
    Set(outlets.values.flatMap { $0.waiting.filter { $0.looks > looks }.map(\.lane) })
  }

  private func outlet(of exchange: String) -> AMQPOutlet {
    if order.last != exchange {
      order.removeAll { $0 == exchange }
      order.append(exchange)
    }
    if let outlet = outlets[exchange] { return outlet }
    if outlets.count >= Self.mostOutlets { closeIdleOutlet(but: exchange) }
    let outlet = AMQPOutlet(traffic) { [weak self] closed in
      guard let self, let connection else { return nil }
      if let channel = connection.openChannel(closed: closed) { return channel }
      // The server's answer to that frees a channel's number.
      closeIdleOutlet(but: exchange)
      return nil
    } answered: { [weak self] parcel, answer in
      self?.answered(parcel, answer)
    }
    outlets[exchange] = outlet
    return outlet
  }

  /// Closes the outlet that has been idle for longest.
  ///
  /// - Parameter busy: the exchange for which that is done, whose message is about to go.
  private func closeIdleOutlet(but busy: String) {
    guard let idle = order.first(where: { $0 != busy && outlets[$0]?.isIdle == true }) else { return }
    outlets.removeValue(forKey: idle)?.close()
    order.removeAll { $0 == idle }
  }

  private func answered(_ parcel: AMQPParcel, _ answer: AMQPChannel.Answer) {
    switch answer {
    // The queue or the exchange may be gone: it is looked at again.
    case .returned, .channelClosed: topology?.forget(parcel.route)
    default: break
    }
    handle?(.answered(parcel, answer))
    pump()
  }

  private func pump() {
    // A connection that ends answers what was on its way, and takes nothing more.
    guard takesMessages else { return }
    for outlet in outlets.values { outlet.pump() }
  }
}
