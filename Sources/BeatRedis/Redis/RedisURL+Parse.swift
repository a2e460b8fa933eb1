extension RedisURL {
  /// Parses `text`. Errors say what is wrong and quote nothing that may hold a password.
  /// - Parameter masterName: of a Sentinel URL that has none itself.
  package init(_ text: String, masterName: String? = nil) throws(RedisURLError) {
    let text = trimmed(text)
    guard !text.isEmpty else { throw RedisURLError("the Redis URL is empty: write redis://localhost:6379/0") }
    guard !text.contains(where: { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }) else {
      throw RedisURLError("the Redis URL holds a control character or a line break")
    }
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
      throw RedisURLError(
        "the Redis URL has no scheme: it begins with redis://, rediss://, sentinel:// or redis+socket://")
    }
    let rest = text[colon...].dropFirst(3)
    // An unencoded '#', '/' or '?' in a password would make the rest of it an address to connect to.
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
    guard !text.contains(";") else {
      throw RedisURLError(
        "several servers (separated by ';') are for Sentinel only, sentinel://…: give the URL of one (a ';' in a "
          + "password is %3B)")
    }
    let parts = try Parts(rest)
    switch scheme {
    case "redis": try self.init(tcp: parts, tls: false)
    case "rediss", "redis+tls", "redis+ssl": try self.init(tcp: parts, tls: true)
    case "redis+socket", "unix", "redis+unix": try self.init(unix: parts)
    default: throw RedisURLError.unknownScheme
    }
  }

  private init(tcp parts: Parts, tls: Bool) throws(RedisURLError) {
    let options = try Options(parts.query)
    let (host, port) = try hostAndPort(parts.server, default: 6379)
    let (username, password) = try parts.credentials()
    self.init(
      location: .server(.tcp(host: host, port: port)),
      username: username ?? options.username,
      password: password ?? options.password,
      database: try databaseNumber(options.database ?? parts.database ?? "0"),
      security: try options.security(tls),
      ignoredOptions: options.ignored)
  }

  /// - Parameter scheme: with `://`, as the parts after the first may begin.
  private init(sentinels text: Substring, scheme: Substring, tls: Bool, masterName: String?) throws(RedisURLError) {
    var sentinels: [RedisEndpoint] = []
    var options = Options()
    var found = (username: String?.none, password: String?.none, database: Substring?.none)
    for part in text.split(separator: ";") {
      let isWhole = part.lowercased().hasPrefix(scheme.lowercased())
      guard isWhole || !part.contains("://") else {
        throw RedisURLError("every part of a Sentinel URL has the same scheme, or none after the first")
      }
      let parts = try Parts(isWhole ? part.dropFirst(scheme.count) : part)
      let (host, port) = try hostAndPort(parts.server, default: 26379)
      let endpoint = RedisEndpoint.tcp(host: host, port: port)
      if !sentinels.contains(endpoint) { sentinels.append(endpoint) }
      try options.read(parts.query)
      let (username, password) = try parts.credentials()
      for isSame in [
        found.username == nil || username == nil || found.username == username,
        found.password == nil || password == nil || found.password == password,
        found.database == nil || parts.database == nil || found.database == parts.database,
      ] where !isSame {
        throw RedisURLError(
          "the parts of the Sentinel URL differ in user, password or database: give each once (a ';' in a password is "
            + "%3B)")
      }
      found = (found.username ?? username, found.password ?? password, found.database ?? parts.database)
    }
    guard let masterName = options.masterName ?? masterName else {
      throw RedisURLError(
        "a Sentinel URL needs the name of the primary: --master-name, BEAT_WATCH_MASTER_NAME or ?master_name=mymaster")
    }
    let security = try options.security(tls || options.hasTLS)
    let group = SentinelGroup(
      sentinels: sentinels.isEmpty ? [.tcp(host: "localhost", port: 26379)] : sentinels, masterName: masterName,
      username: options.sentinelUsername, password: options.sentinelPassword,
      security: options.sentinelSpeaksTLS ? security : nil)
    self.init(
      location: .sentinels(group),
      username: found.username ?? options.username,
      password: found.password ?? options.password,
      database: try databaseNumber(options.database ?? found.database ?? "0"),
      security: security,
      ignoredOptions: options.ignored)
  }

  private init(unix parts: Parts) throws(RedisURLError) {
    let options = try Options(parts.query)
    guard parts.server.isEmpty else {
      throw RedisURLError("a socket's URL has no host: write redis+socket:///path/to/redis.sock, with three slashes")
    }
    let path = try decoded(parts.path, what: "socket path")
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

extension RedisURLError {
  fileprivate static let strayAt = RedisURLError(
    "an '@' stands behind the host of the Redis URL: in a user name or password write / ? # % @ as "
      + "%2F %3F %23 %25 %40")

  fileprivate static let unknownScheme = RedisURLError(
    "the URL's scheme is not one of Redis: it begins with redis://, rediss://, sentinel:// or redis+socket://")
}

/// `[user]@[server][path][?query]`, cut and not yet decoded.
private struct Parts {
  var user: Substring?
  var server: Substring
  var path: Substring
  var query: Substring

  init(_ rest: Substring) throws(RedisURLError) {
    // By scalars throughout: a sign that is joined to the one before would hide a ':' or an '@' from a search by characters.
    let scalars = rest.unicodeScalars
    let authority = Substring(scalars.prefix { $0 != "/" && $0 != "?" })
    path = Substring(scalars[authority.endIndex...].prefix { $0 != "?" })
    query = Substring(scalars[path.endIndex...].dropFirst())
    guard authority.isEmpty || authority.unicodeScalars.contains("@") || !scalars.contains("@") else {
      throw RedisURLError.strayAt
    }
    // The last '@', as Python does: a bare '@' in a password is common.
    if let at = authority.unicodeScalars.lastIndex(of: "@") {
      user = authority[..<at]
      server = authority[authority.unicodeScalars.index(after: at)...]
    } else {
      server = authority
    }
  }

  /// The path as a database; nil when there is none.
  var database: Substring? {
    var path = path.dropFirst(path.hasPrefix("/") ? 1 : 0)
    if path.hasSuffix("/") { path.removeLast() }
    return path.isEmpty ? nil : path
  }

  func credentials() throws(RedisURLError) -> (username: String?, password: String?) {
    guard let user else { return (nil, nil) }
    guard let colon = user.unicodeScalars.firstIndex(of: ":") else {
      return (user.isEmpty ? nil : try decoded(user, what: "user name"), nil)
    }
    let name = try decoded(user[..<colon], what: "user name")
    let password = try decoded(user[user.unicodeScalars.index(after: colon)...], what: "password")
    // Python's clients take ":@" for no password, too.
    return (name.isEmpty ? nil : name, password.isEmpty ? nil : password)
  }
}

/// The query options that a Redis URL may carry; the query wins over the path, as in redis-py.
private struct Options {
  var database: Substring?
  var username: String?
  var password: String?
  var ignored: [String] = []
  var masterName: String?
  var sentinelUsername: String?
  var sentinelPassword: String?
  var sentinelSpeaksTLS = true
  private var tls = TLSSettings()
  /// The first option of TLS that was found.
  private var firstOfTLS: String?

  var hasTLS: Bool { firstOfTLS != nil }

  /// The settings when TLS is wanted. Celery speaks TLS as soon as one of its options is there: to ignore them would
  /// send the password in the clear.
  func security(_ isWanted: Bool) throws(RedisURLError) -> TLSSettings? {
    if isWanted {
      guard tls.key == nil || tls.certificate != nil else {
        throw RedisURLError("ssl_keyfile in the Redis URL needs the certificate that belongs to it: ssl_certfile=/path")
      }
      return tls
    }
    guard let firstOfTLS else { return nil }
    throw RedisURLError("\(firstOfTLS) in the Redis URL is about TLS, which rediss:// speaks and this URL does not")
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
      case "sentinel_ssl": sentinelSpeaksTLS = try flag("sentinel_ssl", value)
      case _ where name.hasPrefix("ssl_") && isPlainName(name): try take(String(name), value)
      // The rest of a password: what stands before it would be an address to connect to.
      case _ where option.contains("@"): throw RedisURLError.strayAt
      default: ignored.append(isPlainName(name) ? String(name) : "(unreadable)")
      }
    }
  }
}

extension Options {
  /// An empty one is none, as for Python's clients.
  private func text(_ value: Substring, what: String) throws(RedisURLError) -> String? {
    value.isEmpty ? nil : try decoded(value, what: what)
  }

  private mutating func take(_ name: String, _ value: Substring) throws(RedisURLError) {
    firstOfTLS = firstOfTLS ?? name
    switch name {
    case "ssl_ca_certs": tls.authorities = try path(name, value)
    case "ssl_certfile": tls.certificate = try path(name, value)
    case "ssl_keyfile": tls.key = try path(name, value)
    case "ssl_cert_reqs":
      switch value.lowercased() {
      // A server always shows a certificate, so that Python's `optional` checks as much as `required`.
      case "required", "cert_required", "optional", "cert_optional": tls.verifiesCertificate = true
      case "none", "cert_none": tls.verifiesCertificate = false
      default: throw RedisURLError("ssl_cert_reqs in the Redis URL is not one of required, optional and none")
      }
    case "ssl_check_hostname": tls.verifiesHost = try flag(name, value)
    default:
      // Ignored it might be one that forbids something.
      throw RedisURLError(
        "\(name) in the Redis URL is not supported; those of TLS are ssl_ca_certs, ssl_certfile, ssl_keyfile, "
          + "ssl_cert_reqs and ssl_check_hostname")
    }
  }

  private func flag(_ name: String, _ value: Substring) throws(RedisURLError) -> Bool {
    switch value.lowercased() {
    case "true", "1", "yes": true
    case "false", "0", "no": false
    default: throw RedisURLError("\(name) in the Redis URL is neither true nor false")
    }
  }

  private func path(_ name: String, _ value: Substring) throws(RedisURLError) -> String {
    let path = try decoded(value, what: name)
    guard !path.isEmpty else { throw RedisURLError("\(name) in the Redis URL is empty: \(name)=/path/to/file.pem") }
    return path
  }
}

private func hostAndPort(_ server: Substring, default: UInt16) throws(RedisURLError) -> (host: String, port: UInt16) {
  var host = server
  var portText: Substring = ""
  if server.hasPrefix("[") {
    guard let end = server.firstIndex(of: "]") else {
      throw RedisURLError("the IPv6 address in the Redis URL has no closing bracket: write redis://[::1]:6379/0")
    }
    host = server[server.index(after: server.startIndex)..<end]
    let tail = server[server.index(after: end)...]
    guard tail.isEmpty || tail.hasPrefix(":") else {
      throw RedisURLError("after the IPv6 address in the Redis URL only a port may follow: redis://[::1]:6379/0")
    }
    portText = tail.dropFirst()
    guard host.contains(":"), host.allSatisfy({ isHostCharacter($0) || $0 == ":" || $0 == "%" }) else {
      throw RedisURLError("the brackets in the Redis URL hold no IPv6 address: write redis://[::1]:6379/0")
    }
  } else {
    if let colon = server.firstIndex(of: ":") {
      host = server[..<colon]
      portText = server[server.index(after: colon)...]
      guard !portText.contains(":") else {
        throw RedisURLError(
          "the host in the Redis URL holds several ':': an IPv6 address is written in brackets, redis://[::1]:6379/0")
      }
    }
    guard host.allSatisfy(isHostCharacter) else {
      throw RedisURLError(
        "the host in the Redis URL holds a character that no host name has; in a user name or password write "
          + "/ ? # % as %2F %3F %23 %25")
    }
  }
  var port = `default`
  if !portText.isEmpty {
    // The text is not quoted: with an unencoded '/' in it a password stands here.
    guard portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(portText), number > 0 else {
      throw RedisURLError(
        "the port in the Redis URL is not a number from 1 to 65535; in a user name or password write "
          + "/ ? # % ; as %2F %3F %23 %25 %3B")
    }
    port = number
  }
  return (host.isEmpty ? "localhost" : String(host), port)
}

private func databaseNumber(_ text: Substring) throws(RedisURLError) -> Int {
  guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int32(text) else {
    throw RedisURLError("the database in the Redis URL is not a whole number of 0 or more: redis://localhost:6379/1")
  }
  return Int(number)
}

/// Percent-decodes; the result is text without NUL, as the server's and the system's calls need it.
private func decoded(_ text: Substring, what: String) throws(RedisURLError) -> String {
  var bytes: [UInt8] = []
  var rest = text.utf8[...]
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "%") else {
      bytes.append(byte)
      continue
    }
    guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
      throw RedisURLError("in the \(what) of the Redis URL a '%' is not followed by two hex digits: write it as %25")
    }
    bytes.append(high << 4 | low)
  }
  guard let result = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
    throw RedisURLError("the \(what) of the Redis URL is not UTF-8 text when its %-codes are decoded")
  }
  return result
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
  default: nil
  }
}

private func isHostCharacter(_ character: Character) -> Bool {
  guard character.isASCII else { return false }
  return character.isLetter || character.isNumber || character == "." || character == "-" || character == "_"
}

private func isPlainName(_ name: Substring) -> Bool {
  !name.isEmpty && name.utf8.count <= 64 && name.allSatisfy(isHostCharacter)
}

private func trimmed(_ text: String) -> Substring {
  var text = text[...]
  while let first = text.first, first.isWhitespace { text.removeFirst() }
  while let last = text.last, last.isWhitespace { text.removeLast() }
  return text
}
