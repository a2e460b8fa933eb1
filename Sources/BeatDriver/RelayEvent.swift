import BeatCore

/// What a relay reports.
package enum RelayEvent {
  /// The broker cannot be used; reported once for each reason. `waiting`: the number of items in the outbox; nil: the
  /// store could not tell.
  case brokerLost(reason: String, waiting: Int?)
  /// After `brokerLost`: the broker accepts messages again.
  case brokerBack(waiting: Int)
  /// An item stays in the outbox, with later ones of the same lane, and is tried again; reported once for each reason.
  /// No item: the item's bytes or the outbox cannot be read.
  case deferred(OutboxItem?, reason: String)
  /// Items have left the outbox. `count`: how many the broker has.
  case relayed(count: Int, duplicates: Int, waiting: Int)
  /// The broker will never take this message. It has left the outbox, and waits for a person.
  case setAside(OutboxItem, reason: String)
  /// The broker may have these messages twice.
  case repeated(PossibleRepeats)
  /// A walk has ended. `waiting`: the number of items left that are not deferred; nil: the broker takes none.
  case walked(waiting: Int?)
  /// The outbox accepts again what `refusal` refused.
  case unblocked
}

extension FireLedger {
  /// Records the events that concern the delivery of messages.
  mutating func take(_ event: RelayEvent, at now: UnixTime) {
    switch event {
    case .brokerLost(let reason, let waiting): lostBroker(reason, waiting: waiting, at: now)
    case .brokerBack: foundBroker()
    case .deferred(_, let reason): deferral(reason, at: now)
    case .relayed(let count, _, let waiting): relayed(count, waiting: waiting)
    case .walked, .unblocked, .setAside, .repeated: break
    }
  }
}
