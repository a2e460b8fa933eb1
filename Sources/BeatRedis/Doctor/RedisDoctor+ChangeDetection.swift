import BeatCore

/// Checks whether the events of edits arrive: by the setting, and by a write.
extension RedisDoctor {
  package func examineChangeDetection(isFiring: Bool, by events: String?) throws {
    let report = try client.report()
    let missing = report.missingNotifications
    // A daemon that starts switches notifications on if it may. Client tracking reports an edit as soon as they do.
    let isTracking = events == "tracking"
    let level: Finding.Level = isFiring && !isTracking ? .problem : .warning
    let fix = report.remedy("notify-keyspace-events", missing?.value ?? "KA", on: place)
    if let missing {
      findings.add(
        level, "notifications",
        "notify-keyspace-events lacks \(missing.letters): "
          + (isTracking
            ? "edits are heard by client tracking, which lets each fire be read again"
            : "edits are not heard at once"),
        fix: fix
      )
    }
    let user = RedisCLI.quoted(client.url.username ?? "default")
    let probe = client.probeEvents()
    if case .silent = probe, client.ignoresSelect() {
      return findings.add(
        .problem, "databases",
        "the server has one database: it answers SELECT \(client.url.database) and stays in database 0, whose edits are "
          + "not heard here, and where queues and schedules lie together",
        fix: "give database 0 in both URLs, to all daemons, workers and commands")
    }
    switch probe {
    case .heard(let after) where missing == nil:
      findings.add(.ok, "notifications", "an edit is heard \(TimeText.span(after)) after it was begun")
    case .heard: break
    case .silent where missing == nil && isTracking && report.notifications == nil:
      // The setting is not known, as on a server whose CONFIG was renamed away. What the daemon says of itself counts.
      findings.add(
        .warning, "notifications",
        "a write raised no event: edits are heard by client tracking, which lets each fire be read again", fix: fix)
    case .silent(let heard):
      if missing == nil {
        findings.add(
          .problem, "notifications",
          "a write raised " + (heard.isEmpty ? "no event" : "only \(heard.joined(separator: ", "))")
            + ": edits are not heard at once",
          fix: report.hasConfig ? fix + " (or where your provider keeps the setting)" : fix)
      }
    case .refused(let reason):
      findings.add(
        .problem, "notifications", "nobody may listen: \(reason)",
        fix: "\(cli) ACL SETUSER \(user) +psubscribe "
          + client.keys.allSubscriptions(database: client.url.database).map { RedisCLI.quoted("&\(EntryName($0))") }
          .joined(separator: " "))
    case .unwritten(let command, let reason):
      findings.add(
        .warning, "notifications",
        "whether edits are heard could not be tried: \(command) is refused: \(reason)",
        fix: "\(cli) ACL SETUSER \(user) +\(command.lowercased()) "
          + RedisCLI.quoted("~\(EntryName(RedisKeys.escaped(client.keys.heartbeat(""))))*"))
    }
  }
}
