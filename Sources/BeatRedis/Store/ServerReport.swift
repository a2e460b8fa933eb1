import BeatCore

/// What a server reports about itself and its settings (`INFO`, `CONFIG GET`), for operators. What it does not report,
/// or not to this user, is nil.
package struct ServerReport: Hashable, Sendable {
  package let info: ServerInfo
  /// The value of `notify-keyspace-events`; nil: CONFIG is not allowed, or renamed.
  package let notifications: String?
  /// The value of `save`, the rules of snapshots; empty: there are none; nil: as above.
  package let snapshots: String?
  /// Whether the server has CONFIG, though perhaps not for this user: providers rename it away.
  package let hasConfig: Bool

  /// The letters that `notify-keyspace-events` lacks, and the whole value with them; nil: none is missing, or the value
  /// is not known.
  package var missingNotifications: (letters: String, value: String)? {
    guard let notifications else { return nil }
    let setting = NotificationSetting(notifications)
    guard !setting.missing.isEmpty, let value = setting.candidates.last else { return nil }
    return (setting.missing, value)
  }

  package var facts: StoreFacts {
    StoreFacts(
      kind: "redis", words: words,
      facts: [
        StoreFacts.Fact("product", .text(info.isKnown ? info.product : nil)),
        StoreFacts.Fact("role", .text(info["role"])),
        StoreFacts.Fact("used_memory", .number(info.number("used_memory"))),
        StoreFacts.Fact("maxmemory", .number(info.number("maxmemory"))),
        StoreFacts.Fact("maxmemory_policy", .text(info["maxmemory_policy"])),
        StoreFacts.Fact("notify_keyspace_events", .text(notifications)),
      ], writeObstacle: info.writeObstacle)
  }

  private var words: String {
    guard info.isKnown else { return "INFO is not allowed" }
    var parts = [info.product, info.isReplica ? "a replica" : "primary"]
    if let used = info["used_memory_human"] {
      let limit = info["maxmemory"] == "0" ? "without a limit" : "of \(info["maxmemory_human"] ?? "?")"
      parts.append("\(used) \(limit)")
    }
    if let policy = info["maxmemory_policy"] { parts.append(policy) }
    if let events = notifications { parts.append("notify-keyspace-events \"\(events)\"") }
    return parts.joined(separator: ", ")
  }
}

extension RedisStoreClient {
  /// Asks the server for the report.
  package func report() throws(StoreError) -> ServerReport {
    let replies = try replies(to: [
      RedisCommand("INFO"), RedisCommand("CONFIG", "GET", "notify-keyspace-events"),
      RedisCommand("CONFIG", "GET", "save"),
    ])
    let settings = replies.dropFirst().map { $0.pairs?.first?.1.text }
    return ServerReport(
      info: ServerInfo(replies[0].text ?? ""), notifications: settings[0], snapshots: settings[1],
      hasConfig: replies[1].error?.isUnknownCommand != true)
  }
}
