import BeatCore

/// What the daemon reports, and what it counts.
extension Daemon {
  /// Counts from the daemon's start to its end.
  struct Tally {
    var fired = 0
    /// How many edits audits have found without an event; it must stay 0.
    var repairs = 0
    /// How many messages were set aside.
    var setAside = 0
    /// How many messages the broker may have twice.
    var possibleRepeats = 0
    /// How many audits have come to no verdict.
    var auditFailures = 0
    /// How many sessions with the store have ended while the daemon was not stopping.
    var storeConnectionsLost = 0
    /// Why the last audit failed; nil: it did not. Each reason is reported once.
    var auditFailure: String?
  }

  func report(_ event: DaemonEvent) {
    if case .schedule(let report, _) = event {
      if case .fired = report { tally.fired += 1 }
      if case .removed = report { sweeps.gone += 1 }
    }
    reporter.report(event)
  }

  /// How many documents are in force, and how many cannot be used.
  package var counts: (schedules: Int, rejected: Int) {
    (dispatcher.scheduler.scheduleCount, dispatcher.scheduler.rejectedCount)
  }

  /// Takes an event into receipts and ledger, after the readers have it.
  func keep(_ event: DaemonEvent) {
    guard case .schedule(let report, let document) = event else { return }
    receipts.take(report, of: document, at: election.now)
    if let name = report.edited { records.ledger.forget(name) }
  }

  func writeReceipts() {
    if let store = session?.store, election.isLeading { receipts.write(to: store.receipts) } else { receipts.drop() }
  }

  func firedByHand(_ event: ManualEvent) {
    records.ledger.take(event, at: election.now)
    if case .fired = event {
      tally.fired += 1
      relay.nudge()
    }
    report(.manual(event))
  }

  func audited(_ repaired: [EntryName]) {
    tally.auditFailure = nil
    tally.repairs += repaired.count
    if let first = repaired.first { report(.repaired(count: repaired.count, total: tally.repairs, first: first)) }
  }

  func auditFailed(_ reason: String) {
    tally.auditFailures += 1
    guard tally.auditFailure != reason else { return }
    tally.auditFailure = reason
    report(.auditFailed(reason: reason))
  }
}
