import BeatCore

/// What the daemon tells, and what it counts of that.
extension Daemon {
  /// What it counts from its start to its end.
  struct Tally {
    var fired = 0
    /// What audits have found; it must stay 0.
    var repairs = 0
    /// Why the last audit came to nothing: it is said once.
    var auditFailure: String?
  }

  func report(_ event: DaemonEvent) {
    if case .schedule(let report, _) = event {
      if case .fired = report { tally.fired += 1 }
      if case .removed = report { sweeps.gone += 1 }
    }
    reporter.report(event)
  }

  /// What the daemon itself keeps of what it tells.
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
    guard tally.auditFailure != reason else { return }
    tally.auditFailure = reason
    report(.auditFailed(reason: reason))
  }
}
