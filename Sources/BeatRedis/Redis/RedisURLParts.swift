import BeatLoop

/// `[user]@[server][path][?query]`, cut into its parts, which are not decoded yet.
struct RedisURLParts {
  private let parts: URLParts

  init(_ rest: Substring) throws(RedisURLError) {
    parts = URLParts(rest)
    // A socket's path may hold one.
    guard parts.server.isEmpty || !parts.holdsStrayAt else { throw RedisURLError.strayAt }
  }

  var server: Substring { parts.server }
  var path: Substring { parts.path }
  var query: Substring { parts.query }

  /// The path as a database number, without its slashes; nil when it is empty.
  var database: Substring? {
    var path = path.dropFirst(path.hasPrefix("/") ? 1 : 0)
    if path.hasSuffix("/") { path.removeLast() }
    return path.isEmpty ? nil : path
  }

  func credentials() throws(RedisURLError) -> (username: String?, password: String?) {
    try RedisURLError.naming { () throws(URLFault) in try parts.credentials() }
  }

  /// The server's host and port; the host is `localhost` where the URL names none.
  func hostAndPort(default port: UInt16) throws(RedisURLError) -> (host: String, port: UInt16) {
    let host = try RedisURLError.naming { () throws(URLFault) in try URLHost(server) }
    return (host.name.isEmpty ? "localhost" : host.name, host.port ?? port)
  }
}

extension RedisURLError {
  /// Names the Redis URL in what is wrong with a part of it.
  static func naming<Value>(_ read: () throws(URLFault) -> Value) throws(RedisURLError) -> Value {
    do { return try read() } catch {
      throw RedisURLError(
        error.text(
          URLWords(url: "the Redis URL", address: "redis://[::1]:6379/0", secureScheme: "rediss://")))
    }
  }
}
