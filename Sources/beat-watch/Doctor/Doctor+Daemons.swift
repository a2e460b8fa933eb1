import BeatCore

/// Examines the daemons: which one fires, which ones stand by, and whether they notice edits.
extension Doctor {
  func examineDaemons() throws {
    let (fleet, now) = try (store.fleet(), store.time())
    let (firing, alive) = (fleet.firing, fleet.alive)
    self.fleet = fleet
    isFiring = !firing.isEmpty
    if firing.isEmpty {
      let health = FiringHealth(fleet, now: now)
      let reason = HealthWords.alarm(health, now: now, store.terms) ?? ""
      if case .nobody(.loading) = health.verdict {
        add(.warning, "daemons", reason, fix: "ask again when it has said `ready` in its log")
      } else {
        let isUnable = alive.contains { $0.record?.firing?.unable != nil }
        var fix =
          "beat-watch run, or celery -A YOUR_APP beat -S reactivebeat; if one runs, see `disconnected` in its log"
        if case .connected = fleet.trace { fix = "see `disconnected` or `unable` in its log" }
        if isUnable { fix = "mend what it says, or start `beat-watch run` as a user who may" }
        add(.problem, "daemons", reason + serverObstacle, fix: fix)
      }
    } else if firing.count > 1 {
      let places = firing.map { place($0) }.joined(separator: "; ")
      add(
        .problem, "daemons",
        "\(Plural.of(firing.count, "daemon fires", "daemons fire")) (\(places)): nothing is sent twice, but they work against each other",
        fix: "start them without --no-lease")
    } else if alive.count == 1 {
      add(
        .warning, "daemons",
        "one daemon leads (\(place(firing[0]))), and none stands by: when it dies, nothing is fired",
        fix: "start a second one on another machine, with the same settings")
    } else {
      add(.ok, "daemons", "\(place(firing[0])) leads, \(Plural.of(alive.count - 1, "stands by", "stand by"))")
    }
    for member in alive where member.isOutdated {
      add(
        .warning, "daemons", "the record of a daemon \(HealthWords.oldRecord(member, store.terms))",
        fix: "see `rights` below, and `unable` in its log")
    }
    let records = alive.compactMap(\.record)
    examineDifferences(alive)
    for record in records where record.timezone != timezone && Set(records.map(\.timezone)).count == 1 {
      add(
        .warning, "daemons", "the daemons read crontabs by \(record.timezone), and this command by \(timezone)",
        fix: "--timezone \(record.timezone) for this command, or CELERY_TIMEZONE")
      break
    }
    if let leader = firing.first?.record {
      for difference in differences(from: leader) {
        add(
          .warning, "daemons",
          "\(difference.option) of this command differs from the leading daemon's: \(difference.ours.printable), and there "
            + difference.theirs.printable,
          fix:
            "the daemon's \(difference.option) for this command, too; with celery beat -S: python -m reactivebeat -A "
            + "APPLICATION doctor")
      }
      if leader.events == "polling" {
        add(
          .problem, "hearing",
          "the daemon that fires looks for edits every few seconds (its --poll-interval): it cannot hear them",
          fix: specialist.remedy(for: .polling))
      }
      if leader.repaired > 0 {
        add(
          .warning, "hearing", "audits have found \(Plural.of(leader.repaired, "edit")) that no event told of",
          fix: "see `repaired` in its log; FLUSHDB, SWAPDB and RESTORE of a dump raise no events")
      }
    }
  }

  private func place(_ member: Fleet.Member) -> String { member.place }
}
