import BeatCore

/// What the session reports: readiness to the daemon's readers, its record and receipts to the store.
extension Session {
  /// Reports that the daemon is ready, once for each load: all schedules are loaded, a heartbeat was answered, and a
  /// rehearsal succeeded.
  func announce() {
    guard isLoaded, !isAnnounced, daemon.election.isAnswered, daemon.election.isAble, load == nil else { return }
    isAnnounced = true
    let kind: Readiness.Kind = !daemon.hasBeenReady ? .first : wasAnnounced ? .reloaded : .reconnected
    let scheduler = daemon.dispatcher.scheduler
    daemon.report(
      .ready(
        Readiness(
          kind: kind, schedules: scheduler.scheduleCount, rejected: scheduler.rejectedCount,
          changeDetection: changeDetection,
          delivery: store.delivery)))
    wasAnnounced = true
    daemon.announced()
  }

  /// Brings this daemon's record, and as the leader all receipts, up to date. Called when a load has ended and when
  /// this daemon begins to lead.
  func tell() {
    guard isLoaded else { return }
    describe()
    daemon.records.compare(record, in: store.daemons, isNow: true)
    guard daemon.election.isLeading else { return }
    daemon.places.look(store)
    store.daemons.sweep()
    let scheduler = daemon.dispatcher.scheduler
    daemon.receipts.reconcile(store.receipts, at: daemon.election.now, rejected: scheduler.rejectedNames) {
      [weak dispatcher = daemon.dispatcher] in
      dispatcher?.scheduler.account(of: $0)
    } then: {
    }
    manual?.look()
  }

  /// Writes this daemon's record if it has changed.
  func describe() {
    guard isLoaded else { return }
    daemon.records.tell(record, to: store.daemons)
  }

  /// Keeps the record up to date; called with each heartbeat's answer.
  func keepTelling() {
    guard isLoaded else { return }
    let record = record
    daemon.records.keepTelling(record, to: store.daemons)
    if daemon.election.isLeading {
      daemon.records.compare(record, in: store.daemons, isNow: false)
      daemon.places.keepLooking(store)
    }
    if daemon.sweeps.areManyGone { sweep() }
  }

  var record: DaemonRecord {
    var record = daemon.configuration.record
    record.isLeading = daemon.election.isLeading
    record.events = changeDetection.rawValue
    record.delivery = store.delivery.rawValue
    record.schedules = daemon.dispatcher.scheduler.scheduleCount
    record.rejected = daemon.dispatcher.scheduler.rejectedCount
    record.repaired = daemon.tally.repairs
    record.setAside = daemon.tally.setAside
    record.possibleRepeats = daemon.tally.possibleRepeats
    record.isLoading = loadedAt == nil
    // The zone by which this daemon reads crontabs that name none.
    if let zone = daemon.application.manifest?.timezone { record.timezone = zone }
    record.applicationGone = daemon.application.gone
    record.firing = daemon.records.ledger.report
    record.firing?.congestion = daemon.dispatcher.congestion
    return record
  }

  /// Reports a key prefix that is probably mistyped: the store has no schedule under it, or the names found under it
  /// have an unlikely form.
  func doubtPlace() {
    let scheduler = daemon.dispatcher.scheduler
    let isEmpty = scheduler.scheduleCount == 0 && scheduler.rejectedCount == 0
    if !isEmpty, store.isDubious, let doubt = store.doubt(scheduler.names) { daemon.report(.dubiousPlace(doubt)) }
    guard isEmpty else { return }
    store.neighbours { [weak daemon] places in
      if let places, !places.isEmpty { daemon?.report(.neighbours(places)) }
    }
  }
}
