import BeatCore
import ReactiveBeat

/// Whether a future run will be sent, judged by the last ones.
extension Explanation {
  func tellProspect(_ next: SchedulePreview.Occurrence) {
    if let problem = evidence.queueProblem { return verdict("refused", "will not be sent: \(problem)", .red) }
    let (health, now) = (evidence.health, evidence.now)
    let when = next.sent <= now.advanced(by: 1) ? "at once" : TimeWords.distance(to: next.sent, from: now)
    // An overdue schedule says nothing about the daemon's other schedules, so that it alone is no alarm.
    var isOnlyOverdue = false
    if case .stuck(.overdue) = health.verdict { isOnlyOverdue = true }
    if !isOnlyOverdue, let alarm = HealthWords.alarm(health, now: now, evidence.terms) {
      let code = if case .nobody = health.verdict { "unattended" } else { "stuck" }
      return verdict(code, "would run \(when), and \(alarm)", .red)
    }
    if let since = evidence.preview.overdueSince, now.microseconds(since: since) > FiringHealth.patience {
      return verdict(
        "overdue", "has been due for \(TimeText.span(now.microseconds(since: since))) and is not sent: \(obstacle)",
        .red)
    }
    if case .hindered(.refused(let obstacle)) = health.verdict, obstacle.schedule == evidence.name {
      let since = max(0, now.microseconds(since: min(obstacle.since, next.sent)))
      return verdict(
        "overdue", "has been due for \(TimeText.span(since)) and is refused: \(obstacle.reason)", .red)
    }
    verdict("runs", words(next), .green)
  }

  /// The words for a run that nothing hinders.
  private func words(_ next: SchedulePreview.Occurrence) -> String {
    let now = evidence.now
    if next.isImmediate, next.sent <= now.advanced(by: 1) { return "runs now: run_immediately asks for it" }
    guard next.sent <= now else { return "will run \(TimeWords.distance(to: next.sent, from: now))" }
    let late = now.microseconds(since: evidence.preview.overdueSince ?? next.sent)
    return late < 1_000_000 ? "runs now" : "runs now: it has been due for \(TimeText.span(late))"
  }

  /// The verdict for a schedule that is switched off: whether switching it on would help.
  func tellDisabled() {
    let words =
      if let enabled = evidence.whenEnabled, case .finished(let reason) = enabled.state {
        "it is disabled, and enabled it would not run either: \(reason)"
      } else {
        "it is disabled (`\(ShellWords.command("enable", evidence.name))`)"
      }
    verdict("disabled", "will not run: \(words)", .yellow)
  }

  /// The obstacle that the daemon reports for this schedule, else the advice where to look.
  private var obstacle: String {
    if case .hindered(.refused(let obstacle)) = evidence.health.verdict, obstacle.schedule == evidence.name {
      return obstacle.reason
    }
    return "look for `deferred` and its name in the log of the daemon that fires"
  }
}
