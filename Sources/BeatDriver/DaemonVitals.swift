import BeatCore

/// What a daemon's metrics say of the present moment. It is made when somebody asks, and costs the same for any number of
/// schedules.
package struct DaemonVitals: Equatable, Sendable {
  /// The outbox of a leading daemon whose broker is another server than its store.
  package struct Outbox: Equatable, Sendable {
    /// How many messages wait; nil: the outbox has not been read yet.
    package var count: Int?
    /// How long the oldest message has waited, as `OutboxGauge` knows it; microseconds. nil: none waits.
    package var age: Int64?
    /// The broker takes messages.
    package var isConnected = false

    package init() {}
  }

  package var isReady = false
  package var isLeading = false
  /// Since the question was sent whose answer confirmed the lease; microseconds. nil: this daemon does not lead, or there
  /// is no lease.
  package var leaseAge: Int64?
  /// Since the store was last heard; microseconds. nil: it was not heard in this session.
  package var heardAge: Int64?
  /// Edits are detected, and documents can be read.
  package var isConnected = false
  package var storeConnectionsLost = 0
  package var brokerConnectionsLost = 0
  package var schedules = ScheduleCensus()
  package var nextSending: UnixTime?
  package var firesInFlight = 0
  package var outbox: Outbox?
  package var auditFailures = 0

  package init() {}
}

extension Daemon {
  package var vitals: DaemonVitals {
    let now = surroundings.bootTime
    var vitals = DaemonVitals()
    vitals.isReady = health.isReady
    vitals.isLeading = election.isLeading
    vitals.leaseAge = election.leadership.confirmedAt.map { max(0, now.microseconds(since: $0)) }
    vitals.heardAge = election.heardAt.map { max(0, now.microseconds(since: $0)) }
    vitals.isConnected = session != nil
    vitals.storeConnectionsLost = tally.storeConnectionsLost
    vitals.brokerConnectionsLost = relay.connectionsLost
    vitals.schedules = dispatcher.scheduler.census
    vitals.nextSending = dispatcher.scheduler.nextSending(now: election.now)
    vitals.firesInFlight = dispatcher.inFlight
    vitals.auditFailures = tally.auditFailures
    if election.isLeading, session?.store.delivery == .outbox {
      var outbox = DaemonVitals.Outbox()
      outbox.count = relay.gauge.count
      outbox.age = relay.gauge.oldestSince.map { max(0, now.microseconds(since: $0)) }
      outbox.isConnected = relay.takesMessages
      vitals.outbox = outbox
    }
    return vitals
  }
}
