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
  var sentinelSpeaksTLS = true
  private var tls = TLSSettings()
  /// The first TLS option that was found, for the error's text.
  private var firstOfTLS: String?

  var hasTLS: Bool { firstOfTLS != nil }

  /// The TLS settings, or nil if no TLS is wanted. TLS options in a URL without TLS are an error: Celery speaks TLS as
  /// soon as one of them is present, and to ignore them would send the password in the clear.
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
        masterName = try RedisURLText.decoded(value, what: "master_name")
        if masterName == "" { throw RedisURLError("master_name in the Redis URL is empty") }
      case "sentinel_username": sentinelUsername = try text(value, what: "sentinel_username")
      case "sentinel_password": sentinelPassword = try text(value, what: "sentinel_password")
      case "sentinel_ssl": sentinelSpeaksTLS = try flag("sentinel_ssl", value)
      case _ where name.hasPrefix("ssl_") && RedisURLText.isPlainName(name): try take(String(name), value)
      // An `@` here means that the option is the rest of a password. The part before it would be used as an address to
      // connect to.
      case _ where option.contains("@"): throw RedisURLError.strayAt
      default: ignored.append(RedisURLText.isPlainName(name) ? String(name) : "(unreadable)")
      }
    }
  }
}

extension RedisURLOptions {
  /// A decoded value; an empty one counts as absent, as for Python's clients.
  private func text(_ value: Substring, what: String) throws(RedisURLError) -> String? {
    value.isEmpty ? nil : try RedisURLText.decoded(value, what: what)
  }

  private mutating func take(_ name: String, _ value: Substring) throws(RedisURLError) {
    firstOfTLS = firstOfTLS ?? name
    switch name {
    case "ssl_ca_certs": tls.authorities = try path(name, value)
    case "ssl_certfile": tls.certificate = try path(name, value)
    case "ssl_keyfile": tls.key = try path(name, value)
    case "ssl_cert_reqs":
      switch value.lowercased() {
      // A server always shows a certificate, so Python's `optional` checks as much as `required`.
      case "required", "cert_required", "optional", "cert_optional": tls.verifiesCertificate = true
      case "none", "cert_none": tls.verifiesCertificate = false
      default: throw RedisURLError("ssl_cert_reqs in the Redis URL is not one of required, optional and none")
      }
    case "ssl_check_hostname": tls.verifiesHost = try flag(name, value)
    default:
      // An unknown TLS option is an error: it may be one that forbids something, and ignoring it would allow that.
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
    let path = try RedisURLText.decoded(value, what: name)
    guard !path.isEmpty else { throw RedisURLError("\(name) in the Redis URL is empty: \(name)=/path/to/file.pem") }
    return path
  }
}
