import BeatCore
import BeatLoop

/// Checks the servers: their version and role, memory, persistence, TLS and clock.
extension RedisDoctor {
  package func examineServer() throws {
    let url = client.url
    let report = try client.report()
    let server = report.info
    guard server.isKnown else {
      add(
        .warning, "server", "INFO is not allowed to this user, so that neither role nor memory nor disk can be seen",
        fix: "\(cli) ACL SETUSER \(RedisCLI.quoted(url.username ?? "default")) +info")
      return examineTransport(url, "store")
    }
    if server.isTooOld {
      add(.problem, "server", "\(url) is \(server.product); 6.0 or newer is needed", fix: "upgrade Redis")
    } else if server.isCluster, let problem = clusterProblem {
      add(
        .problem, "server", "\(url) is in cluster mode, and \(problem)", fix: ClusterFit.advice)
    } else if server.isReplica {
      let primary = "\(server["master_host"] ?? "?"):\(server["master_port"] ?? "?")"
      add(
        .problem, "server", "\(url) is a replica, which takes no writes; its primary is \(primary)",
        fix: "--store-url redis://\(primary)/\(url.database), or name the sentinels: sentinel://…")
    } else if server.isLoading {
      add(.problem, "server", "\(url) is still loading its data from disk", fix: "wait")
    } else {
      add(.ok, "server", "\(url) is \(server.product), a primary")
    }
    examineTransport(url, "store")
    examineMemory(report)
    examineDisk(report)
  }

  private var clusterProblem: String? {
    let isOne = client.url.location == brokerURL.location
    return ClusterFit.problem(
      client.keys, database: client.url.database, brokerDatabase: isOne ? brokerURL.database : nil,
      queue: isOne ? kombu.list(of: Array(defaultQueue.utf8), priority: 0) : nil)
  }

  /// Checks whether others can read the connection on its way.
  func examineTransport(_ url: RedisURL, _ what: String) {
    guard case .tcp(let host, _)? = url.endpoint, !["localhost", "::1"].contains(host), !host.hasPrefix("127.") else {
      return
    }
    if let security = url.security {
      guard !security.verifiesCertificate else { return add(.ok, "tls", "the \(what) is spoken to by TLS") }
      add(
        .warning, "tls", "the \(what)'s certificate is not checked: anybody on the way can read and change everything",
        fix: "ssl_cert_reqs=required, with ssl_ca_certs= of your authority")
    } else {
      add(
        .warning, "tls",
        "the \(what) at \(host) is spoken to without TLS: schedules, arguments and the password can be read "
          + "on the way", fix: "rediss:// in the URL, where the server has TLS")
    }
  }

  private func examineMemory(_ report: ServerReport) {
    let server = report.info
    let policy = server["maxmemory_policy"] ?? ""
    let limit = server.number("maxmemory") ?? 0
    if limit > 0, policy.hasPrefix("allkeys") {
      add(
        .problem, "memory", "maxmemory-policy \(policy) throws schedules and watermarks away when memory is short",
        fix: remedy("maxmemory-policy", "noeviction", report))
    } else if limit > 0, let used = server.number("used_memory"), used / 9 * 10 > limit {
      add(
        .problem, "memory", "more than nine tenths of maxmemory are in use; when it is full, nothing is fired",
        fix: remedy("maxmemory", "\(min(limit, .max / 2) * 2)", report))
    } else if limit > 0, policy.hasPrefix("volatile") {
      add(
        .warning, "memory",
        "maxmemory-policy \(policy) may throw away the lease, heartbeats, and what keeps messages from "
          + "being sent twice between two servers", fix: remedy("maxmemory-policy", "noeviction", report))
    } else {
      add(.ok, "memory", limit == 0 ? "no limit (maxmemory 0)" : "\(policy)")
    }
  }

  private func examineDisk(_ report: ServerReport) {
    let server = report.info
    let hasLog = server["aof_enabled"] == "1"
    if hasLog, server["aof_last_write_status"] == "err" {
      add(
        .problem, "persistence", "the append-only file cannot be written",
        fix: "look into Redis' log: is the disk full?")
    } else if !hasLog, server["rdb_last_bgsave_status"] == "err" {
      add(.problem, "persistence", "the last snapshot failed", fix: "look into Redis' log: is the disk full?")
    } else if hasLog {
      add(.ok, "persistence", "appendonly yes: a restart of Redis loses a second at most")
    } else if report.snapshots == "" {
      add(
        .warning, "persistence", "nothing is kept on disk: a restart of Redis loses all schedules, and what was fired",
        fix: remedy("appendonly", "yes", report))
    } else {
      add(
        .warning, "persistence",
        "snapshots only: a crash of Redis loses the edits since the last one, and fires again what "
          + "was fired since then", fix: remedy("appendonly", "yes", report))
    }
  }

  package func examineClock() throws {
    let before = SystemClock.now()
    let theirs = try client.time()
    let after = SystemClock.now()
    let difference = max(theirs.microseconds(since: after), before.microseconds(since: theirs))
    if difference > 2_000_000 {
      let isAhead = theirs > after
      add(
        .warning, "clock",
        "Redis' clock is \(TimeText.span(difference)) \(isAhead ? "ahead of" : "behind") this machine's; "
          + "schedules go by Redis' clock",
        fix: "set the clock that is wrong, and let NTP keep it (timedatectl set-ntp true)")
    } else {
      add(.ok, "clock", "Redis' clock and this machine's agree")
    }
  }

  package func examineBroker() throws {
    let broker: StoreClient
    do { broker = try StoreClient(brokerURL, keys: client.keys) } catch {
      add(.problem, "broker", error.message, fix: "start it, or correct --broker-url (CELERY_BROKER_URL)")
      areTwoServers = true
      return
    }
    brokerClient = broker
    let report = try broker.report()
    let (store, queues) = try (client.report().info, report.info)
    if brokerURL.location != client.url.location { examineTransport(brokerURL, "broker") }
    areTwoServers =
      brokerURL.location != client.url.location && (store.runID == nil || store.runID != queues.runID)
    if queues.isReplica {
      add(
        .problem, "broker", "\(brokerURL) is a replica, which takes no messages",
        fix: "name the primary in --broker-url")
    } else if queues.number("maxmemory") ?? 0 > 0, queues["maxmemory_policy"]?.hasPrefix("allkeys") == true,
      areTwoServers
    {
      add(
        .problem, "broker",
        "maxmemory-policy \(queues["maxmemory_policy"] ?? "") throws queues away when memory is short",
        fix: remedy("maxmemory-policy", "noeviction", report, on: brokerURL))
    } else if areTwoServers {
      add(.ok, "broker", "\(brokerURL) is another server than the store: messages go through the outbox")
    } else {
      add(.ok, "broker", "\(brokerURL) is the store's server: a fire is one step")
    }
    let waiting = try client.visibleOutboxLength()
    if waiting > 0 {
      add(
        waiting > 100 ? .problem : .warning, "outbox",
        "\(Plural.of(waiting, "message waits", "messages wait")) for the broker",
        fix: "look for `broker lost` and `deferred` in the log of the daemon that fires")
    }
  }
}
