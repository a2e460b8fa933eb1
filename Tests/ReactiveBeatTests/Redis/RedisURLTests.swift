import Testing

@testable import ReactiveBeat

@Suite struct RedisURLTests {
  struct Good: CustomTestStringConvertible, Sendable {
    let text: String
    let endpoint: RedisEndpoint
    var username: String? = nil
    var password: String? = nil
    var database = 0
    var redacted: String
    var testDescription: String { text }
  }

  static let good: [Good] = [
    Good(text: "redis://", endpoint: .tcp(host: "localhost", port: 6379), redacted: "redis://localhost:6379/0"),
    Good(text: "redis:///", endpoint: .tcp(host: "localhost", port: 6379), redacted: "redis://localhost:6379/0"),
    Good(
      text: "redis:///5", endpoint: .tcp(host: "localhost", port: 6379), database: 5,
      redacted: "redis://localhost:6379/5"),
    Good(text: "redis://h", endpoint: .tcp(host: "h", port: 6379), redacted: "redis://h:6379/0"),
    Good(text: "REDIS://H:7/", endpoint: .tcp(host: "H", port: 7), redacted: "redis://H:7/0"),
    Good(
      text: "redis://h:65535/15", endpoint: .tcp(host: "h", port: 65535), database: 15, redacted: "redis://h:65535/15"),
    Good(text: "redis://h:/1/", endpoint: .tcp(host: "h", port: 6379), database: 1, redacted: "redis://h:6379/1"),
    Good(text: " redis://h/1\n", endpoint: .tcp(host: "h", port: 6379), database: 1, redacted: "redis://h:6379/1"),
    Good(
      text: "redis://a_b-1.example.org/1", endpoint: .tcp(host: "a_b-1.example.org", port: 6379), database: 1,
      redacted: "redis://a_b-1.example.org:6379/1"),
    Good(
      text: "redis://:secret@h/2", endpoint: .tcp(host: "h", port: 6379), password: "secret", database: 2,
      redacted: "redis://:***@h:6379/2"),
    Good(
      text: "redis://me:secret@h/2", endpoint: .tcp(host: "h", port: 6379), username: "me", password: "secret",
      database: 2, redacted: "redis://me:***@h:6379/2"),
    // Combining marks join the character before them: for a reader of characters this text has no ':' and no '@'.
    Good(
      text: "redis://me:\u{78A}sec:ret@\u{301}x@h/2", endpoint: .tcp(host: "h", port: 6379), username: "me",
      password: "\u{78A}sec:ret@\u{301}x", database: 2, redacted: "redis://me:***@h:6379/2"),
    Good(
      text: "redis://me:@h", endpoint: .tcp(host: "h", port: 6379), username: "me",
      redacted: "redis://***@h:6379/0"),
    Good(
      text: "redis://secret@h", endpoint: .tcp(host: "h", port: 6379), username: "secret",
      redacted: "redis://***@h:6379/0"),
    Good(text: "redis://:@h", endpoint: .tcp(host: "h", port: 6379), redacted: "redis://h:6379/0"),
    Good(text: "redis://@h", endpoint: .tcp(host: "h", port: 6379), redacted: "redis://h:6379/0"),
    Good(
      text: "redis://:a@b:c@h", endpoint: .tcp(host: "h", port: 6379), password: "a@b:c",
      redacted: "redis://:***@h:6379/0"),
    Good(
      text: "redis://%6De:%3a%2F%3f%23%25%40%C3%A4@h", endpoint: .tcp(host: "h", port: 6379), username: "me",
      password: ":/?#%@ä", redacted: "redis://me:***@h:6379/0"),
    Good(
      text: "redis://[::1]:7000/3", endpoint: .tcp(host: "::1", port: 7000), database: 3,
      redacted: "redis://[::1]:7000/3"),
    Good(
      text: "redis://:p@[fe80::1%eth0]", endpoint: .tcp(host: "fe80::1%eth0", port: 6379), password: "p",
      redacted: "redis://:***@[fe80::1%eth0]:6379/0"),
    Good(
      text: "redis://h/1?db=4", endpoint: .tcp(host: "h", port: 6379), database: 4, redacted: "redis://h:6379/4"),
    Good(
      text: "redis://h?virtual_host=/4&password=s%26t&username=me", endpoint: .tcp(host: "h", port: 6379),
      username: "me", password: "s&t", database: 4, redacted: "redis://me:***@h:6379/4"),
    Good(
      text: "redis+socket:///run/redis.sock", endpoint: .unix(path: "/run/redis.sock"),
      redacted: "redis+socket:///run/redis.sock?virtual_host=0"),
    Good(
      text: "unix://:p@/run/a@b.sock", endpoint: .unix(path: "/run/a@b.sock"), password: "p",
      redacted: "redis+socket://:***@/run/a@b.sock?virtual_host=0"),
    Good(
      text: "redis+socket:///run/a%20b.sock?virtual_host=2", endpoint: .unix(path: "/run/a b.sock"), database: 2,
      redacted: "redis+socket:///run/a b.sock?virtual_host=2"),
    Good(
      text: "unix://:secret@/r.sock?db=9", endpoint: .unix(path: "/r.sock"), password: "secret", database: 9,
      redacted: "redis+socket://:***@/r.sock?virtual_host=9"),
  ]

  @Test("understands", arguments: good)
  func understands(_ good: Good) throws {
    let url = try RedisURL(good.text)
    #expect(url.endpoint == good.endpoint)
    #expect(url.username == good.username)
    #expect(url.password == good.password)
    #expect(url.database == good.database)
    #expect(url.description == good.redacted)
    #expect(url.ignoredOptions.isEmpty)
  }

  /// Each URL has the password "hunter2" where one is possible; no error may show it.
  @Test(
    "refuses, without showing the password",
    arguments: [
      ("", "empty"),
      ("localhost:6379", "no scheme"),
      ("hunter2@localhost", "no scheme"),
      ("http://:hunter2@h/0", "scheme is not one of Redis"),
      ("amqp://u:hunter2@h//", "scheme is not one of Redis"),
      ("redis://:hunter2@h/0?ssl_cert_reqs=required", "rediss://"),
      ("redis+socket://:hunter2@/r?ssl_ca_certs=/ca.pem", "rediss://"),
      ("rediss://:hunter2@h/0?ssl_cert_reqs=hunter2", "ssl_cert_reqs"),
      ("rediss://:hunter2@h/0?ssl_check_hostname=hunter2", "ssl_check_hostname"),
      ("rediss://:hunter2@h/0?ssl_ca_certs=", "ssl_ca_certs"),
      ("rediss://:hunter2@h/0?ssl_keyfile=/k.pem", "ssl_certfile"),
      ("rediss://:hunter2@h/0?ssl_password=hunter2", "ssl_password in the Redis URL is not supported"),
      ("sentinel://:hunter2@h:26379/0", "--master-name"),
      ("sentinel://:hunter2@h1/0;sentinel://:hunter3@h2/0?master_name=m", "differ"),
      ("sentinel://:hunter2@h1/0;sentinel://h2/1?master_name=m", "differ"),
      ("sentinel://:hunter2@h1/0;redis://h2/0?master_name=m", "every part"),
      ("sentinel://:hun;ter2@h1/0?master_name=m", "%3B"),
      ("sentinel://:hunter2@h1/0?master_name=m&sentinel_ssl=hunter2", "sentinel_ssl"),
      ("sentinel://:hunter2@h1/0?master_name=m&sentinel_ssl=true", "rediss+sentinel://"),
      ("sentinel://:hunter2@h1/0?master_name=", "master_name"),
      ("xsentinel://:hunter2@h1/0", "scheme"),
      ("redis+socket://:hunter2@/a;b", "several servers"),
      ("redis://:hunter2@h1;rediss://h2", "every part"),
      ("redis://:hunter2@h1;redis://:hunter3@h2", "differ"),
      ("redis://:1;hunter2@h2", "%3B"),
      ("redis://:hun;ter2@h1", "%3B"),
      ("redis://:hunter2@h:abc", "port"),
      ("redis://:hunter2@h:0", "port"),
      ("redis://:hunter2@h:65536", "port"),
      ("redis://:hunter2@h:-1", "port"),
      ("redis://:hunter2/x@h:6379/0", "%2F"),
      ("redis://:12/hunter2@h:6379/0", "%2F"),
      ("redis://:p@ss/hunter2@h:6379/0", "'@' stands behind the host of the Redis URL"),
      ("redis://:p@/hunter2@h:6379/0", "%40"),
      ("redis://:p@ss?db=hunter2@h:6379/0", "'@' stands behind the host of the Redis URL"),
      ("redis://:p@ss:x/hunter2@h:6379/0", "%40"),
      ("redis://:p@s!s/hunter2@h:6379/0", "%40"),
      ("sentinel://:p@ss/hunter2@h:6379/0?master_name=m", "'@' stands behind the host of the Redis URL"),
      ("redis://:hunter2#x@h:6379/0", "%23"),
      ("redis://:12?hunter2@h:6379/0", "%3F"),
      ("redis://:hunter2%@h", "%25"),
      ("redis://:hunter2%zz@h", "%25"),
      ("redis://:hunter2%ff@h", "UTF-8"),
      ("redis://:hunter2%00@h", "UTF-8"),
      ("redis://:hunter2@h/zero", "database in the Redis URL is not a whole number of 0 or more, such as the 1 of"),
      ("redis://:hunter2@h/-1", "database"),
      ("redis://:hunter2@h/1.5", "database"),
      ("redis://:hunter2@h/99999999999", "database"),
      ("redis://:hunter2@h?db=", "database"),
      ("redis://:hunter2@h o/0", "host"),
      ("redis://:hunter2@hö/0", "host"),
      ("redis://:hunter2@a\nb/0", "control"),
      ("redis://:hunter2@::1/0", "brackets"),
      ("redis://:hunter2@[::1/0", "bracket"),
      ("redis://:hunter2@[::1]6379/0", "port"),
      ("redis://:hunter2@[nothing]/0", "IPv6"),
      ("redis+socket://:hunter2@run/redis.sock", "three slashes"),
      ("redis+socket://", "path is missing"),
      ("unix:///" + String(repeating: "x", count: 110), "107"),
      ("unix:///x?db=one", "database"),
    ])
  func refuses(_ text: String, _ reason: String) {
    let error = #expect(throws: RedisURLError.self) { _ = try RedisURL(text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    for secret in ["hunter2", "ter2", "hun;"] { #expect(error?.description.contains(secret) == false) }
  }

  @Test("shows no password in any rendering")
  func renderings() throws {
    let url = try RedisURL("redis://me:hunter2@h/1")
    var dumped = ""
    dump(url, to: &dumped)
    for text in ["\(url)", String(reflecting: url), url.redacted, dumped, "\(Optional(url) as Any)", "\([url])"] {
      #expect(!text.contains("hunter2"))
      #expect(text.contains("me:***@h:6379/1"))
    }
  }

  @Test("names the options it does not know, without their values")
  func ignoredOptions() throws {
    let url = try RedisURL("redis://h/1?health_check_interval=30&db=2&socket_timeout=1&%41=x")
    #expect(url.database == 2)
    #expect(url.ignoredOptions == ["health_check_interval", "socket_timeout", "(unreadable)"])
  }

  @Test("rediss:// is TLS with every check, as long as the URL does not say less")
  func security() throws {
    let url = try RedisURL("rediss://:p@h:6380/1")
    #expect(url.endpoint == .tcp(host: "h", port: 6380))
    #expect(url.redacted == "rediss://:***@h:6380/1")
    #expect(url.security == TLSSettings())
    #expect(TLSSettings().verifiesCertificate && TLSSettings().verifiesHost)
    #expect(try RedisURL("redis://h").security == nil)
    let full = try RedisURL(
      "rediss://h?ssl_ca_certs=%2Fa%20b.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_check_hostname=False&db=2")
    #expect(
      full.security
        == TLSSettings(authorities: "/a b.pem", certificate: "/c.pem", key: "/k.pem", verifiesHost: false))
    #expect(full.database == 2)
    #expect(full.ignoredOptions.isEmpty)
  }

  @Test(arguments: [
    ("required", true), ("optional", true), ("none", false), ("CERT_REQUIRED", true), ("CERT_OPTIONAL", true),
    ("CERT_NONE", false),
  ])
  func certificateRequirement(_ value: String, _ verifies: Bool) throws {
    #expect(try RedisURL("rediss://h?ssl_cert_reqs=\(value)").security?.verifiesCertificate == verifies)
  }

  @Test("several nodes of a cluster, each once")
  func nodes() throws {
    let url = try RedisURL("rediss://me:secret@h1;rediss://h2:1;[::1];h1:6379/0?ssl_check_hostname=false")
    #expect(
      url.location
        == .nodes([.tcp(host: "h1", port: 6379), .tcp(host: "h2", port: 1), .tcp(host: "::1", port: 6379)]))
    #expect(url.endpoint == nil && url.database == 0 && url.username == "me" && url.password == "secret")
    #expect(url.security?.verifiesHost == false)
    #expect("\(url)" == "rediss://me:***@h1:6379;rediss://h2:1;rediss://[::1]:6379/0")
    #expect(try RedisURL("redis://h1;redis://h1:6379/0").location == .server(.tcp(host: "h1", port: 6379)))
    #expect(throws: (any Error).self) { try BrokerAddress("redis://h1;redis://h2/0") }
  }

  private func group(_ url: RedisURL) throws -> SentinelGroup {
    guard case .sentinels(let group) = url.location else { throw Failure("no Sentinel URL", 0) }
    return group
  }

  @Test("sentinel:// as kombu writes it")
  func sentinels() throws {
    let url = try RedisURL(
      "sentinel://:secret@h1:26379/3;sentinel://h2;sentinel://[::1]:26381/3", masterName: "mymaster")
    #expect(url.endpoint == nil)
    #expect(url.database == 3)
    #expect(url.password == "secret")
    #expect(url.security == nil)
    let group = try group(url)
    #expect(
      group.sentinels == [
        .tcp(host: "h1", port: 26379), .tcp(host: "h2", port: 26379), .tcp(host: "::1", port: 26381),
      ])
    #expect(group.masterName == "mymaster")
    #expect(group.password == nil && group.security == nil)
    #expect(
      "\(url)"
        == "sentinel://:***@h1:26379;sentinel://h2:26379;sentinel://[::1]:26381/3?master_name=mymaster")
    #expect(try RedisURL("sentinel://h1:1;h2:2/5?master_name=m").database == 5)
    #expect(try RedisURL("sentinel://h1:1/5;h2:2?master_name=m").database == 5)
    #expect(try RedisURL("redis+sentinel://?master_name=m").database == 0)
  }

  @Test("an option of the Sentinel URL wins, and sentinels log in apart from servers")
  func sentinelOptions() throws {
    let url = try RedisURL(
      "sentinel://me:secret@h1;sentinel://h2/1?master_name=other&sentinel_username=s&sentinel_password=hunter2",
      masterName: "mymaster")
    let group = try group(url)
    #expect(group.masterName == "other")
    #expect(group.username == "s" && group.password == "hunter2")
    #expect(url.username == "me" && url.password == "secret")
    #expect(url.ignoredOptions.isEmpty)
    #expect(!"\(url)".contains("hunter2"))
    var dumped = ""
    dump(url, to: &dumped)
    #expect(!dumped.contains("hunter2"))
  }

  @Test("a Sentinel URL with an option of TLS speaks TLS, as in Celery")
  func sentinelTLS() throws {
    for text in ["rediss+sentinel://h1?master_name=m&ssl_ca_certs=/ca", "sentinel://h1?ssl_ca_certs=/ca&master_name=m"]
    {
      let url = try RedisURL(text)
      #expect(url.security == TLSSettings(authorities: "/ca"))
      #expect(try group(url).security == url.security)
      #expect("\(url)".hasPrefix("rediss+sentinel://h1:26379/0"))
    }
    let half = try RedisURL("rediss+sentinel://h1?master_name=m&sentinel_ssl=false")
    #expect(half.security == TLSSettings())
    #expect(try group(half).security == nil)
    let whole = try RedisURL("rediss+sentinel://h1?master_name=m&sentinel_ssl=true")
    #expect(try group(whole).security == TLSSettings())
  }
}
