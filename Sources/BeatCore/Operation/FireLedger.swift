/// Records what became of this daemon's fires, for its `FiringReport`. It is bounded: it knows at most `longest`
/// refused schedules by name.
package struct FireLedger {
  /// The most refused schedules whose names are remembered.
  static let longest = 100

  private struct Refusal {
    var reason: String
    let since: UnixTime
  }

  private var fired: UnixTime?
  private var refusals: [EntryName: Refusal] = [:]
  private var brokerLost: FiringReport.Obstacle?
  private var deferral: FiringReport.Obstacle?
  /// A message was delivered since `deferral` began.
  private var hasDelivered = false
  /// Why this daemon could not reach the broker if it led, by its last check while standing by; nil: it could.
  package var undeliverable: String?
  /// Why this daemon cannot fire, by its last rehearsal; nil: it can.
  package private(set) var unable: String?
  /// What this daemon lacks but can fire without, by its last rehearsal; nil: nothing.
  private var lacks: String?
  /// Why the last run by hand failed, if none has succeeded since and no rehearsal has decided.
  private var unanswered: String?

  package init() {}

  /// Records the outcome of one fire.
  package mutating func ended(_ name: EntryName, _ outcome: FireOutcome, at now: UnixTime) {
    switch outcome {
    case .refused(let reason), .forbidden(let reason), .wrongServer(let reason):
      if refusals[name] != nil {
        refusals[name]?.reason = reason
      } else if refusals.count < Self.longest {
        refusals[name] = Refusal(reason: reason, since: now)
      }
    case .fired:
      fired = now
      refusals[name] = nil
    case .alreadyMine, .already, .gone, .changed: refusals[name] = nil
    case .early, .fenced, .unknown: break
    }
  }

  /// Records the result of a rehearsal.
  package mutating func take(_ proof: Candidacy.Proof) {
    (unable, lacks, unanswered) = (nil, nil, nil)
    switch proof {
    case .able: break
    case .limited(let reason): lacks = reason
    case .unable(let reason), .undecided(let reason): unable = reason
    }
  }

  /// A run by hand was sent, so this daemon can fire.
  package mutating func firedManually(at now: UnixTime) {
    fired = now
    unanswered = nil
  }

  /// A run by hand failed for a reason that does not concern its schedule.
  package mutating func failedManually(_ reason: String) { unanswered = reason }

  /// The schedule has changed or is gone, so its refusal no longer counts.
  package mutating func forget(_ name: EntryName) {
    if !refusals.isEmpty { refusals[name] = nil }
  }

  /// This daemon no longer fires, so the next leader reports what prevents fires. A broker that was lost still counts
  /// as lost until a check reaches it.
  package mutating func standBy() {
    if let brokerLost { undeliverable = brokerLost.reason }
    refusals.removeAll()
    (brokerLost, deferral) = (nil, nil)
  }

  // MARK: two servers

  package mutating func lostBroker(_ reason: String, waiting: Int?, at now: UnixTime) {
    brokerLost = FiringReport.Obstacle(reason: reason, since: brokerLost?.since ?? now, count: waiting)
  }

  package mutating func foundBroker() { brokerLost = nil }

  /// A message stays in the outbox.
  package mutating func deferral(_ reason: String, at now: UnixTime) {
    if deferral == nil { hasDelivered = false }
    deferral = FiringReport.Obstacle(reason: reason, since: deferral?.since ?? now)
  }

  /// So many messages have reached their queues, and `waiting` more are in the outbox.
  package mutating func relayed(_ count: Int, waiting: Int) {
    brokerLost = nil
    if count > 0 { hasDelivered = true }
    if waiting == 0 { deferral = nil }
  }

  package var report: FiringReport {
    var report = FiringReport()
    report.fired = fired
    report.unable = unable ?? undeliverable
    report.lacks = lacks ?? unanswered
    report.brokerLost = brokerLost
    report.deferral = deferral
    report.deferral?.isTotal = !hasDelivered
    let oldest = refusals.min { ($0.value.since, $0.key.bytes.count) < ($1.value.since, $1.key.bytes.count) }
    if let oldest {
      report.refused = FiringReport.Obstacle(
        reason: oldest.value.reason, since: oldest.value.since, count: refusals.count, schedule: oldest.key)
    }
    return report
  }
}
