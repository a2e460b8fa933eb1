/// Keeps account of what became of a daemon's fires, so that it can be told by those who ask (`FiringReport`). Bounded:
/// of schedules that are refused, it knows the first hundred by name.
package struct FireLedger {
  /// The number of refused schedules whose names are kept.
  static let longest = 100

  private struct Refusal {
    var reason: String
    let since: UnixTime
  }

  private var fired: UnixTime?
  private var refusals: [EntryName: Refusal] = [:]
  private var brokerLost: FiringReport.Obstacle?
  private var deferral: FiringReport.Obstacle?
  /// Why this daemon could not deliver if it had to: by its look at the broker while it stands by.
  package var undeliverable: String?
  /// Why this daemon cannot fire, and what it can fire without: by its last rehearsal.
  private var unable: String?
  private var lacks: String?
  /// Why runs by hand are not carried out: by the last that was not.
  private var unanswered: String?

  package init() {}

  /// What has become of one fire.
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

  /// What a rehearsal has shown.
  package mutating func take(_ proof: Candidacy.Proof) {
    (unable, lacks, unanswered) = (nil, nil, nil)
    switch proof {
    case .able: break
    case .limited(let reason): lacks = reason
    case .unable(let reason), .undecided(let reason): unable = reason
    }
  }

  /// A run that somebody asked for has been sent: this daemon can fire.
  package mutating func firedManually(at now: UnixTime) {
    fired = now
    unanswered = nil
  }

  /// A run that somebody asked for could not be carried out, for a reason that is not the schedule's.
  package mutating func failedManually(_ reason: String) { unanswered = reason }

  /// The schedule has changed, or is gone: what was refused before may not be any more.
  package mutating func forget(_ name: EntryName) {
    if !refusals.isEmpty { refusals[name] = nil }
  }

  /// This daemon does not fire any more, so that what stands in the way is the next leader's to tell. A broker that was
  /// lost counts as lost until it is reached again.
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
    deferral = FiringReport.Obstacle(reason: reason, since: deferral?.since ?? now)
  }

  /// Messages are on their queues; so many wait still.
  package mutating func relayed(waiting: Int) {
    brokerLost = nil
    if waiting == 0 { deferral = nil }
  }

  package var report: FiringReport {
    var report = FiringReport()
    report.fired = fired
    report.unable = unable ?? undeliverable
    report.lacks = lacks ?? unanswered
    report.brokerLost = brokerLost
    report.deferral = deferral
    let oldest = refusals.min { ($0.value.since, $0.key.bytes.count) < ($1.value.since, $1.key.bytes.count) }
    if let oldest {
      report.refused = FiringReport.Obstacle(
        reason: oldest.value.reason, since: oldest.value.since, count: refusals.count, schedule: oldest.key)
    }
    return report
  }
}
