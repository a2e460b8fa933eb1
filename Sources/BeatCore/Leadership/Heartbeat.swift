/// The heartbeat of a daemon: a key that it writes once a period. The store answers the write, and the event of the
/// write comes back on the subscription that also carries the events of edits. If the store answers but the event stays
/// away, the events of edits are lost too, and nothing else would show it.
///
///     written   1         2         3         4
///               |---------|---------|---------|----> one each period, if the one before it is answered
///     events    1 heard   ?         ?
///                         |<- half ->| edits since then may be unheard too: reload
///                         |<-- patience ------>| no event arrives at all: reconnect
///
/// The patience counts from the oldest heartbeat whose event has not arrived. In a storm of edits it is longer, because
/// the heartbeat's event queues behind thousands of others.
package struct Heartbeat {
  package enum Action: Equatable {
    /// Write the heartbeat with this number.
    case send(sequence: Int64)
    /// The heartbeat's event did not arrive, so events of edits may be lost as well: read all documents.
    case reload(reason: String)
    /// No event arrives at all: end this session and begin a new one.
    case reconnect(reason: String)
  }

  private enum State {
    /// There is no session. `connected` begins one.
    case disconnected
    /// No heartbeat waits for its answer. `isAnswered`: one was answered in this session.
    case resting(isAnswered: Bool)
    /// A heartbeat waits for its answer, and the next one is not sent before. `isFirst`: it is the first of this
    /// session.
    case awaiting(sentAt: BootTime, isFirst: Bool)
  }

  private enum Echo {
    /// This session receives no events, so none is missed.
    case unexpected
    /// The events of all heartbeats have arrived.
    case heard
    /// The oldest heartbeat whose event has not arrived was written at `since`.
    case missing(since: BootTime, isReloading: Bool)
  }

  private let configuration: Leadership.Configuration
  private var state = State.disconnected
  private var echo = Echo.unexpected
  /// The number of the last heartbeat written. It grows across sessions, so an answer belongs to exactly one heartbeat.
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

  /// An event of the subscription has arrived. Called for each event: it only counts.
  package mutating func heard() { eventsSinceBeat &+= 1 }

  /// A session begins. The answer to a heartbeat of an earlier session is ignored from now on.
  package mutating func connected(hears: Bool) {
    state = .resting(isAnswered: false)
    echo = hears ? .heard : .unexpected
  }

  package mutating func disconnected() { state = .disconnected }

  /// The event of a heartbeat has arrived. It counts for every heartbeat written before, too.
  package mutating func echoed() {
    if case .missing = echo { echo = .heard }
  }

  /// Writes the next heartbeat, because its time has come or because it is wanted earlier.
  package mutating func beat(now: BootTime) throws(IllegalMove) -> [Action] {
    let patience = eventsSinceBeat < configuration.storm ? configuration.echoPatience : configuration.stormPatience
    switch state {
    case .disconnected: throw .beatOutsideSession
    case .awaiting:
      // While the store does not answer, a missing event says nothing about the subscription.
      eventsSinceBeat = 0
      return []
    case .resting(let isAnswered):
      eventsSinceBeat = 0
      var actions: [Action] = []
      if case .missing(let since, let isReloading) = echo {
        let silence = now.microseconds(since: since)
        if silence > patience {
          state = .disconnected
          return [.reconnect(reason: "the store answers, but the events of our own heartbeat do not come")]
        }
        // The events may return before the patience ends, but those lost so far stay lost: read all documents once.
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

  /// - Returns: when the heartbeat was sent; nil: the answer belongs to a heartbeat of an earlier session.
  package mutating func answered(_ sequence: Int64) -> BootTime? {
    guard case .awaiting(let sentAt, _) = state, sequence == self.sequence else { return nil }
    state = .resting(isAnswered: true)
    return sentAt
  }
}
