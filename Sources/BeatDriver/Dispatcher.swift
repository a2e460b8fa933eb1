import BeatCore

/// Carries out the scheduler's actions: reads, watermarks, fires, the timer, reports. It counts the fires that are on
/// their way, which outlive the session in which they were sent.
final class Dispatcher {
  private static let watermarksTogether = 200

  private unowned let daemon: Daemon
  private(set) var scheduler: Scheduler
  /// The timer for the next due time.
  var alarm: (any Alarm)?
  /// Tells the events of this daemon's own fires from others.
  var ownWrites = OwnWriteFilter()
  /// Watermarks and fires that are collected while an event is handled, and then sent together.
  private var watermarks: [(name: EntryName, watermark: Watermark)] = []
  private var plans: [FirePlan] = []
  /// Fires whose outcome is not known yet.
  private(set) var inFlight = 0
  /// nil: nobody wants to know how long edits take.
  private var edits: EditTimes?
  /// The schedule that was last reported as edited. It is kept only if edits are timed.
  private var reportedEdit: EntryName?
  /// A fire was refused because the outbox had no room for it, and no message has left the outbox since then.
  private var isShortOfRoom = false

  init(_ daemon: Daemon) {
    self.daemon = daemon
    scheduler = Scheduler(daemon.configuration.scheduler)
    if daemon.configuration.timesEdits { edits = EditTimes() }
  }

  // MARK: what happens

  func receive(_ event: Scheduler.Event) {
    take(event)
    sendTogether()
  }

  /// Takes a page of documents; what they lead to is sent together.
  func receive(_ names: [EntryName], _ reads: [Scheduler.DocumentRead]) {
    for (name, read) in zip(names, reads) { take(.read(name, read)) }
    sendTogether()
  }

  /// Takes an event of an edit.
  func edited(_ name: EntryName) {
    if edits != nil { edits?.heard(name, at: daemon.surroundings.bootTime) }
    receive(.touched(name))
  }

  /// Takes a document that was read after its event.
  func received(_ name: EntryName, _ read: Scheduler.DocumentRead) {
    guard edits != nil else { return receive(.read(name, read)) }
    let heardAt = edits?.answered(name)
    reportedEdit = nil
    receive(.read(name, read))
    // A read that finds nothing new followed another daemon's run, or an edit that was known already.
    guard let heardAt, reportedEdit == name else { return }
    daemon.report(.inForce(after: daemon.surroundings.bootTime.microseconds(since: heardAt)))
  }

  var congestion: Congestion? { scheduler.congestion(now: daemon.election.now) }

  /// Begins nothing new.
  func stop() { alarm?.arm(at: nil) }

  /// Drops the watermarks that were not sent: the next load finds that they are missing. Fires end one by one.
  func disconnected() {
    watermarks.removeAll()
    edits?.removeAll()
    ownWrites.removeAll()
  }

  /// Messages have left the outbox, so there may be room in it again.
  func roomMade() {
    guard isShortOfRoom else { return }
    isShortOfRoom = false
    receive(.obstacleGone)
  }

  // MARK: what has to be done

  private func take(_ event: Scheduler.Event) {
    for action in scheduler.receive(event, now: daemon.election.now) { perform(action) }
  }

  private func perform(_ action: Scheduler.Action) {
    switch action {
    case .read(let name):
      edits?.reads(name)
      daemon.session?.read(name)
    case .anchor(let name, let watermark):
      watermarks.append((name, watermark))
      if watermarks.count == Self.watermarksTogether { sendWatermarks() }
    case .rebase(let name, let time, let watermark):
      sendWatermarks()
      replace(name, .due(time), watermark)
    case .mend(let name, let bytes, let watermark): replace(name, .bytes(bytes), watermark)
    case .fire(let plan):
      // The order matters: the watermark of a fire replaces the one of when the schedule was first seen.
      sendWatermarks()
      fire(plan)
    case .armTimer(let time): if !daemon.isStopping { alarm?.arm(at: time.map(daemon.election.boot(at:))) }
    case .report(let report):
      let name = report.edited
      if edits != nil, let name { reportedEdit = name }
      let document = daemon.election.isLeading ? name.flatMap { scheduler.document(of: $0) } : nil
      daemon.report(.schedule(report, document: document))
    }
  }

  private func sendTogether() {
    sendWatermarks()
    guard !plans.isEmpty else { return }
    let together = plans
    plans.removeAll(keepingCapacity: true)
    guard let store = daemon.session?.store else { return lose(together) }
    let isOutbox = store.delivery == .outbox
    store.schedules.commit(together) { [unowned self] plan, outcome in
      if isOutbox, outcome == .fired { daemon.relay.nudge() }
      ended(plan, outcome)
    }
  }

  private func sendWatermarks() {
    guard !watermarks.isEmpty else { return }
    daemon.session?.store.schedules.putAbsent(watermarks) { [unowned self] result in
      switch result {
      case .success(let names): for name in names { receive(.touched(name)) }
      case .failure(let refusal): daemon.election.refused(refusal)
      }
    }
    watermarks.removeAll(keepingCapacity: true)
  }

  private func replace(_ name: EntryName, _ expectation: WatermarkExpectation, _ watermark: Watermark) {
    daemon.session?.store.schedules.replace(name, expecting: expectation, with: watermark) { [unowned self] result in
      switch result {
      case .success(let isDone): if !isDone { receive(.touched(name)) }
      case .failure(let refusal): daemon.election.refused(refusal)
      }
    }
  }

  // MARK: fires

  private func fire(_ plan: FirePlan) {
    inFlight += 1
    if daemon.changeDetection.tellsOwnWrites { ownWrites.expect(plan.entry) }
    guard let store = daemon.session?.store, !daemon.isStopping else { return lose([plan]) }
    guard store.delivery == .outbox, let reason = daemon.relay.refusal(of: plan.route, priority: plan.priority) else {
      return plans.append(plan)
    }
    // Later, since the scheduler is still handing out its actions.
    daemon.surroundings.soon { [unowned self] in ended(plan, .refused(reason)) }
  }

  /// Ends fires that cannot be sent.
  private func lose(_ plans: [FirePlan]) {
    // Later, since the scheduler is still handing out its actions.
    daemon.surroundings.soon { [unowned self] in
      for plan in plans { ended(plan, .unknown) }
    }
  }

  private func ended(_ plan: FirePlan, _ outcome: FireOutcome) {
    inFlight -= 1
    daemon.records.ledger.ended(plan.entry, outcome, at: daemon.election.now)
    let wasMistaken = outcome != .fired && daemon.changeDetection.tellsOwnWrites && !ownWrites.cancel(plan.entry)
    let fired = daemon.tally.fired
    receive(.fireEnded(plan, outcome))
    if outcome != .fired, daemon.tally.fired == fired { daemon.report(.unfired(plan, outcome)) }
    if wasMistaken, outcome != .unknown { receive(.touched(plan.entry)) }
    if case .refused = outcome, daemon.session?.store.delivery == .outbox,
      daemon.relay.refusal(of: plan.route, priority: plan.priority) == nil
    {
      isShortOfRoom = true
    }
    if case .wrongServer(let reason) = outcome { daemon.wrongServer(reason) }
    daemon.election.ended(outcome)
    if outcome == .fenced { daemon.election.receive(.fenced) }
    // The store's clock was set back since its last reply.
    if case .early = outcome { daemon.election.receive(.early) }
    daemon.fireEnded()
  }
}
