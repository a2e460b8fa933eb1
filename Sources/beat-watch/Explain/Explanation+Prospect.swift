import BeatCore
import ReactiveBeat

/// Whether a run that comes will be sent, by what has become of the last ones.
extension Explanation {
  func tellProspect(_ next: ScheduleStanding.Occurrence) {
    if let problem = evidence.queueProblem { return verdict("refused", "will not be sent: \(problem)", .red) }
    let (health, now) = (evidence.health, evidence.now)
    let when = next.sent <= now ? "at once" : TimeWords.distance(to: next.sent, from: now)
    // That this one is overdue says nothing of the others.
    var isOnlyOverdue = false
    if case .stuck(.overdue) = health.verdict { isOnlyOverdue = true }
    if !isOnlyOverdue, let alarm = HealthWords.alarm(health, now: now) {
      let code = if case .nobody = health.verdict { "unattended" } else { "stuck" }
      return verdict(code, "would run \(when), and \(alarm)", .red)
    }
    if let since = evidence.standing.overdueSince, now.microseconds(since: since) > FiringHealth.patience {
      return verdict(
        "overdue", "has been due for \(TimeText.span(now.microseconds(since: since))) and is not sent: \(obstacle)",
        .red)
    }
    verdict("runs", "will run \(TimeWords.distance(to: next.sent, from: now))", .green)
  }

  /// What the daemon says of this schedule, else where to look.
  private var obstacle: String {
    if case .hindered(.refused(let obstacle)) = evidence.health.verdict, obstacle.schedule == evidence.name {
      return obstacle.reason
    }
    return "look for `held` and its name in the log of the daemon that fires"
  }
}
