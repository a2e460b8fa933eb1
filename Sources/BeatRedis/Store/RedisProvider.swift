/// A provider of Redis as a service, as far as its host names tell. docs/managed-redis.md has more.
///
/// Providers refuse CONFIG, or keep its settings in a place of their own: only there can keyspace notifications be
/// switched on. Google Memorystore is not among these, since its hosts have addresses and no names.
package enum RedisProvider: CaseIterable, Hashable, Sendable {
  case elastiCache, memoryDB, azureCache, azureManaged, upstash, redisCloud, aiven

  /// nil: the host is of none that is known here.
  package init?(host: String) {
    let host = (host.hasSuffix(".") ? String(host.dropLast()) : host).lowercased()
    guard let found = Self.allCases.first(where: { $0.owns(host) }) else { return nil }
    self = found
  }

  /// nil: the URL leads elsewhere, or to sentinels.
  init?(_ url: RedisURL) {
    guard case .tcp(let host, _)? = url.endpoint else { return nil }
    self.init(host: host)
  }

  private func owns(_ host: String) -> Bool {
    switch self {
    case .elastiCache: Self.isOfAmazon(host) && host.contains(".cache.amazonaws.com")
    case .memoryDB: Self.isOfAmazon(host) && host.contains(".memorydb.")
    case .azureCache: host.contains(".redis.cache.") && Self.azure.contains { host.hasSuffix($0) }
    case .azureManaged: host.hasSuffix(".redis.azure.net") || host.hasSuffix(".redisenterprise.cache.azure.net")
    case .upstash: host.hasSuffix(".upstash.io")
    case .redisCloud: host.hasSuffix(".redis-cloud.com") || host.hasSuffix(".redislabs.com")
    case .aiven: host.hasSuffix(".aivencloud.com")
    }
  }

  private static func isOfAmazon(_ host: String) -> Bool {
    host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
  }

  private static let azure = [".windows.net", ".chinacloudapi.cn", ".usgovcloudapi.net"]

  package var name: String {
    switch self {
    case .elastiCache: "Amazon ElastiCache"
    case .memoryDB: "Amazon MemoryDB"
    case .azureCache: "Azure Cache for Redis"
    case .azureManaged: "Azure Managed Redis"
    case .upstash: "Upstash"
    case .redisCloud: "Redis Cloud"
    case .aiven: "Aiven"
    }
  }

  /// Where `notify-keyspace-events` is set there, and to what.
  package func notifications(_ value: String) -> String {
    let setting = "notify-keyspace-events to \(value)"
    let how =
      switch self {
      case .elastiCache, .memoryDB:
        "set \(setting) in a parameter group of your own, and give the cluster that group (a default group cannot be "
          + "changed)"
      case .azureCache: "set \(setting) in the portal, under Advanced settings of the cache"
      case .azureManaged:
        "set notifyKeyspaceEvents of the database to \(value), in a template or by the command line (az)"
      case .upstash, .redisCloud: "CONFIG SET notify-keyspace-events \(value) is allowed to a user with all rights"
      case .aiven: "set \(setting) in the service's advanced configuration"
      }
    return "at \(name): \(how)"
  }
}
