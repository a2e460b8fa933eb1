import BeatCore

/// Publishes to one exchange, on a channel of its own.
///
/// A lane that has had no confirm on this connection sends its first message alone, and the others wait: if its queue is not
/// there, they cannot overtake it should the queue appear meanwhile. On a named exchange it is alone on the channel, since the
/// server closes the channel to refuse it, and every other message on it would be in doubt.
final class AMQPOutlet {
  /// Lanes that are remembered as proven; where there are more, they are proven again.
  private static let mostLanes = 10_000

  private enum Gate {
    /// The first message is on its way.
    case proving
    case proven
  }

  private let traffic: AMQPTraffic
  private let openChannel: (_ closed: @escaping () -> Void) -> AMQPChannel?
  /// Takes what became of a message on its channel.
  private let answered: (AMQPParcel, AMQPChannel.Answer) -> Void
  private var channel: AMQPChannel?
  private(set) var waiting: [AMQPParcel] = []
  private var gates: [Lane: Gate] = [:]
  private var inFlight = 0
  /// The first message of a lane of a named exchange, which is on its way alone.
  private var prover: TaskID?
  /// Messages on their way whose confirm is not waited for any more.
  private var givenUp: Set<TaskID> = []

  /// - Parameters:
  ///   - openChannel: opens a channel on the connection; nil: none is left.
  ///   - answered: called after each answer, never inside `publish`.
  init(
    _ traffic: AMQPTraffic, openChannel: @escaping (_ closed: @escaping () -> Void) -> AMQPChannel?,
    answered: @escaping (AMQPParcel, AMQPChannel.Answer) -> Void
  ) {
    self.traffic = traffic
    self.openChannel = openChannel
    self.answered = answered
  }

  var isIdle: Bool { inFlight == 0 && waiting.isEmpty }

  /// Sends a message, or lets it wait for its turn.
  func publish(_ parcel: AMQPParcel) {
    if !waiting.contains(where: { $0.lane == parcel.lane }), send(parcel) { return }
    if parcel.isSuspect { traffic.suspectsWaiting += 1 }
    waiting.append(parcel)
  }

  /// Sends what waits, as far as it may go. A message never passes one of its lane.
  func pump() {
    guard !waiting.isEmpty else { return }
    let parcels = waiting
    waiting = []
    var passed: Set<Lane> = []
    for parcel in parcels {
      if parcel.isSuspect { traffic.suspectsWaiting -= 1 }
      if !passed.contains(parcel.lane), send(parcel) { continue }
      if parcel.isSuspect { traffic.suspectsWaiting += 1 }
      passed.insert(parcel.lane)
      waiting.append(parcel)
    }
  }

  /// Takes out messages that wait: they were never sent.
  func takeWaiting(where isMeant: (AMQPParcel) -> Bool = { _ in true }) -> [AMQPParcel] {
    let taken = waiting.filter(isMeant)
    waiting.removeAll(where: isMeant)
    traffic.suspectsWaiting -= taken.count { $0.isSuspect }
    return taken
  }

  /// Lets other lanes go on without the confirm of this message. Its own lane waits for it.
  func giveUp(_ parcel: AMQPParcel) {
    givenUp.insert(parcel.id)
    if prover == parcel.id { prover = nil }
  }

  /// Closes the channel of an idle outlet.
  func close() {
    channel?.close()
    channel = nil
  }

  // MARK: sending

  /// - Returns: false: it may not go yet.
  private func send(_ parcel: AMQPParcel) -> Bool {
    guard mayGo(parcel), traffic.maySend(parcel), let channel = channel ?? open() else {
      return false
    }
    if gates[parcel.lane] == nil {
      if gates.count >= Self.mostLanes { gates = gates.filter { if case .proving = $0.value { true } else { false } } }
      gates[parcel.lane] = .proving
      if parcel.isForNamedExchange { prover = parcel.id }
    }
    inFlight += 1
    traffic.sent(parcel)
    channel.publish(parcel.message) { [weak self, answered] answer in
      self?.ended(parcel, answer)
      answered(parcel, answer)
    }
    return true
  }

  private func mayGo(_ parcel: AMQPParcel) -> Bool {
    if prover != nil { return false }
    switch gates[parcel.lane] {
    case .proving: return false
    case .proven: return true
    case nil: return !parcel.isForNamedExchange || inFlight == givenUp.count
    }
  }

  private func open() -> AMQPChannel? {
    channel = openChannel { [weak self] in self?.channel = nil }
    return channel
  }

  private func ended(_ parcel: AMQPParcel, _ answer: AMQPChannel.Answer) {
    inFlight -= 1
    givenUp.remove(parcel.id)
    if prover == parcel.id { prover = nil }
    if case .confirmed = answer {
      gates[parcel.lane] = .proven
      traffic.ended(parcel, isConfirmed: true)
    } else {
      gates[parcel.lane] = nil
      traffic.ended(parcel, isConfirmed: false)
    }
  }
}
