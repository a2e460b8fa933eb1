import BeatCore
import BeatLoop

/// Checks the servers: their version and role, memory, persistence, TLS and clock.
extension RedisDoctor {
  package func examineServer() throws {
    let url = place
    let report = try client.report()
    let server = report.info
    guard server.isKnown else {
      findings.add(
        .warning, "server", "INFO is not allowed to this user, so that neither role nor memory nor disk can be seen",
        fix: "\(cli) ACL SETUSER \(RedisCLI.quoted(url.username ?? "default")) +info")
      return findings.addTransport(url, "store")
    }
    if server.isTooOld {
      findings.add(.problem, "server", "\(url) is \(server.product); 6.0 or newer is needed", fix: "upgrade Redis")
    } else if server.isCluster, let problem = clusterProblem {
      findings.add(
        .problem, "server", "\(url) is in cluster mode, and \(problem)", fix: ClusterFit.advice)
    } else if server.isReplica {
      let primary = "\(server["master_host"] ?? "?"):\(server["master_port"] ?? "?")"
      findings.add(
        .problem, "server", "\(url) is a replica, which takes no writes; its primary is \(primary)",
        fix: "--store-url redis://\(primary)/\(url.database), or name the sentinels: sentinel://…")
    } else if server.isLoading {
      findings.add(.problem, "server", "\(url) is still loading its data from disk", fix: "wait")
    } else {
      findings.add(.ok, "server", "\(url) is \(server.product), a primary")
    }
    findings.addTransport(url, "store")
    examineMemory(report)
    examineDisk(report)
  }

  private var clusterProblem: String? {
    let broker = redisBroker.flatMap { $0.url.location == client.url.location ? $0.url : nil }
    return ClusterFit.problem(
      client.keys, database: client.url.database, brokerDatabase: broker?.database,
      queue: broker == nil ? nil : kombu.list(of: Array(defaultQueue.utf8), priority: 0))
  }

  private func examineMemory(_ report: ServerReport) {
    let server = report.info
    let policy = server["maxmemory_policy"] ?? ""
    let limit = server.number("maxmemory") ?? 0
    if limit > 0, policy.hasPrefix("allkeys") {
      findings.add(
        .problem, "memory", "maxmemory-policy \(policy) throws schedules and watermarks away when memory is short",
        fix: report.remedy("maxmemory-policy", "noeviction", on: place))
    } else if limit > 0, let used = server.number("used_memory"), used / 9 * 10 > limit {
      findings.add(
        .problem, "memory", "more than nine tenths of maxmemory are in use; when it is full, nothing is fired",
        fix: report.remedy("maxmemory", "\(min(limit, .max / 2) * 2)", on: place))
    } else if limit > 0, policy.hasPrefix("volatile") {
      findings.add(
        .warning, "memory",
        "maxmemory-policy \(policy) may throw away the lease, heartbeats, and what keeps messages from "
          + "being sent twice between two servers", fix: report.remedy("maxmemory-policy", "noeviction", on: place)
      )
    } else {
      findings.add(.ok, "memory", limit == 0 ? "no limit (maxmemory 0)" : "\(policy)")
    }
  }

  private func examineDisk(_ report: ServerReport) {
    let server = report.info
    let hasLog = server["aof_enabled"] == "1"
    if hasLog, server["aof_last_write_status"] == "err" {
      findings.add(
        .problem, "persistence", "the append-only file cannot be written",
        fix: "look into Redis' log: is the disk full?")
    } else if !hasLog, server["rdb_last_bgsave_status"] == "err" {
      findings.add(.problem, "persistence", "the last snapshot failed", fix: "look into Redis' log: is the disk full?")
    } else if hasLog {
      findings.add(.ok, "persistence", "appendonly yes: a restart of Redis loses a second at most")
    } else if report.snapshots == "" {
      findings.add(
        .warning, "persistence", "nothing is kept on disk: a restart of Redis loses all schedules, and what was fired",
        fix: report.remedy("appendonly", "yes", on: place))
    } else {
      findings.add(
        .warning, "persistence",
        "snapshots only: a crash of Redis loses the edits since the last one, and fires again what "
          + "was fired since then", fix: report.remedy("appendonly", "yes", on: place))
    }
  }

  package func examineClock() throws {
    let before = SystemClock.now()
    let theirs = try client.time()
    findings.addClock("Redis' clock", says: theirs, between: before, and: SystemClock.now())
  }

  package func examineBroker() throws {
    try brokerDoctor.examineServer()
    if brokerDoctor.broker != nil { findings.addWaiting(try client.visibleOutboxLength()) }
    let (keys, cli) = (client.keys, cli)
    findings.addSetAside(try client.visibleMessagesSetAside(atMost: FindingList.shownSetAside)) {
      SetAsideCommand.putBack($0, keys, cli: cli)
    } drop: {
      SetAsideCommand.drop($0, keys, cli: cli)
    }
  }
}
