@testable import BeatAMQP
@testable import BeatLoop

extension FuzzTarget {
  /// URLs of any form, and one with a password of any bytes, encoded and not encoded.
  static let amqpURL = FuzzTarget(
    "amqpurl",
    words: [
      "amqp://", "amqps://", "pyamqp://", "localhost", "[::1]", "[fe80::1%25e]", ":5672", "//", "/%2F", "?heartbeat=",
      "&",
      "connect_timeout=", "login_method=EXTERNAL", "ssl=true", "ssl=", "ssl_ca_certs=/ca", "ssl_certfile=/c",
      "ssl_keyfile=/k", "ssl_cert_reqs=none", "ssl_check_hostname=", "%40", "%0a", "%00", "%ff", "%", "@", ":", "/",
      "?",
      "#", ";", "\u{202E}", "é", "65536",
    ],
    seeds: {
      [
        "amqp://", "amqp://me:secret@h:5672/v", "pyamqp://u:p@h1:1//;h2:2/w;amqps://h3:3/w", " amqp://h/a/b\n",
        "amqps://%6De:%3a%2F%3f%23%25%40%C3%A4@h/%2F?ssl_cert_reqs=none&ssl_check_hostname=false&heartbeat=0",
        "amqp://:p@[fe80::1%25eth0]:7000//x/",
        "amqps://h?login_method=EXTERNAL&ssl_certfile=/c&connect_timeout=0.5&x=y",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      try holdURLs(String(decoding: bytes, as: UTF8.self))
      try holdSecrets(bytes)
    })

  private static func holdURLs(_ text: String) throws {
    let urls: [AMQPURL]
    do throws(AMQPURLError) { urls = try AMQPURL.list(text) } catch { return try holdOneLine(error.description) }
    try hold(!urls.isEmpty && Set(urls).count == urls.count, "\(urls)")
    for url in urls {
      try hold(!url.host.isEmpty && url.port > 0 && !url.host.utf8.contains(0), "\(url)")
      try hold(!url.virtualHost.bytes.isEmpty, "no virtual host")
      try hold(url.connectTimeout ?? 1 > 0, "the time \(url.connectTimeout ?? 0)")
      try holdOneLine(url.redacted, upTo: 20 * text.utf8.count + 200)
      try holdOneLine("\(url.ignoredOptions)", upTo: 2 * text.utf8.count + 200)
      let again = try? AMQPURL.list(url.redacted).first
      try hold(
        again?.host == url.host && again?.port == url.port && again?.virtualHost == url.virtualHost
          && (again?.security == nil) == (url.security == nil), "\(url.redacted) is not where \(text) leads")
    }
  }

  /// Holds that an encoded password is read as it was and never shown, and that one that is not encoded is read, or
  /// refused without being quoted.
  private static func holdSecrets(_ bytes: [UInt8]) throws {
    let marker = "hunter2hunter2"
    var input = FuzzInput(bytes)
    let head = input.line()
    let password = String(decoding: head, as: UTF8.self) + marker + String(decoding: input.rest, as: UTF8.self)
    guard !password.utf8.contains(0) else { return }
    let encoded = URLText.encoded(password)
    for form in ["amqp://user:\(encoded)@host/v", "amqps://h1:1/v;amqps://user:\(encoded)@host:1/v"] {
      let url: AMQPURL?
      do { url = try AMQPURL.list(form).last } catch { throw BrokenProperty("\(form) is refused: \(error)") }
      try hold(url?.login == .plain(user: "user", password: password), "\(password.debugDescription) is read otherwise")
      try hold(!shown(url).contains(marker), "\(shown(url)) shows the password")
    }
    // The password is not encoded here. Options that may contain an '@' themselves are left out, and what is another URL.
    guard !password.contains("ssl_"), !password.contains("://") else { return }
    // The text before a colon is a user name, which may be shown.
    let alone = String(String.UnicodeScalarView(password.unicodeScalars.filter { $0 != ":" }))
    for form in ["amqp://user:\(password)@host/v", "amqp://\(alone)@host", "amqps://:\(password)@host:1"] {
      do {
        for url in try AMQPURL.list(form) {
          try hold(!shown(url).contains(marker), "\(shown(url)) shows the password of \(form.debugDescription)")
        }
      } catch let error as AMQPURLError {
        try hold(!error.description.contains(marker), "\(error) quotes the password of \(form.debugDescription)")
      }
    }
  }

  /// Everything that logs and errors may show of a URL.
  private static func shown(_ url: AMQPURL?) -> String {
    guard let url else { return "" }
    var text = "\(url) \(String(reflecting: url)) \(url.login) \(url.ignoredOptions)"
    dump(url, to: &text)
    dump(url.login, to: &text)
    return text
  }

  /// What a RabbitMQ server sends, what is sent to it, and where it is.
  static let amqp: [FuzzTarget] = [amqpFrames, amqpTables, amqpMessages, amqpURL]
}
