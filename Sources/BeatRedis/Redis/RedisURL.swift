import BeatLoop

/// The address of a Redis database as Celery, kombu and redis-py write it. Printing it never shows the password.
///
/// - `redis://[[user]:password@]host[:port][/database]`; the defaults are the host `localhost` and the port 6379
/// - `rediss://…`, the same by TLS
/// - `redis://[[user]:password@]host[:port][/database];redis://host[:port]…`, several nodes of one cluster, by TLS with
///   `rediss://`
/// - `sentinel://[[user]:password@]host[:port][/database];sentinel://host[:port]…`, the primary server that these
///   sentinels name, with the default port 26379; `rediss+sentinel://…`, the same by TLS
/// - `redis+socket:///path[?virtual_host=database]`, also `unix:///path[?db=database]`
///
/// User, password and path may be percent-encoded, and must be where they hold `/ ? # %`. These query options are
/// understood: `db`, `virtual_host`, `username` and `password`; for TLS `ssl_ca_certs`, `ssl_certfile` and
/// `ssl_keyfile` (paths), `ssl_cert_reqs` (`required`, `optional` or `none`) and `ssl_check_hostname` (`true` or
/// `false`). A Sentinel URL may have `master_name`, `sentinel_username` and `sentinel_password` (user and password
/// before the host are those of the Redis servers), and `sentinel_ssl` (`false`: TLS for the servers alone). In such a
/// URL the database, the user and the options may be in any part.
package struct RedisURL: Hashable, Sendable {
  /// Where a URL leads.
  package enum Location: Hashable, Sendable {
    case server(RedisEndpoint)
    /// The server that is the primary when the sentinels are asked.
    case sentinels(SentinelGroup)
    /// Some nodes of a cluster, at least two. Any of them knows the others.
    case nodes([RedisEndpoint])
  }

  /// Where the server is, or which sentinels know it.
  package let location: Location
  /// The ACL user, or nil for the server's default user.
  package let username: String?
  /// The password, percent-decoded, or nil.
  package let password: String?
  /// The number of the database, 0 or more.
  package let database: Int
  /// The names of query options that mean nothing here, in their order. They are worth a warning and no error, since
  /// Celery's own URLs carry options of its client library.
  package let ignoredOptions: [String]
  /// How the connection is secured by TLS; nil: without TLS.
  package let security: TLSSettings?

  init(
    location: Location, username: String?, password: String?, database: Int,
    security: TLSSettings?, ignoredOptions: [String]
  ) {
    self.location = location
    self.username = username
    self.password = password
    self.database = database
    self.security = security
    self.ignoredOptions = ignoredOptions
  }

  /// Where the server listens; nil: sentinels or nodes of a cluster must be asked.
  package var endpoint: RedisEndpoint? {
    if case .server(let endpoint) = location { endpoint } else { nil }
  }

  /// The servers that the URL names, without sentinels.
  var named: [RedisEndpoint] {
    switch location {
    case .server(let endpoint): [endpoint]
    case .nodes(let endpoints): endpoints
    case .sentinels: []
    }
  }

  /// The same for one server at another place.
  func leading(to endpoint: RedisEndpoint) -> RedisURL {
    RedisURL(
      location: .server(endpoint), username: username, password: password, database: database, security: security,
      ignoredOptions: [])
  }

  /// The URL with `***` for the password. A user without a password is hidden too: users who forget the colon write
  /// their password there.
  package var redacted: String {
    let user =
      switch (username, password) {
      case (nil, nil): ""
      case (.some, nil): "***@"
      case (let name, .some): "\(onOneLine(name ?? "")):***@"
      }
    switch location {
    case .server(.unix(let path)): return "redis+socket://\(user)\(onOneLine(path))?virtual_host=\(database)"
    case .server(let endpoint): return "\(security == nil ? "redis" : "rediss")://\(user)\(endpoint)/\(database)"
    case .nodes(let endpoints):
      let scheme = security == nil ? "redis" : "rediss"
      return "\(scheme)://\(user)" + endpoints.map(\.description).joined(separator: ";\(scheme)://") + "/\(database)"
    case .sentinels(let group):
      let scheme = security == nil ? "sentinel" : "rediss+sentinel"
      let hosts = group.sentinels.map(\.description).joined(separator: ";\(scheme)://")
      return "\(scheme)://\(user)\(hosts)/\(database)?master_name=\(onOneLine(group.masterName))"
    }
  }
}

extension RedisURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { redacted }
  package var debugDescription: String { redacted }
  /// Keeps the password out of `dump` as well.
  package var customMirror: Mirror { Mirror(self, children: ["url": redacted]) }
}

/// Shows text that was percent-encoded. Characters that could forge a line of a log are encoded again.
private func onOneLine(_ text: String) -> String {
  text.unicodeScalars.map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      UTF8.encode(scalar)?.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined() ?? ""
    default: String(scalar)
    }
  }.joined()
}

/// Why a text is not the URL of a Redis database. It never holds a password.
package struct RedisURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong and how to write it.
  package let description: String

  init(_ description: String) { self.description = description }
}
