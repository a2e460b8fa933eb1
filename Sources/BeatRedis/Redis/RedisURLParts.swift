/// `[user]@[server][path][?query]`, cut into its parts, which are not decoded yet.
struct RedisURLParts {
  var user: Substring?
  var server: Substring
  var path: Substring
  var query: Substring

  init(_ rest: Substring) throws(RedisURLError) {
    // All searches go by Unicode scalars: a combining character joins the ':' or '@' before it, and a search by
    // characters would not find that one.
    let scalars = rest.unicodeScalars
    let authority = Substring(scalars.prefix { $0 != "/" && $0 != "?" })
    path = Substring(scalars[authority.endIndex...].prefix { $0 != "?" })
    query = Substring(scalars[path.endIndex...].dropFirst())
    guard authority.isEmpty || authority.unicodeScalars.contains("@") || !scalars.contains("@") else {
      throw RedisURLError.strayAt
    }
    // The last '@' ends the user part, as in Python's clients: an unencoded '@' in a password is common.
    if let at = authority.unicodeScalars.lastIndex(of: "@") {
      user = authority[..<at]
      server = authority[authority.unicodeScalars.index(after: at)...]
    } else {
      server = authority
    }
  }

  /// The path as a database number, without its slashes; nil when it is empty.
  var database: Substring? {
    var path = path.dropFirst(path.hasPrefix("/") ? 1 : 0)
    if path.hasSuffix("/") { path.removeLast() }
    return path.isEmpty ? nil : path
  }

  func credentials() throws(RedisURLError) -> (username: String?, password: String?) {
    guard let user else { return (nil, nil) }
    guard let colon = user.unicodeScalars.firstIndex(of: ":") else {
      return (user.isEmpty ? nil : try RedisURLText.decoded(user, what: "user name"), nil)
    }
    let name = try RedisURLText.decoded(user[..<colon], what: "user name")
    let password = try RedisURLText.decoded(user[user.unicodeScalars.index(after: colon)...], what: "password")
    // Python's clients take ":@" for no password, too.
    return (name.isEmpty ? nil : name, password.isEmpty ? nil : password)
  }
}

extension RedisURLParts {
  /// The server's host and port; the host is `localhost` where the URL names none.
  func hostAndPort(default: UInt16) throws(RedisURLError) -> (host: String, port: UInt16) {
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
      guard host.contains(":"), host.allSatisfy({ RedisURLText.isHostCharacter($0) || $0 == ":" || $0 == "%" }) else {
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
      guard host.allSatisfy(RedisURLText.isHostCharacter) else {
        throw RedisURLError(
          "the host in the Redis URL holds a character that no host name has; " + RedisURLText.encoding)
      }
    }
    var port = `default`
    if !portText.isEmpty {
      // The error does not quote the text: after an unencoded '/' in a password, part of the password is in the port's
      // place.
      guard portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(portText), number > 0 else {
        throw RedisURLError(
          "the port in the Redis URL is not a number from 1 to 65535; " + RedisURLText.encoding)
      }
      port = number
    }
    return (host.isEmpty ? "localhost" : String(host), port)
  }
}
