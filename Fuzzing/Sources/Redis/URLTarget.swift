@testable import BeatCore
@testable import BeatLoop
@testable import BeatRedis
@testable import ReactiveBeat

extension FuzzTarget {
  /// A Redis URL of any form, and one with a password of any bytes, encoded and not encoded.
  static let url = FuzzTarget(
    "url",
    words: [
      "redis://", "rediss://", "redis+tls://", "sentinel://", "redis+sentinel://", "rediss+sentinel://",
      "redis+socket://", "unix://",
      "localhost", "[::1]", ":6379", "/0", "?db=", "&", "?master_name=", "sentinel_username=", "sentinel_password=",
      "sentinel_ssl=false",
      "ssl_ca_certs=/ca", "ssl_certfile=/c", "ssl_keyfile=/k", "ssl_cert_reqs=none", "ssl_check_hostname=", "username=",
      "password=",
      "virtual_host=", "%40", "%0a", "%00", "%ff", "%", "@", ":", "/", "?", "#", ";", "\u{202E}", "é", "65536",
    ],
    seeds: {
      [
        "redis://", "redis://me:secret@h:6379/2", "redis://:a@b:c@h",
        "rediss://h/1?ssl_cert_reqs=none&ssl_check_hostname=false",
        "redis://%6De:%3a%2F%3f%23%25%40%C3%A4@h", "redis://:p@[fe80::1%eth0]:7000/3",
        "redis+socket:///run/redis.sock?virtual_host=2",
        "unix://u:p@/r.sock?db=9", "sentinel://:pw@a:1/2;sentinel://b;c:3?master_name=mymaster&sentinel_password=x",
        "rediss+sentinel://a;b/1?sentinel_ssl=false&master_name=m", "redis://h?username=u&password=p&x=y",
        " redis://h/1\n", "redis://:pw@a:1;redis://b;c:3/0",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      for masterName in [nil, "primary"] { try holdURL(text, masterName: masterName) }
      try holdSecrets(bytes)
    })

  private static func holdURL(_ text: String, masterName: String?) throws {
    let url: RedisURL
    do { url = try RedisURL(text, masterName: masterName) } catch { return try holdOneLine(error.description) }
    try hold((0...Int(Int32.max)).contains(url.database), "the database \(url.database)")
    try hold(url.password != "", "an empty password")
    try holdOneLine(url.redacted, upTo: 20 * text.utf8.count + 200)
    try holdOneLine("\(url.ignoredOptions)", upTo: 2 * text.utf8.count + 200)
    var endpoints: [RedisEndpoint] = []
    switch url.location {
    case .server(let endpoint): endpoints = [endpoint]
    case .nodes(let nodes):
      endpoints = nodes
      try hold(nodes.count > 1 && Set(nodes).count == nodes.count, "nodes \(nodes)")
    case .sentinels(let group):
      endpoints = group.sentinels
      try hold(!group.sentinels.isEmpty && Set(endpoints).count == endpoints.count, "sentinels \(endpoints)")
      try hold(!group.masterName.isEmpty, "a primary without a name")
    }
    for endpoint in endpoints {
      switch endpoint {
      case .tcp(let host, let port): try hold(!host.isEmpty && port > 0 && !host.utf8.contains(0), "\(endpoint)")
      case .unix(let path): try hold((2..<108).contains(path.utf8.count) && !path.utf8.contains(0), "\(path)")
      }
    }
    // Without a user the printed URL of a server must be a URL of the same place.
    guard case .server(.tcp) = url.location, url.username == nil, url.password == nil, url.security == nil else {
      return
    }
    let again = try? RedisURL(url.redacted)
    try hold(
      again?.location == url.location && again?.database == url.database, "\(url.redacted) is not where \(text) leads")
  }

  /// Holds that an encoded password is read as it was and never shown, and that one that is not encoded is read, or
  /// refused without being quoted.
  private static func holdSecrets(_ bytes: [UInt8]) throws {
    let marker = "hunter2hunter2"
    var input = FuzzInput(bytes)
    let head = input.line()
    let tail = Array(input.rest)
    let password = String(decoding: head, as: UTF8.self) + marker + String(decoding: tail, as: UTF8.self)
    guard !password.utf8.contains(0) else { return }
    let encoded = password.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: String(Unicode.Scalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }.joined()
    for form in [
      "redis://user:\(encoded)@host/1", "sentinel://user:\(encoded)@host;other?master_name=m", "unix://:\(encoded)@/s",
    ] {
      let url: RedisURL
      do { url = try RedisURL(form) } catch { throw BrokenProperty("\(form) is refused: \(error)") }
      try hold(url.password == password, "the password \(password.debugDescription) is read otherwise")
      try hold(!shown(url).contains(marker), "\(shown(url)) shows the password")
    }
    // The password is not encoded here. Options that may contain an '@' themselves are left out.
    let options = ["username=", "password=", "master_name=", "sentinel_", "ssl_"]
    guard !options.contains(where: { password.contains($0) }) else { return }
    // The text before a colon is a user name, which may be shown.
    let alone = String(String.UnicodeScalarView(password.unicodeScalars.filter { $0 != ":" }))
    for form in ["redis://user:\(password)@host/1", "redis://\(alone)@host", "rediss://:\(password)@host:1"] {
      do {
        let url = try RedisURL(form)
        try hold(!shown(url).contains(marker), "\(shown(url)) shows the password of \(form.debugDescription)")
      } catch let error as RedisURLError {
        try hold(!error.description.contains(marker), "\(error) quotes the password of \(form.debugDescription)")
      }
    }
  }

  /// Everything that logs and errors may show of a URL.
  private static func shown(_ url: RedisURL) -> String {
    var text = "\(url) \(String(reflecting: url)) \(url.ignoredOptions)"
    dump(url, to: &text)
    return text
  }
}
