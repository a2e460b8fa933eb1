import BeatCore

/// A message on its way from the relay to a confirm.
final class AMQPParcel {
  let id: TaskID
  let message: AMQPMessage
  let route: Route
  let lane: Lane
  /// It is sent alone.
  let isSuspect: Bool
  /// nil: it was answered already, and only the confirm is awaited.
  var answer: ((PublishOutcome) -> Void)?
  /// How often it was looked at since it was handed in, or since it was sent.
  var looks = 0

  init(
    _ item: OutboxItem, _ message: AMQPMessage, lane: Lane, isSuspect: Bool,
    _ answer: @escaping (PublishOutcome) -> Void
  ) {
    (id, route) = (item.taskID, item.route)
    self.message = message
    self.lane = lane
    self.isSuspect = isSuspect
    self.answer = answer
  }

  /// A named exchange checks rights by routing key, and refuses by closing the channel.
  var isForNamedExchange: Bool { !route.exchange.isEmpty }

  func finish(_ outcome: PublishOutcome) {
    let answer = answer
    self.answer = nil
    answer?(outcome)
  }
}

/// What may be on its way on one connection, over all of its channels.
///
/// The first message of a connection goes alone: a server that lacks memory says so only then, and delivers later what it
/// had been sent until then, even if the connection has ended. A suspect goes alone too.
final class AMQPTraffic {
  /// The messages that are on their way.
  private(set) var parcels: [TaskID: AMQPParcel] = [:]
  private let leads: () -> Bool
  /// Those of them whose confirm is not waited for any more, though it may still come.
  private var givenUp: Set<TaskID> = []
  /// A message was confirmed on this connection.
  private(set) var isProven = false
  private var soloist: TaskID?
  /// The number of suspects that wait for their turn: nothing else is sent before them.
  var suspectsWaiting = 0

  /// - Parameter leads: whether this daemon certainly leads now.
  init(while leads: @escaping () -> Bool) { self.leads = leads }

  var inFlight: Int { parcels.count }

  func maySend(_ parcel: AMQPParcel) -> Bool {
    if soloist != nil || parcels[parcel.id] != nil || !leads() { return false }
    if parcel.isSuspect || !isProven { return parcels.count == givenUp.count }
    return suspectsWaiting == 0
  }

  func sent(_ parcel: AMQPParcel) {
    parcel.looks = 0
    parcels[parcel.id] = parcel
    if parcel.isSuspect { soloist = parcel.id }
  }

  /// Lets others go on without the confirm of this one, such as that of a queue whose leader is away.
  func giveUp(_ parcel: AMQPParcel) {
    givenUp.insert(parcel.id)
    if soloist == parcel.id { soloist = nil }
  }

  /// Messages are on their way, and the confirm of none is waited for any more.
  var isSilent: Bool { !parcels.isEmpty && parcels.count == givenUp.count }

  func isHeldUp(_ lane: Lane) -> Bool { givenUp.contains { parcels[$0]?.lane == lane } }

  func ended(_ parcel: AMQPParcel, isConfirmed: Bool) {
    parcels.removeValue(forKey: parcel.id)
    givenUp.remove(parcel.id)
    if soloist == parcel.id { soloist = nil }
    if isConfirmed { isProven = true }
  }
}
