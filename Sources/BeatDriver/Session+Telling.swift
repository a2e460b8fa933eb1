import BeatCore

/// What the store and whoever observes the daemon are told of it.
extension Session {
  /// Says that all is well, once it has been shown: everything is loaded, a heartbeat was answered, and a fire
  /// rehearsed.
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

  /// The store tells of us, and of each edit, what we know: from the moment at which we lead, or know all there is.
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

  /// Says what we are, if that is news.
  func describe() {
    guard isLoaded else { return }
    daemon.records.tell(record, to: store.daemons)
  }

  /// Once a second.
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
    record.isLoading = loadedAt == nil
    record.firing = daemon.records.ledger.report
    record.firing?.congestion = daemon.dispatcher.congestion
    return record
  }

  /// A place may be mistyped: one at which nothing stands, and one from which names come that nobody gives.
  func doubtPlace() {
    let scheduler = daemon.dispatcher.scheduler
    let prefix = daemon.configuration.scheduler.keys.prefix
    let isEmpty = scheduler.scheduleCount == 0 && scheduler.rejectedCount == 0
    if !isEmpty, PrefixDoubt.isDubious(prefix), let doubt = PrefixDoubt(prefix, names: scheduler.names) {
      daemon.report(.dubiousPrefix(doubt))
    }
    guard isEmpty else { return }
    store.neighbours { [weak daemon] places in
      if let places, !places.isEmpty { daemon?.report(.neighbours(places)) }
    }
  }
}
