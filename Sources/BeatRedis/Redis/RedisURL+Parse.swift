import BeatLoop

extension RedisURL {
  /// Parses `text`. Errors say what is wrong and quote nothing that may hold a password.
  /// - Parameter masterName: the primary's name, for a Sentinel URL that does not name it.
  package init(_ text: String, masterName: String? = nil) throws(RedisURLError) {
    let text = URLText.trimmed(text)
    guard !text.isEmpty else { throw RedisURLError("the Redis URL is empty: write redis://localhost:6379/0") }
    guard !text.contains(where: { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }) else {
      throw RedisURLError("the Redis URL holds a control character or a line break")
    }
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
      throw RedisURLError(
        "the Redis URL has no scheme: it begins with redis://, rediss://, sentinel:// or redis+socket://")
    }
    let rest = text[colon...].dropFirst(3)
    // With an unencoded '#', '/' or '?' in a password, the daemon would connect to an address made of the password's
    // rest.
    guard !rest.contains("#") else {
      throw RedisURLError("a Redis URL has no part after '#': in a user name or password write # as %23")
    }
    let scheme = text[..<colon].lowercased()
    if scheme.hasSuffix("sentinel") {
      let isSecure = ["rediss+sentinel", "sentinel+rediss"].contains(scheme)
      guard isSecure || ["sentinel", "redis+sentinel"].contains(scheme) else { throw RedisURLError.unknownScheme }
      try self.init(sentinels: rest, scheme: text[..<rest.startIndex], tls: isSecure, masterName: masterName)
      return
    }
    if text.contains(";") {
      guard let isSecure = ["redis": false, "rediss": true][scheme] else {
        throw RedisURLError(
          "several servers (separated by ';') are sentinels, sentinel://…, or nodes of a cluster, redis://… or "
            + "rediss://…: give the URL of one (a ';' in a password is %3B)")
      }
      try self.init(nodes: rest, scheme: text[..<rest.startIndex], tls: isSecure)
      return
    }
    let parts = try RedisURLParts(rest)
    switch scheme {
    case "redis": try self.init(tcp: parts, tls: false)
    case "rediss", "redis+tls", "redis+ssl": try self.init(tcp: parts, tls: true)
    case "redis+socket", "unix", "redis+unix": try self.init(unix: parts)
    default: throw RedisURLError.unknownScheme
    }
  }

  private init(tcp parts: RedisURLParts, tls: Bool) throws(RedisURLError) {
    let options = try RedisURLOptions(parts.query)
    let (host, port) = try parts.hostAndPort(default: 6379)
    let (username, password) = try parts.credentials()
    self.init(
      location: .server(.tcp(host: host, port: port)),
      username: username ?? options.username,
      password: password ?? options.password,
      database: try databaseNumber(options.database ?? parts.database ?? "0"),
      security: try options.security(tls),
      ignoredOptions: options.ignored)
  }

  /// - Parameter scheme: the scheme with its `://`, with which each further part may begin as well.
  private init(sentinels text: Substring, scheme: Substring, tls: Bool, masterName: String?) throws(RedisURLError) {
    let several = try SeveralServers(text, scheme: scheme, name: "Sentinel URL", port: 26379)
    let options = several.options
    guard let masterName = options.masterName ?? masterName else {
      throw RedisURLError(
        "a Sentinel URL needs the name of the primary: --master-name, BEAT_WATCH_MASTER_NAME or ?master_name=mymaster")
    }
    let security = try options.security(tls || options.hasTLS)
    guard security != nil || options.sentinelSpeaksTLS != true else { throw RedisURLError.plainSentinels }
    let group = SentinelGroup(
      sentinels: several.endpoints, masterName: masterName,
      username: options.sentinelUsername, password: options.sentinelPassword,
      security: options.sentinelSpeaksTLS == false ? nil : security)
    self.init(
      location: .sentinels(group),
      username: several.username ?? options.username,
      password: several.password ?? options.password,
      database: try databaseNumber(options.database ?? several.database ?? "0"),
      security: security,
      ignoredOptions: options.ignored)
  }

  private init(nodes text: Substring, scheme: Substring, tls: Bool) throws(RedisURLError) {
    let several = try SeveralServers(text, scheme: scheme, name: "Redis URL", port: 6379)
    // A login behind the first ';' may be the end of a password, whose beginning would be taken for a host.
    guard several.username == nil && several.password == nil || text.prefix(while: { $0 != ";" }).contains("@") else {
      throw RedisURLError(
        "the user and password of a Redis URL with several nodes stand before the first (a ';' in a password is %3B)")
    }
    self.init(
      location: several.endpoints.count == 1 ? .server(several.endpoints[0]) : .nodes(several.endpoints),
      username: several.username ?? several.options.username,
      password: several.password ?? several.options.password,
      database: try databaseNumber(several.options.database ?? several.database ?? "0"),
      security: try several.options.security(tls),
      ignoredOptions: several.options.ignored)
  }

  private init(unix parts: RedisURLParts) throws(RedisURLError) {
    let options = try RedisURLOptions(parts.query)
    guard parts.server.isEmpty else {
      throw RedisURLError("a socket's URL has no host: write redis+socket:///path/to/redis.sock, with three slashes")
    }
    let path = try RedisURLError.naming { () throws(URLFault) in
      try URLText.decoded(parts.path, what: "socket path")
    }
    guard path.count > 1 else {
      throw RedisURLError("the socket's path is missing: write redis+socket:///path/to/redis.sock")
    }
    guard path.utf8.count < 108 else {
      throw RedisURLError("the socket's path is longer than the 107 bytes that the system allows")
    }
    let (username, password) = try parts.credentials()
    self.init(
      location: .server(.unix(path: path)),
      username: username ?? options.username,
      password: password ?? options.password,
      database: try databaseNumber(options.database ?? "0"),
      security: try options.security(false),
      ignoredOptions: options.ignored)
  }
}

/// Servers that are separated by `;`, with the user, the database and the options that any of the parts may hold.
private struct SeveralServers {
  /// At least one, each once.
  var endpoints: [RedisEndpoint] = []
  var options = RedisURLOptions()
  var username: String?
  var password: String?
  var database: Substring?

  /// - Parameters:
  ///   - scheme: with which each part after the first may begin as well.
  ///   - name: of the URL, for errors.
  ///   - port: the default.
  init(_ text: Substring, scheme: Substring, name: String, port: UInt16) throws(RedisURLError) {
    for part in text.split(separator: ";") {
      let isWhole = part.lowercased().hasPrefix(scheme.lowercased())
      guard isWhole || !part.contains("://") else {
        throw RedisURLError("every part of a \(name) has the same scheme, or none after the first")
      }
      let parts = try RedisURLParts(isWhole ? part.dropFirst(scheme.count) : part)
      let (host, port) = try parts.hostAndPort(default: port)
      let endpoint = RedisEndpoint.tcp(host: host, port: port)
      if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
      try options.read(parts.query)
      let login = try parts.credentials()
      for isSame in [
        username == nil || login.username == nil || username == login.username,
        password == nil || login.password == nil || password == login.password,
        database == nil || parts.database == nil || database == parts.database,
      ] where !isSame {
        throw RedisURLError(
          "the parts of the \(name) differ in user, password or database: give each once (a ';' in a password is %3B)")
      }
      (username, password) = (username ?? login.username, password ?? login.password)
      database = database ?? parts.database
    }
    if endpoints.isEmpty { endpoints = [.tcp(host: "localhost", port: port)] }
  }
}

extension RedisURLError {
  static let strayAt = RedisURLError("an '@' stands behind the host of the Redis URL: " + URLWords.encoding)

  /// To ignore the wish would send the sentinels' password in the clear.
  static let plainSentinels = RedisURLError(
    "sentinel_ssl=true in the Redis URL is about TLS, which rediss+sentinel:// speaks and this URL does not")

  package static let unknownScheme = RedisURLError(
    "the URL's scheme is not one of Redis: it begins with redis://, rediss://, sentinel:// or redis+socket://")
}

private func databaseNumber(_ text: Substring) throws(RedisURLError) -> Int {
  guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int32(text) else {
    // A password with an unencoded '@' and '/' puts its own end and the host into the database's place.
    guard !text.utf8.contains(UInt8(ascii: "@")) else { throw RedisURLError.strayAt }
    throw RedisURLError(
      "the database in the Redis URL is not a whole number of 0 or more, such as the 1 of redis://localhost:6379/1")
  }
  return Int(number)
}
