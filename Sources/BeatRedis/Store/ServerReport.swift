/// What a server says of itself, as it says it (`INFO`, `CONFIG GET`): for people who ask. What it does not say, or may
/// not say to this user, is nil.
package struct ServerReport: Hashable, Sendable {
  private let fields: [String: String]
  /// `notify-keyspace-events`; nil: CONFIG is not allowed, or renamed.
  package let notifications: String?
  /// `save`, the rules of snapshots; empty: there are none.
  package let snapshots: String?

  init(info: String?, notifications: String?, snapshots: String?) {
    var fields: [String: String] = [:]
    for line in (info ?? "").split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    self.fields = fields
    self.notifications = notifications
    self.snapshots = snapshots
  }

  /// A field of INFO.
  package subscript(field: String) -> String? { fields[field] }

  package func number(_ field: String) -> Int64? { fields[field].flatMap { Int64($0) } }

  /// Whether INFO is allowed.
  package var isKnown: Bool { !fields.isEmpty }
  package var isReplica: Bool { fields["role"] == "slave" }

  /// `Redis 7.0.15`, `Valkey 8.1.1`.
  package var product: String {
    if let version = fields["valkey_version"] { return "Valkey \(version)" }
    return fields["redis_version"].map { "Redis \($0)" } ?? "Redis"
  }

  /// Older than what is needed.
  package var isTooOld: Bool {
    guard let major = fields["redis_version"]?.split(separator: ".").first.flatMap({ Int($0) }) else { return false }
    return major < 6
  }

  /// Why the server takes no writes at present, so that no daemon can lead; nil: nothing is known that stands against it.
  package var writeObstacle: String? {
    if isReplica { return "it is a replica, which takes no writes: name its primary" }
    if let limit = number("maxmemory"), limit > 0, let used = number("used_memory"), used >= limit,
      fields["maxmemory_policy"] == "noeviction"
    {
      return "Redis' memory is full (maxmemory): it takes no writes until there is room"
    }
    if fields["rdb_last_bgsave_status"] == "err" || fields["aof_last_write_status"] == "err" {
      return "Redis cannot write to its disk, and may take no writes until it can: see its log"
    }
    return nil
  }

  /// Letters that `notify-keyspace-events` lacks, and the whole value that has them; nil: nothing lacks, or it is not
  /// known.
  package var missingNotifications: (letters: String, value: String)? {
    guard let notifications else { return nil }
    let setting = NotificationSetting(notifications)
    guard !setting.missing.isEmpty, let value = setting.candidates.last else { return nil }
    return (setting.missing, value)
  }
}

extension StoreClient {
  /// What the server says of itself.
  package func report() throws(StoreError) -> ServerReport {
    let replies = try replies(to: [
      RedisCommand("INFO"), RedisCommand("CONFIG", "GET", "notify-keyspace-events"),
      RedisCommand("CONFIG", "GET", "save"),
    ])
    return ServerReport(
      info: replies[0].text, notifications: replies[1].array?.last?.text, snapshots: replies[2].array?.last?.text)
  }
}
