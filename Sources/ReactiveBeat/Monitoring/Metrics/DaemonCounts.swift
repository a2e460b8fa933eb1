import BeatCore
import BeatDriver

/// Counts what a daemon reports. It reads all events, so it looks nothing up.
final class DaemonCounts {
  /// What became of an edit.
  struct Edits {
    var loaded = 0
    var changed = 0
    var removed = 0
    var rejected = 0
  }

  private(set) var fires = FireCounts()
  /// How late messages were sent: on time, made up for, and refused before.
  let onTime = Histogram.lateness()
  let caughtUp = Histogram.lateness()
  let queued = Histogram.lateness()
  let editToEffect = Histogram.editToEffect()
  private(set) var edits = Edits()
  private(set) var skipped = 0
  private(set) var deferrals = 0
  private(set) var relayed = 0
  private(set) var setAside = 0
  private(set) var possibleRepeats = 0
  private(set) var repairs = 0
  private(set) var changesMissed = 0
  private(set) var leadershipChanges = 0
  private var isLeading = false
  /// The first load has ended: what is found from now on are edits.
  private var hasLoaded = false

  func take(_ event: DaemonEvent) {
    switch event {
    case .schedule(let report, _): take(report)
    case .unfired(let plan, let outcome): fires.count(plan.reason, FireCounts.Outcome(outcome))
    case .inForce(let time): editToEffect.count(time)
    case .manual(.fired): fires.count(.manual, .fired)
    case .manual(.refused): fires.count(.manual, .refused)
    case .leading: lead(true)
    case .standingBy: lead(false)
    case .relay(.relayed(let count, _, _)): relayed += count
    case .relay(.setAside): setAside += 1
    case .relay(.repeated(let repeats)): possibleRepeats += repeats.count
    case .repaired(let count, _, _): repairs += count
    case .missedChanges, .reloading: changesMissed += 1
    // A run by hand that failed is reported once for each reason, and not each time.
    case .manual(.failed), .notice, .ready, .disconnected, .changeDetection, .reloaded, .reloadFailed, .application,
      .applicationUnreadable, .proof, .clockStepped, .clockDiffers, .relay, .undeliverable, .auditFailed, .swept,
      .damaged, .ignored, .option, .dubiousPlace, .neighbours, .stopped:
      break
    }
  }

  private func take(_ report: Scheduler.Report) {
    switch report {
    case .fired(let plan, let time, let isConfirmed):
      fires.count(plan.reason, isConfirmed ? .confirmed : .fired)
      // When a lost answer is made up for says nothing of when the message was sent.
      if !isConfirmed { lateness(of: plan.reason)?.count(time.microseconds(since: plan.sending)) }
    case .loaded: if hasLoaded { edits.loaded += 1 }
    case .changed: if hasLoaded { edits.changed += 1 }
    case .removed: if hasLoaded { edits.removed += 1 }
    case .rejected: if hasLoaded { edits.rejected += 1 }
    case .skipped(_, let count, _, _): skipped += count
    case .deferred: deferrals += 1
    case .ready: hasLoaded = true
    case .warned, .finished, .watermarkDamaged: break
    }
  }

  private func lateness(of reason: FireReason) -> Histogram? {
    switch reason {
    case .schedule: onTime
    case .catchUp: caughtUp
    case .queue: queued
    case .immediate, .manual: nil
    }
  }

  private func lead(_ leads: Bool) {
    if leads != isLeading { leadershipChanges += 1 }
    isLeading = leads
  }
}
