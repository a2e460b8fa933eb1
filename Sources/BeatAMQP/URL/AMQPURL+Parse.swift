import BeatCore
import BeatLoop

extension AMQPURL {
  /// The URLs of a text that has at least one. Errors say what is wrong and quote nothing that may hold a password.
  ///
  /// As in kombu, the options of the first hold for the others, too, unless those give their own; and a later one that is
  /// a host alone has all else of the first. (Source: kombu/connection.py `switch`.)
  package static func list(_ text: String) throws(AMQPURLError) -> [AMQPURL] {
    let text = URLText.trimmed(text)
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      throw AMQPURLError("the AMQP URL holds a control character or a line break")
    }
    var parts: [AMQPURLPart] = []
    for part in text.split(separator: ";").map(URLText.trimmed) where !part.isEmpty {
      parts.append(try AMQPURLPart(part, after: parts.first))
    }
    guard !parts.isEmpty else { throw AMQPURLError("the AMQP URL is empty: write amqp://localhost:5672//") }
    var urls: [AMQPURL] = []
    for part in parts {
      let url = try AMQPURL(part)
      try part.checkUnnamed(url, among: parts)
      if !urls.contains(url) { urls.append(url) }
    }
    return urls
  }

  private init(_ part: AMQPURLPart) throws(AMQPURLError) {
    let security = try part.options.security(part.isSecure)
    self.init(
      host: part.host, port: part.port ?? (security == nil ? 5672 : 5671),
      virtualHost: part.virtualHost ?? "/",
      login: part.options.isExternal
        ? .external : .plain(user: part.user ?? "guest", password: part.password ?? "guest"),
      security: security, heartbeat: part.options.heartbeat, connectTimeout: part.options.connectTimeout,
      ignoredOptions: part.options.ignored)
  }
}

/// One of the URLs of a list: what it says, and what it has from the first.
private struct AMQPURLPart {
  let isSecure: Bool
  let host: String
  /// nil, here and below: neither says it.
  let port: UInt16?
  let user: String?
  let password: String?
  let virtualHost: AMQPShortString?
  private(set) var options: AMQPURLOptions

  init(_ text: Substring, after first: AMQPURLPart?) throws(AMQPURLError) {
    // A password with an unencoded '#', '/' or '?' would end the host's part, and the daemon would connect to an address made of
    // the password's rest.
    guard !text.contains("#") else {
      throw AMQPURLError("an AMQP URL has no part after '#': in a user name or password write # as %23")
    }
    let scheme = try Self.scheme(of: text)
    let parts = URLParts(scheme.map { text.dropFirst($0.count + 3) } ?? text)
    // What a host alone has from the first; nil: this is a whole URL.
    let base = scheme == nil ? first : nil
    guard scheme != nil || base != nil else { throw AMQPURLError.noScheme }
    // Where a user stands before the host, the path may be a password's rest, too.
    guard !parts.holdsStrayAt, !parts.path.unicodeScalars.contains("@") else { throw AMQPURLError.strayAt }
    // In Celery it has none either. With an unencoded ';' in a password, it would be made of the password's rest.
    guard scheme != nil || parts.user == nil else {
      throw AMQPURLError(
        "a part of the AMQP URL has a user and no scheme: write amqp://user:password@host (a ';' in a password is %3B)")
    }
    isSecure = try scheme.map(Self.isSecure) ?? base?.isSecure ?? false
    let server = try AMQPURLError.naming { () throws(URLFault) in try URLHost(parts.server) }
    host = server.name.isEmpty ? base?.host ?? "localhost" : Self.withPlainZone(server.name)
    port = server.port ?? base?.port
    let login = try AMQPURLError.naming { () throws(URLFault) in try parts.credentials() }
    user = login.username ?? base?.user
    password = login.password ?? base?.password
    virtualHost = try Self.virtualHost(parts.path) ?? base?.virtualHost
    options = first?.options ?? AMQPURLOptions()
    try options.read(parts.query)
  }

  /// What a URL of several leaves out is in Celery what the URL had that was tried before, whichever that was. Here it is
  /// the usual one, and must be so in the others.
  func checkUnnamed(_ url: AMQPURL, among parts: [AMQPURLPart]) throws(AMQPURLError) {
    for other in parts {
      guard port != nil || other.port ?? url.port == url.port else {
        throw AMQPURLError("a part of the AMQP URL names a port and another part none: name it in each")
      }
      guard virtualHost != nil || other.virtualHost ?? "/" == "/" else {
        throw AMQPURLError(
          "a part of the AMQP URL names a virtual host and another part none: name it in each (the one named / is /%2F)"
        )
      }
    }
  }

  /// The scheme as it is written; nil: there is none.
  private static func scheme(of text: Substring) throws(AMQPURLError) -> Substring? {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
    return text[..<colon]
  }

  private static func isSecure(_ scheme: Substring) throws(AMQPURLError) -> Bool {
    switch scheme.lowercased() {
    case "amqp", "pyamqp": false
    case "amqps": true
    default:
      throw AMQPURLError("the URL's scheme is not one of RabbitMQ: it begins with amqp://, amqps:// or pyamqp://")
    }
  }

  /// In a URL the '%' before the zone of an address is written as %25.
  private static func withPlainZone(_ address: String) -> String {
    guard let percent = address.firstIndex(of: "%"), address[percent...].hasPrefix("%25") else { return address }
    return String(address[...percent] + address[percent...].dropFirst(3))
  }

  private static func virtualHost(_ path: Substring) throws(AMQPURLError) -> AMQPShortString? {
    let path = path.dropFirst()
    guard !path.isEmpty else { return nil }
    let name = try AMQPURLError.naming { () throws(URLFault) in try URLText.decoded(path, what: "virtual host") }
    guard let virtualHost = AMQPShortString(name) else {
      throw AMQPURLError(
        "the virtual host in the AMQP URL has \(Plural.of(name.utf8.count, "byte")), and AMQP takes "
          + "\(AMQPShortString.mostBytes) at most")
    }
    return virtualHost
  }
}

extension AMQPURLError {
  static let strayAt = AMQPURLError("an '@' stands behind the host of the AMQP URL: \(URLWords.encoding)")

  fileprivate static let noScheme = AMQPURLError(
    "the AMQP URL has no scheme: it begins with amqp://, amqps:// or pyamqp://")
}
