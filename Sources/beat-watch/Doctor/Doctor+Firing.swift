import BeatCore

/// Examines whether due runs are sent, and whether all daemons would send the same.
extension Doctor {
  /// Judges by what the leading daemon itself reports as its obstacle, and by the runs that are overdue.
  func examineFiring(_ survey: DueSurvey) throws {
    guard let fleet, !fleet.firing.isEmpty else { return }
    let now = try store.time()
    let health = FiringHealth(fleet, overdue: survey.overdue, lastRun: try store.newestRun(), now: now)
    if let congestion = fleet.firing.first?.record?.firing?.congestion {
      add(
        .warning, "load", HealthWords.words(congestion, now: now),
        fix: congestion.isLimited
          ? "give those that take most a longer interval, or the daemons a higher --max-rate"
          : "give those that take most a longer interval; --shortest-interval and --max-rate set bounds")
    }
    let look = "see `deferred` and `broker lost` in the log of \(fleet.firing.first?.place ?? "the daemon that leads")"
    switch health.verdict {
    case .nobody: break
    case .stuck:
      add(.problem, "firing", (HealthWords.alarm(health, now: now, store.terms) ?? "") + serverObstacle, fix: look)
    case .hindered(let hindrance):
      add(.problem, "firing", "not all is sent: \(HealthWords.words(hindrance, now: now))", fix: look)
    case .fires:
      guard let last = health.lastFire else {
        return add(
          .ok, "firing",
          health.isTold
            ? "nothing is overdue, and nothing was fired yet"
            : "nothing is overdue; the last fire is not known (of an earlier version, or \(store.terms.historyRight) is missing)"
        )
      }
      add(
        .ok, "firing",
        "nothing is overdue; the last fire was \(TimeText.span(max(0, now.microseconds(since: last)))) ago")
    }
  }

  /// What keeps the server from taking writes, so that no daemon can lead and none can be asked to fire; empty: nothing
  /// is known.
  var serverObstacle: String {
    guard let obstacle = (try? store.facts())?.writeObstacle else { return "" }
    return " (\(obstacle))"
  }

  func examineDifferences(_ alive: [Fleet.Member]) {
    for member in alive {
      if let unable = member.record?.firing?.unable {
        add(
          .problem, "daemons", "\(member.place) could not fire if it had to: \(unable)",
          fix: isFiring ? "mend it before the one that leads ends" : "mend it")
      }
      if let lack = member.record?.firing?.lacks {
        add(.warning, "daemons", "\(member.place) lacks something: \(lack)", fix: "mend it")
      }
    }
    let told = alive.compactMap { member in member.record.map { (place: member.place, record: $0) } }
    guard let first = told.first else { return }
    var versions: [String] = []
    for version in told.map(\.record.version) where !versions.contains(version) { versions.append(version) }
    if versions.count > 1 {
      add(
        .warning, "daemons", "the daemons have not the same version: \(versions.sorted().joined(separator: ", "))",
        fix: "upgrade all of them")
    }
    for other in told.dropFirst() {
      for difference in first.record.differences(from: other.record) {
        add(
          .warning, "daemons",
          "the daemons have not the same \(difference.option): \(difference.ours.printable) (\(first.place)), "
            + "\(difference.theirs.printable) (\(other.place))",
          fix: "give all of them the same \(difference.option)")
      }
    }
  }
}
