/// The fields of a server's INFO.
package struct ServerInfo: Hashable, Sendable {
  private let fields: [String: String]

  package init(_ text: String) {
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    self.fields = fields
  }

  /// The value of a field; nil: INFO does not have it.
  package subscript(field: String) -> String? { fields[field] }

  package func number(_ field: String) -> Int64? { fields[field].flatMap { Int64($0) } }

  /// Whether there are any fields: INFO may not be allowed.
  package var isKnown: Bool { !fields.isEmpty }

  /// A random id, new at each start of the server: two connections with the same id lead to the same server.
  package var runID: String? { self["run_id"] }
  package var version: String? { self["redis_version"] }
  package var isReplica: Bool { self["role"] == "slave" }
  package var isLoading: Bool { self["loading"] == "1" }
  /// Whether the server is in cluster mode, even as the only node.
  package var isCluster: Bool {
    self["cluster_enabled"] == "1" || ["redis_mode", "server_mode", "redict_mode"].contains { self[$0] == "cluster" }
  }
  /// The address of a replica's primary.
  package var primary: String? {
    self["master_host"].flatMap { host in self["master_port"].map { "\(host):\($0)" } }
  }

  /// Whether the server is older than Redis 6.0, which brought `SET … KEEPTTL`: without it a fire would remove a
  /// document's time to live.
  package var isTooOld: Bool {
    guard let major = version?.split(separator: ".").first.flatMap({ Int($0) }) else { return false }
    return major < 6
  }

  /// `Redis 7.0.15`, `Valkey 8.1.1`. Forks say beside their own version with which Redis they agree.
  package var product: String {
    if let version = self["valkey_version"] { return "Valkey \(version)" }
    if let version = self["redict_version"] { return "Redict \(version)" }
    return version.map { "Redis \($0)" } ?? "Redis"
  }

  /// The channel on which CLIENT TRACKING reports to clients of RESP2. Redict has renamed it, and sends as many letters of
  /// the new name as the old one had (7.3.6).
  var invalidationChannel: String { self["redict_version"] == nil ? "__redis__:invalidate" : "__redict__:invalidat" }

  /// The `maxmemory-policy` if it lets the server evict keys without a time to live, such as schedules and the
  /// watermark, when memory is short; nil: it does not.
  package var evictionPolicy: String? {
    guard self["maxmemory"] ?? "0" != "0", let policy = self["maxmemory_policy"], policy.hasPrefix("allkeys") else {
      return nil
    }
    return policy
  }

  /// Why the server refuses writes at present, so that no daemon can lead; nil: no reason is known.
  package var writeObstacle: String? {
    if isReplica { return "it is a replica, which takes no writes: name its primary" }
    if let limit = number("maxmemory"), limit > 0, let used = number("used_memory"), used >= limit,
      self["maxmemory_policy"] == "noeviction"
    {
      return "Redis' memory is full (maxmemory): it takes no writes until there is room"
    }
    if self["rdb_last_bgsave_status"] == "err" || self["aof_last_write_status"] == "err" {
      return "Redis cannot write to its disk, and may take no writes until it can: see its log"
    }
    return nil
  }
}
