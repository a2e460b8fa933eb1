import BeatCore
import BeatLoop
import Testing

@testable import BeatAMQP

@Suite("AMQP URLs: read as kombu reads them, or refused with what to write")
struct AMQPURLTests {
  /// Oracles/urls.py has asked kombu.
  @Test func asKombuReadsThem() throws {
    let rows = try OracleFile.rows("urls.txt")
    #expect(rows.count > 60)
    for row in rows {
      let answers = Array(row.dropFirst())
      guard answers != ["!"] else {
        #expect(throws: AMQPURLError.self, "\(row[0])") { try AMQPURL.list(row[0]) }
        continue
      }
      #expect(try AMQPURL.list(row[0]).map(Self.answer) == answers, "\(row[0])")
    }
  }

  /// As Oracles/urls.py writes it.
  private static func answer(_ url: AMQPURL) -> String {
    var (user, password, method) = ("guest", "guest", "EXTERNAL")
    if case .plain(let name, let secret) = url.login { (user, password, method) = (name, secret, "PLAIN") }
    let texts = [user, password, url.virtualHost.text].map { JSONText.string($0) }.joined(separator: ", ")
    let timeout = Double(url.connectTimeout ?? 5_000_000) / 1_000_000
    return #"[\#(JSONText.string(url.host)), \#(url.port), \#(texts), \#(url.heartbeat ?? 0), \#(timeout), "#
      + #"\#(url.security != nil), \#(JSONText.string(method))]"#
  }

  @Test(
    "A URL of several servers that Celery reads otherwise after each failure is refused",
    arguments: [
      ("amqp://h1/v;amqp://h2", "names a virtual host"), ("amqp://h1;amqp://h2/v", "names a virtual host"),
      ("amqp://h1:1;amqp://h2", "names a port"), ("amqp://h1;amqp://h2:1", "names a port"),
      ("amqp://h1:5672;amqps://h2", "names a port"),
    ])
  func dependsOnFailures(_ text: String, _ words: String) {
    #expect { try AMQPURL.list(text) } throws: { "\($0)".contains(words) && "\($0)".contains("in each") }
  }

  @Test func severalServers() throws {
    #expect(try AMQPURL.list("amqp://h1;amqp://h2;amqp://h1").map(\.host) == ["h1", "h2"])
    #expect(
      try AMQPURL.list(" amqp://u:p@h1:6/v ; ;h2:7/w;h3;\n").map(\.redacted) == [
        "amqp://u:***@h1:6/v", "amqp://u:***@h2:7/w", "amqp://u:***@h3:6/v",
      ])
    #expect(try AMQPURL.list("amqp://h1//;amqp://h2/").map(\.virtualHost) == ["/", "/"])
    #expect(try AMQPURL.list("amqp://h1:5672;amqp://h2").map(\.port) == [5672, 5672])
  }

  @Test func optionsOfTLS() throws {
    let text = "amqps://h?ssl_ca_certs=%2Fa%20b.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_check_hostname=False"
    let settings = TLSSettings(authorities: "/a b.pem", certificate: "/c.pem", key: "/k.pem", verifiesHost: false)
    #expect(try AMQPURL.list(text)[0].security == settings)
    #expect(try AMQPURL.list(text + ";h2").map(\.security) == [settings, settings])
    #expect(try AMQPURL.list("amqp://h?ssl=yes&ssl_cert_reqs=CERT_NONE")[0].security?.verifiesCertificate == false)
    #expect(try AMQPURL.list("amqps://h")[0].security == TLSSettings())
  }

  @Test func optionsThatMeanNothingHere() throws {
    let urls = try AMQPURL.list("amqp://h/v?frame_max=1&heartbeat=3&%41=x&retry=;amqp://h2/v?other=1")
    #expect(urls.map(\.ignoredOptions) == [["frame_max", "(unreadable)", "retry"], ["other"]])
    #expect(urls.map(\.heartbeat) == [3, 3])
  }

  @Test(arguments: [
    ("amqp://h", "amqp://h:5672//"),
    ("pyamqp://h/foo", "amqp://h:5672/foo"),
    ("AMQPS://u:hunter2-secret@H:7//a b", "amqps://u:***@H:7//a%20b"),
    ("amqp://hunter2-secret@h", "amqp://***@h:5672//"),
    ("amqp://:hunter2-secret@h/", "amqp://guest:***@h:5672//"),
    ("amqp://u%0A:hunter2-secret@h/%E2%80%AE%0a", "amqp://u%0A:***@h:5672/%E2%80%AE%0A"),
    ("amqp://[fe80::1%eth0]/v", "amqp://[fe80::1%25eth0]:5672/v"),
    ("amqps://h?login_method=external", "amqps://h:5671//?login_method=EXTERNAL"),
  ])
  func printing(_ text: String, _ shown: String) throws {
    let url = try AMQPURL.list(text)[0]
    var dumped = ""
    dump(url, to: &dumped)
    dump(url.login, to: &dumped)
    for rendering in ["\(url)", String(reflecting: url), "\([url])", dumped] {
      #expect(rendering.contains(shown) && !rendering.contains("hunter2"))
    }
    #expect(!"\(url.login) \(String(reflecting: url.login))".contains("hunter2"))
    #expect(try AMQPURL.list(shown)[0].virtualHost == url.virtualHost)
    #expect(try AMQPURL.list(shown)[0].host == url.host)
  }

  /// No error may show what could be a password.
  @Test(
    "refuses, without showing the password",
    arguments: [
      ("", "empty"), (" ; ", "empty"), ("hunter2@h", "no scheme"), ("h:5672/v", "no scheme"),
      ("redis://:hunter2@h/0", "scheme is not one of RabbitMQ"), ("librabbitmq://u:hunter2@h", "amqp://"),
      ("amqp://u:hunter2@h;redis://h2", "scheme is not one of RabbitMQ"),
      ("amqp://u:hun;ter2@h", "%2F"), ("amqp://u:12;hunter2@h", "%3B"),
      ("amqp://u:p@ss/hunter2@h/v", "%40"), ("amqp://u:hunter2#x@h", "%23"), ("amqp://u:hunter2/x@h:5672/v", "%2F"),
      ("amqp://u:12/hunter2@h:5672/v", "%2F"), ("amqp://u:12?hunter2@h/v", "%3F"),
      ("amqp://u:p@ss/x?hunter2@h", "'@' stands behind the host of the AMQP URL"), ("amqp://u:hunter2%@h", "%25"),
      ("amqp://u:hunter2%ff@h", "UTF-8"), ("amqp://u:hunter2%00@h", "UTF-8"),
      ("amqp://u:hunter2@h:0/v", "port in the AMQP URL is not a number from 1 to 65535"),
      ("amqp://u:hunter2@h1,h2/v", "host in the AMQP URL"), ("amqp://u:hunter2@::1/v", "amqp://[::1]:5672//"),
      ("amqp://u:hunter2@[::1/v", "closing bracket"), ("amqp://u:hunter2@h/\u{1}", "control"),
      ("amqp://u:hunter2@h/" + String(repeating: "v", count: 256), "virtual host"),
      ("amqp://u:hunter2@h/%", "virtual host of the AMQP URL"),
      ("amqp://u:hunter2@h/v?heartbeat=hunter2", "heartbeat"), ("amqp://u:hunter2@h/v?heartbeat=65536", "65535"),
      ("amqp://u:hunter2@h/v?heartbeat=-1", "heartbeat"), ("amqp://u:hunter2@h/v?heartbeat=2.5", "whole number"),
      ("amqp://u:hunter2@h/v?connect_timeout=hunter2", "connect_timeout"),
      ("amqp://u:hunter2@h/v?connect_timeout=0", "connect_timeout"),
      ("amqp://u:hunter2@h/v?connect_timeout=1.2.3", "0.001"),
      ("amqp://u:hunter2@h/v?connect_timeout=inf", "86400"), ("amqp://u:hunter2@h/v?connect_timeout=99999", "86400"),
      ("amqp://u:hunter2@h/v?login_method=hunter2", "PLAIN nor EXTERNAL"),
      ("amqp://u:hunter2@h/v?login_method=EXTERNAL", "amqps://"),
      ("amqp://u:hunter2@h/v?ssl=false", "ssl=true or amqps://"), ("amqps://u:hunter2@h/v?ssl=0", "leave it out"),
      ("amqp://u:hunter2@h/v?ssl=hunter2", "neither true nor false"),
      ("amqp://u:hunter2@h/v?ssl_ca_certs=/ca", "which amqps:// speaks"),
      ("amqps://u:hunter2@h/v?ssl_ca_certs=/ca;amqp://h2/v", "which amqps:// speaks"),
      ("amqps://u:hunter2@h/v?ssl_ca_certs=", "ssl_ca_certs"), ("amqps://u:hunter2@h/v?ssl_keyfile=/k", "ssl_certfile"),
      ("amqps://u:hunter2@h/v?ssl_cert_reqs=hunter2", "ssl_cert_reqs"),
      ("amqps://u:hunter2@h/v?ssl_ciphers=hunter2", "ssl_ciphers in the AMQP URL is not supported"),
    ])
  func refuses(_ text: String, _ reason: String) {
    let error = #expect(throws: AMQPURLError.self) { _ = try AMQPURL.list(text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    for secret in ["hunter2", "ter2", "hun;"] { #expect(error?.description.contains(secret) == false) }
  }
}

/// What is said of the options beside the URL.
@Suite struct AMQPBrokerTests {
  private func problem(_ url: String, _ files: AMQPBroker.Files = .init()) -> String? {
    do {
      _ = try AMQPBroker(url, files: files)
      return nil
    } catch { return "\(error)" }
  }

  @Test func theCertificateThatALoginNeeds() {
    #expect(problem("amqps://h?login_method=EXTERNAL")?.contains("--broker-cert") == true)
    #expect(problem("amqps://h?login_method=EXTERNAL", .init(certificate: "c.pem")) == nil)
    #expect(problem("amqps://h", .init(key: "k.pem"))?.contains("--broker-cert, which is not given") == true)
    #expect(problem("amqp://h", .init(authorities: "a.pem"))?.contains("amqps://") == true)
  }

  @Test(arguments: [" amqp://h", "AMQPS://h", "\npyamqp://h", "amqp:h"]) func isMeant(_ text: String) {
    #expect(AMQPBroker.isMeant(by: text))
    #expect(!AMQPBroker.isMeant(by: "redis://h/amqp://"))
  }

  @Test(arguments: ["none", "classic", "classic,max-priority=9", "quorum", "application"])
  func declarations(_ text: String) throws {
    #expect(try DeclarationRule(option: text).description == text)
  }

  @Test(arguments: [
    "", "Quorum", "quorum,max-priority=9", "classic,", "classic,max-priority=0", "none,x", "classic,x=1",
  ])
  func noDeclarations(_ text: String) {
    #expect(throws: AMQPURLError.self) { try DeclarationRule(option: text) }
  }
}
