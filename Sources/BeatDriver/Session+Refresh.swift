import BeatCore

/// Reads all documents now and then: as an audit, or to find edits where no event reports them.
extension Session {
  func scheduleRefresh() {
    let configuration = daemon.configuration
    if changeDetection == .polling {
      refreshTimer.schedule(after: configuration.pollInterval)
    } else if let interval = configuration.auditInterval {
      // The interval is random by a tenth, so that several daemons do not audit at the same time.
      refreshTimer.schedule(after: daemon.surroundings.random(in: interval - interval / 10...interval + interval / 10))
    }
  }

  func refresh() {
    guard load == nil else { return scheduleRefresh() }
    guard changeDetection != .polling else { return poll() }
    application.look()
    let dispatcher = daemon.dispatcher
    audit = Audit(store.schedules, in: daemon.surroundings) { [unowned dispatcher] in
      dispatcher.scheduler.isKnown($0, $1)
    } isQuiet: { [unowned dispatcher] in
      dispatcher.scheduler.isQuiet($0) && !dispatcher.ownWrites.isExpected($0)
    } names: { [unowned dispatcher] in
      dispatcher.scheduler.names
    } repair: { [unowned self] names in
      repair(names)
    } fail: { [unowned self] reason in
      audit = nil
      daemon.auditFailed(reason)
      afterAudit()
    }
  }

  private func repair(_ names: [EntryName]) {
    if let audit { daemon.places.ignored(audit.ignored) }
    audit = nil
    for name in names { daemon.dispatcher.receive(.touched(name)) }
    daemon.audited(names)
    sweep()
    afterAudit()
  }

  private func afterAudit() {
    // A right that is seldom used may have been revoked without any command being refused: a rehearsal finds out.
    daemon.election.doubted()
    scheduleRefresh()
  }

  /// Removes the watermarks of deleted schedules when a sweep is due.
  func sweep() {
    guard daemon.election.isLeading else { return }
    daemon.sweeps.sweep(store.schedules, now: daemon.election.now, at: daemon.surroundings.bootTime) {
      [weak daemon] forgotten in
      daemon?.report(.swept(watermarks: forgotten))
    }
  }
}
