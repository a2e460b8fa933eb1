/// The heartbeat of a daemon: written once a period, answered, and heard. Its own event comes back by the way that the
/// events of edits take, so what becomes of it tells whether any edit is heard: change detection is dead where Redis
/// answers and the event stays away. No edit tells of that.
///
///     written   1         2         3         4
///               |---------|---------|---------|----> one each period, if the one before it is answered
///     events    1 heard   ?         ?
///                         |<- half ->| what was edited meanwhile may not have been heard either: reload
///                         |<-- patience ------>| nothing is heard at all: reconnect
///
/// The patience counts from the oldest heartbeat that was not heard. In a storm of edits it is longer, as our event stands
/// behind thousands of others.
package struct Heartbeat {
  package enum Action: Equatable {
    /// Write it, with this number.
    case send(sequence: Int64)
    /// An event was missed, so those of edits may have been missed as well.
    case reload(reason: String)
    /// No event comes: only a new session helps, and this one is over.
    case reconnect(reason: String)
  }

  private enum State {
    /// No session. Ends with `connected`.
    case disconnected
    /// None is on its way; `isAnswered`: one was answered in this session.
    case resting(isAnswered: Bool)
    /// One is on its way, and none follows before its answer; `isFirst`: of this session.
    case awaiting(sentAt: BootTime, isFirst: Bool)
  }

  private enum Echo {
    /// This session hears no events.
    case unexpected
    /// All that were written have been heard.
    case heard
    /// The oldest of those that were not heard was written at `since`.
    case missing(since: BootTime, isReloading: Bool)
  }

  private let configuration: Leadership.Configuration
  private var state = State.disconnected
  private var echo = Echo.unexpected
  /// The number of the last one that was written. It grows across sessions, so an answer belongs to one heartbeat.
  private var sequence: Int64 = 0
  private var eventsSinceBeat = 0

  package init(_ configuration: Leadership.Configuration) { self.configuration = configuration }

  package var isConnected: Bool {
    if case .disconnected = state { false } else { true }
  }

  /// A heartbeat was answered in this session.
  package var isAnswered: Bool {
    switch state {
    case .disconnected: false
    case .resting(let isAnswered): isAnswered
    case .awaiting(_, let isFirst): !isFirst
    }
  }

  /// Some event of the subscription has come. Called often: it only counts.
  package mutating func heard() { eventsSinceBeat &+= 1 }

  /// A session begins. What was on its way belongs to the one before, and is answered to nobody.
  package mutating func connected(hears: Bool) {
    state = .resting(isAnswered: false)
    echo = hears ? .heard : .unexpected
  }

  package mutating func disconnected() { state = .disconnected }

  /// The event of a heartbeat has come. All that were written before it count as heard.
  package mutating func echoed() {
    if case .missing = echo { echo = .heard }
  }

  /// The next heartbeat is due, or wanted before that.
  package mutating func beat(now: BootTime) throws(IllegalMove) -> [Action] {
    let patience = eventsSinceBeat < configuration.storm ? configuration.echoPatience : configuration.stormPatience
    switch state {
    case .disconnected: throw .beatOutsideSession
    case .awaiting:
      // Without an answer the missing event says nothing of the subscription.
      eventsSinceBeat = 0
      return []
    case .resting(let isAnswered):
      eventsSinceBeat = 0
      var actions: [Action] = []
      if case .missing(let since, let isReloading) = echo {
        let silence = now.microseconds(since: since)
        if silence > patience {
          state = .disconnected
          return [.reconnect(reason: "Redis answers, but the events of our own heartbeat do not come")]
        }
        // Perhaps they come again before the patience is at its end; what was not heard meanwhile is lost all the same.
        if silence > patience / 2 - 100_000, !isReloading {
          echo = .missing(since: since, isReloading: true)
          actions.append(
            .reload(reason: "an event of our own heartbeat did not come, so others may not have come either"))
        }
      } else if case .heard = echo {
        echo = .missing(since: now, isReloading: false)
      }
      sequence += 1
      state = .awaiting(sentAt: now, isFirst: !isAnswered)
      return actions + [.send(sequence: sequence)]
    }
  }

  /// - Returns: when the heartbeat was sent; nil: this is no answer to the one that is on its way, but to one of an earlier
  ///   session.
  package mutating func answered(_ sequence: Int64) -> BootTime? {
    guard case .awaiting(let sentAt, _) = state, sequence == self.sequence else { return nil }
    state = .resting(isAnswered: true)
    return sentAt
  }
}
