import BeatLoop

/// The query options that a Redis URL may carry; the query wins over the path, as in redis-py.
struct RedisURLOptions {
  var database: Substring?
  var username: String?
  var password: String?
  var ignored: [String] = []
  var masterName: String?
  var sentinelUsername: String?
  var sentinelPassword: String?
  /// nil: as the servers.
  var sentinelSpeaksTLS: Bool?
  private var tls = TLSOptions()

  var hasTLS: Bool { tls.isAny }

  /// The TLS settings, or nil if no TLS is wanted.
  func security(_ isWanted: Bool) throws(RedisURLError) -> TLSSettings? {
    try RedisURLError.naming { () throws(URLFault) in try tls.security(isWanted: isWanted) }
  }

  init() {}

  init(_ query: Substring) throws(RedisURLError) { try read(query) }

  mutating func read(_ query: Substring) throws(RedisURLError) {
    for option in query.split(separator: "&") {
      let name = option.prefix { $0 != "=" }
      let value = option[name.endIndex...].dropFirst()
      switch name {
      case "db", "virtual_host": database = value.hasPrefix("/") ? value.dropFirst() : value
      case "username": username = try text(value, what: "user name")
      case "password": password = try text(value, what: "password")
      case "master_name":
        masterName = try decoded(value, what: "master_name")
        if masterName == "" { throw RedisURLError("master_name in the Redis URL is empty") }
      case "sentinel_username": sentinelUsername = try text(value, what: "sentinel_username")
      case "sentinel_password": sentinelPassword = try text(value, what: "sentinel_password")
      case "sentinel_ssl":
        sentinelSpeaksTLS = try RedisURLError.naming { () throws(URLFault) in try URLText.flag("sentinel_ssl", value) }
      case _ where name.hasPrefix("ssl_") && URLText.isPlainName(name):
        try RedisURLError.naming { () throws(URLFault) in try tls.take(String(name), value) }
      // An `@` here means that the option is the rest of a password. The part before it would be used as an address to
      // connect to.
      case _ where option.contains("@"): throw RedisURLError.strayAt
      default: ignored.append(URLText.isPlainName(name) ? String(name) : "(unreadable)")
      }
    }
  }
}

extension RedisURLOptions {
  /// A decoded value; an empty one counts as absent, as for Python's clients.
  private func text(_ value: Substring, what: String) throws(RedisURLError) -> String? {
    value.isEmpty ? nil : try decoded(value, what: what)
  }

  private func decoded(_ value: Substring, what: String) throws(RedisURLError) -> String {
    try RedisURLError.naming { () throws(URLFault) in try URLText.decoded(value, what: what) }
  }
}
