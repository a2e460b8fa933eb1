import BeatCore

/// What a relay tells.
package enum RelayEvent {
  /// Said once for each reason. `waiting`: items in the outbox, if the store could tell.
  case brokerLost(reason: String, waiting: Int?)
  /// After `brokerLost`: messages are accepted again.
  case brokerBack(waiting: Int)
  /// It stays in the outbox, with what is behind it for the same lane, and is tried again. Said once for each reason.
  /// No item: its bytes cannot be read, or the outbox cannot.
  case deferred(OutboxItem?, reason: String)
  case relayed(count: Int, duplicates: Int, waiting: Int)
  /// So many items are left that are not deferred; nil: the broker takes none.
  case walked(waiting: Int?)
  /// What `refusal` refused is accepted again.
  case unblocked
}

extension FireLedger {
  /// What the relay tells, as far as it stands in the way of messages.
  mutating func take(_ event: RelayEvent, at now: UnixTime) {
    switch event {
    case .brokerLost(let reason, let waiting): lostBroker(reason, waiting: waiting, at: now)
    case .brokerBack: foundBroker()
    case .deferred(_, let reason): deferral(reason, at: now)
    case .relayed(_, _, let waiting): relayed(waiting: waiting)
    case .walked, .unblocked: break
    }
  }
}
