extension RedisURL {
  /// Parses `text`. Errors say what is wrong and quote nothing that may hold a password.
  public init(_ text: String) throws(RedisURLError) {
    let text = trimmed(text)
    guard !text.isEmpty else { throw RedisURLError("the Redis URL is empty: write redis://localhost:6379/0") }
    guard !text.contains(where: { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }) else {
      throw RedisURLError("the Redis URL holds a control character or a line break")
    }
    // A list may be written in full or with the scheme once; a bare ';' inside a password must be encoded.
    guard !text.contains(";") else {
      throw RedisURLError(
        "several servers (separated by ';') are not supported yet: give the URL of one (a ';' in a password is %3B)")
    }
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
      throw RedisURLError("the Redis URL has no scheme: it begins with redis://, rediss:// or redis+socket://")
    }
    let rest = text[colon...].dropFirst(3)
    // An unencoded '#', '/' or '?' in a password would make the rest of it an address to connect to.
    guard !rest.contains("#") else {
      throw RedisURLError("a Redis URL has no part after '#': in a user name or password write # as %23")
    }
    let scheme = text[..<colon].lowercased()
    let parts = try Parts(rest)
    switch scheme {
    case "redis": try self.init(tcp: parts, tls: false)
    case "rediss", "redis+tls", "redis+ssl": try self.init(tcp: parts, tls: true)
    case "redis+socket", "unix", "redis+unix": try self.init(unix: parts)
    case "sentinel", "redis+sentinel":
      throw RedisURLError("Sentinel (sentinel://) is not supported yet: give the redis:// URL of the primary server")
    default:
      throw RedisURLError("the URL's scheme is not one of Redis: it begins with redis://, rediss:// or redis+socket://")
    }
  }

  private init(tcp parts: Parts, tls: Bool) throws(RedisURLError) {
    let options = try Options(parts.query)
    let (host, port) = try hostAndPort(parts.server)
    var path = parts.path.dropFirst(parts.path.hasPrefix("/") ? 1 : 0)
    if path.hasSuffix("/") { path.removeLast() }
    let (username, password) = try parts.credentials()
    self.init(
      endpoint: .tcp(host: host, port: port),
      username: username ?? options.username,
      password: password ?? options.password,
      database: try databaseNumber(options.database ?? (path.isEmpty ? "0" : path)),
      security: try options.security(tls),
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
      endpoint: .unix(path: path),
      username: username ?? options.username,
      password: password ?? options.password,
      database: try databaseNumber(options.database ?? "0"),
      security: try options.security(false),
      ignoredOptions: options.ignored)
  }
}

/// `[user]@[server][path][?query]`, cut and not yet decoded.
private struct Parts {
  var user: Substring?
  var server: Substring
  var path: Substring
  var query: Substring

  init(_ rest: Substring) throws(RedisURLError) {
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    path = rest[authority.endIndex...].prefix { $0 != "?" }
    query = rest[path.endIndex...].dropFirst()
    guard authority.isEmpty || authority.contains("@") || !rest.contains("@") else {
      throw RedisURLError(
        "an '@' stands behind the host of the Redis URL: in a user name or password write / ? # % @ as "
          + "%2F %3F %23 %25 %40")
    }
    // The last '@', as Python does: a bare '@' in a password is common.
    if let at = authority.lastIndex(of: "@") {
      user = authority[..<at]
      server = authority[authority.index(after: at)...]
    } else {
      server = authority
    }
  }

  func credentials() throws(RedisURLError) -> (username: String?, password: String?) {
    guard let user else { return (nil, nil) }
    guard let colon = user.firstIndex(of: ":") else {
      return (user.isEmpty ? nil : try decoded(user, what: "user name"), nil)
    }
    let name = try decoded(user[..<colon], what: "user name")
    let password = try decoded(user[user.index(after: colon)...], what: "password")
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
  private var tls = TLSSettings()
  /// The first option of TLS that was found.
  private var firstOfTLS: String?

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

  init(_ query: Substring) throws(RedisURLError) {
    for option in query.split(separator: "&") {
      let name = option.prefix { $0 != "=" }
      let value = option[name.endIndex...].dropFirst()
      switch name {
      case "db", "virtual_host": database = value.hasPrefix("/") ? value.dropFirst() : value
      case "username": username = try decoded(value, what: "user name")
      case "password": password = try decoded(value, what: "password")
      case _ where name.hasPrefix("ssl_") && isPlainName(name): try take(String(name), value)
      default: ignored.append(isPlainName(name) ? String(name) : "(unreadable)")
      }
    }
  }
}

extension Options {
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
    case "ssl_check_hostname":
      switch value.lowercased() {
      case "true", "1", "yes": tls.verifiesHost = true
      case "false", "0", "no": tls.verifiesHost = false
      default: throw RedisURLError("ssl_check_hostname in the Redis URL is neither true nor false")
      }
    default:
      // Ignored it might be one that forbids something.
      throw RedisURLError(
        "\(name) in the Redis URL is not supported; those of TLS are ssl_ca_certs, ssl_certfile, ssl_keyfile, "
          + "ssl_cert_reqs and ssl_check_hostname")
    }
  }

  private func path(_ name: String, _ value: Substring) throws(RedisURLError) -> String {
    let path = try decoded(value, what: name)
    guard !path.isEmpty else { throw RedisURLError("\(name) in the Redis URL is empty: \(name)=/path/to/file.pem") }
    return path
  }
}

private func hostAndPort(_ server: Substring) throws(RedisURLError) -> (host: String, port: UInt16) {
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
  var port: UInt16 = 6379
  if !portText.isEmpty {
    // The text is not quoted: with an unencoded '/' in it a password stands here.
    guard portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(portText), number > 0 else {
      throw RedisURLError(
        "the port in the Redis URL is not a number from 1 to 65535; in a user name or password write "
          + "/ ? # % as %2F %3F %23 %25")
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
