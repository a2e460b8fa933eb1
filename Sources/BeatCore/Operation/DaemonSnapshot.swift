/// An installation at one moment: which daemon leads, what became of fires, what is due, what waits in the outbox, and
/// which documents are rejected. `status` and health checks show it.
package struct DaemonSnapshot {
  /// The time by the store's clock.
  package let now: UnixTime
  /// The daemons with their records, and the lease.
  package let fleet: Fleet
  /// Whether schedules that are due fire, and what prevents it.
  package let health: FiringHealth
  package let due: DueSurvey
  /// How late the last runs were.
  package let lateness: LatenessSummary
  /// When the oldest of the runs in `lateness` fired.
  package let oldestRun: UnixTime?
  package let rejected: (count: Int, first: [(EntryName, String)])
  /// How many messages wait in the outbox for a broker that is another server than the store.
  package let outbox: Int64
  /// How many messages are set aside, since the broker will never take them.
  package let setAside: Int
  package let store: StoreFacts
  package let terms: any StoreTerms

  /// - Parameter records: the last runs, the newest first.
  package init(
    now: UnixTime, fleet: Fleet, due: DueSurvey, records: [FireRecord],
    rejected: (count: Int, first: [(EntryName, String)]), outbox: Int64, setAside: Int, store: StoreFacts,
    terms: any StoreTerms
  ) {
    self.now = now
    self.fleet = fleet
    self.due = due
    self.rejected = rejected
    self.outbox = outbox
    self.setAside = setAside
    self.store = store
    self.terms = terms
    lateness = LatenessSummary(of: records)
    oldestRun = records.last?.firedAt
    health = FiringHealth(fleet, overdue: due.overdue, lastRun: records.first?.firedAt, now: now)
  }

  /// The first daemon that fires; nil: none does.
  package var leader: Fleet.Member? { fleet.firing.first }

  /// How many documents the store holds, and how many of them are rejected. If the survey did not read all of them, the
  /// numbers come from the record of the leading daemon, or of another that has read them all; nil: there is no such
  /// record.
  package var schedules: (all: Int, rejected: Int)? {
    guard due.isPartial else { return (due.count, due.rejected) }
    let record = fleet.alive.first { !$0.isLoading && !$0.isOutdated && $0.record != nil }?.record
    return record.map { ($0.schedules + $0.rejected, $0.rejected) }
  }
}

extension DaemonSnapshot {
  /// How much of the store is read.
  package struct Extent: Sendable {
    /// The most runs from which the lateness is taken.
    package var runs = 1000
    /// The most rejected documents that are named.
    package var rejections = 5
    /// The most schedules that are read for what is overdue.
    package var schedules = 5000

    package init() {}
  }

  /// Reads the snapshot from a store.
  ///
  /// - Parameter context: gives the context for reading documents, from the record of the daemon that fires.
  package init(
    of store: any StoreInspector, _ extent: Extent = Extent(), context: (DaemonRecord?) throws -> DocumentContext
  ) throws {
    let fleet = try store.fleet()
    let now = try store.time()
    let facts = try store.facts()
    let records = try Self.records(of: store, atMost: extent.runs)
    let due = try store.survey(context(fleet.firing.first?.record), now: now, atMost: extent.schedules)
    self.init(
      now: now, fleet: fleet, due: due, records: records,
      rejected: try store.rejections(atMost: extent.rejections), outbox: try store.visibleOutboxLength(),
      setAside: try store.visibleMessagesSetAside(atMost: 0).count, store: facts,
      terms: store.terms)
  }

  /// Reads the history. A user without the right to read it gets an empty one: a health check may run as the daemon's
  /// user, which only writes the history.
  private static func records(of store: any StoreInspector, atMost most: Int) throws(StoreError) -> [FireRecord] {
    var records: [FireRecord] = []
    do throws(StoreError) {
      try store.walkHistory(since: nil) { record in
        records.append(record)
        return records.count < most
      }
    } catch {
      if error.kind != .denied { throw error }
    }
    return records
  }
}
