/// An installation at one moment: who leads and since when, what became of fires, what is due, what waits, what is set
/// aside. `status` shows it, and so can whatever else is asked for health.
package struct DaemonSnapshot {
  /// By the store's clock.
  package let now: UnixTime
  /// The daemons with their records, and the lease.
  package let fleet: Fleet
  /// Whether what is due is sent, and what stands in the way.
  package let health: FiringHealth
  package let due: DueSurvey
  /// Of the last runs.
  package let lateness: LatenessSummary
  /// When the oldest of these was fired.
  package let oldestRun: UnixTime?
  package let rejected: (count: Int, first: [(EntryName, String)])
  /// Messages that wait for a broker that is another server.
  package let outbox: Int64
  package let store: StoreFacts

  /// - Parameter records: of the last runs, the newest first.
  package init(
    now: UnixTime, fleet: Fleet, due: DueSurvey, records: [FireRecord],
    rejected: (count: Int, first: [(EntryName, String)]), outbox: Int64, store: StoreFacts
  ) {
    self.now = now
    self.fleet = fleet
    self.due = due
    self.rejected = rejected
    self.outbox = outbox
    self.store = store
    lateness = LatenessSummary(of: records)
    oldestRun = records.last?.firedAt
    health = FiringHealth(fleet, overdue: due.overdue, lastRun: records.first?.firedAt, now: now)
  }

  /// The daemon that fires, if one does.
  package var leader: Fleet.Member? { fleet.firing.first }

  /// All documents that stand there, and how many of them cannot be used: of a store that is too large to be looked at,
  /// what the daemon that leads says, or another one that has read them all; nil: none has.
  package var schedules: (all: Int, rejected: Int)? {
    guard due.isPartial else { return (due.count, due.rejected) }
    let record = fleet.alive.first { !$0.isLoading && !$0.isOutdated && $0.record != nil }?.record
    return record.map { ($0.schedules + $0.rejected, $0.rejected) }
  }
}

extension DaemonSnapshot {
  /// How much is looked at.
  package struct Extent: Sendable {
    /// Runs that the lateness is taken from.
    package var runs = 1000
    /// Rejected documents that are named.
    package var rejections = 5
    /// Schedules that are looked at for what is overdue.
    package var schedules = 5000

    package init() {}
  }

  /// Asks a store.
  ///
  /// - Parameter context: what documents are read with, by what the daemon that leads says of itself.
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
      rejected: try store.rejections(atMost: extent.rejections), outbox: try store.visibleOutboxLength(), store: facts)
  }

  /// A health check has the daemon's user, which need not read what is only written for people.
  private static func records(of store: any StoreInspector, atMost most: Int) throws(StoreError) -> [FireRecord] {
    var records: [FireRecord] = []
    do throws(StoreError) {
      try store.walkHistory(since: nil) { entry in
        records.append(entry.record)
        return records.count < most
      }
    } catch {
      if error.kind != .denied { throw error }
    }
    return records
  }
}
