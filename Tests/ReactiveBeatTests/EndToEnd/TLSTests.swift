import Glibc
import Testing

@testable import ReactiveBeat

/// The whole daemon with TLS: both its connections, its errors, and certificates that change while it runs.
@Suite struct TLSTests {
  private func environment(_ server: TLSServer, _ options: String = "", trusting: String? = nil) -> [String: String] {
    [
      "CELERY_REDIS_SCHEDULER_URL": server.url(options, database: 1, trusting: trusting),
      "CELERY_BROKER_URL": server.url(options, trusting: trusting),
    ]
  }

  @Test(.needsTLS) func fires() throws {
    let server = try TLSServer(nil, nil, asksForCertificate: true)
    let ours = try server.authority.issue("DNS:beat")
    let stage = try Stage(on: server.server)
    let daemon = try stage.daemon(environment(server, "ssl_certfile=\(ours.file)&ssl_keyfile=\(ours.key)"))
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages().count == 1)
    #expect(try daemon.stop() == .status(0))
  }

  /// The store is reached by TLS, the broker by the plain socket of the same server.
  @Test(.needsTLS) func oneServerByTwoWays() throws {
    let server = try TLSServer()
    let stage = try Stage(on: server.server)
    let daemon = try stage.daemon(["CELERY_REDIS_SCHEDULER_URL": server.url(database: 1)])
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
  }

  @Test(.needsTLS) func renewalOfTheServersCertificate() throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue(days: -1))
    let stage = try Stage(on: server.server)
    let daemon = try stage.launch(environment(server))
    #expect(try daemon.wait(for: "disconnected").reason.contains("has expired"))
    try server.show(authority.issue())
    try daemon.wait(for: "ready")
    // An open connection goes on after the certificate's expiry; the next connection is refused.
    try server.show(authority.issue(days: -1))
    stage.store("CLIENT", "KILL", "TYPE", "pubsub")
    #expect(eventually { daemon.logged("disconnected").contains { $0.reason.contains("has expired") } })
    try server.show(authority.issue())
    try daemon.wait(for: "reconnected")
  }

  /// The daemon's files are replaced while it runs: the authority's certificate and its own.
  @Test(.needsTLS) func renewalOfOurFiles() throws {
    let (old, new) = try (CertificateAuthority(), CertificateAuthority())
    let server = try TLSServer(new, new.issue(), asksForCertificate: true)
    let stage = try Stage(on: server.server)
    let (trusted, file) = (old.folder + "/trusted.pem", old.folder + "/ours.pem")
    func replace(_ path: String, by other: String) throws {
      guard unlink(path) == 0 || errno == ENOENT, symlink(other, path) == 0 else { throw Failure("symlink", errno) }
    }
    try replace(trusted, by: old.file)
    let ours = try old.issue("DNS:beat")
    try replace(file, by: ours.file)
    let (expired, good) = try (new.issue("DNS:beat", days: -1), new.issue("DNS:beat"))
    let key = old.folder + "/key.pem"
    try replace(key, by: expired.key)
    let daemon = try stage.launch(
      environment(server, "ssl_certfile=\(file)&ssl_keyfile=\(key)", trusting: trusted))
    try daemon.wait(for: "disconnected") { $0.reason.contains("belongs to") }
    try replace(file, by: expired.file)
    try daemon.wait(for: "disconnected") { $0.reason.contains("unknown CA") }
    try replace(trusted, by: new.file)
    try daemon.wait(for: "disconnected") { $0.reason.contains("our client certificate (ssl_certfile) has expired") }
    try replace(file, by: good.file)
    try replace(key, by: good.key)
    try daemon.wait(for: "ready")
  }

  /// The connection is refused with the reason, and made as soon as the server's certificate is right.
  @Test(.needsTLS) func anotherName() throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue("DNS:elsewhere.example"))
    let stage = try Stage(on: server.server)
    let daemon = try stage.launch(environment(server))
    #expect(try daemon.wait(for: "disconnected").reason.contains("localhost"))
    try server.show(authority.issue())
    try daemon.wait(for: "ready")
  }

  @Test func plainPort() throws {
    let authority = try CertificateAuthority()
    let stage = try Stage(tcp: true)
    let daemon = try stage.launch(
      ["CELERY_REDIS_SCHEDULER_URL": "rediss://localhost:\(stage.server.port)/1?ssl_ca_certs=\(authority.file)"])
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("TLS") && line.reason.contains("redis://"))
    #expect(try daemon.stop() == .status(0))
  }

  @Test func options() throws {
    let daemon = try Daemon(["CELERY_BROKER_URL": "rediss://:hunter2@localhost/0?ssl_cert_reqs=sometimes"])
    #expect(try daemon.exit() == .status(64))
    #expect(daemon.output.contains("CELERY_BROKER_URL: ssl_cert_reqs"))
    #expect(!daemon.output.contains("hunter2"))
  }

  /// OpenSSL is 5 MB of libraries: only a daemon that uses TLS loads them.
  @Test(.needsTLS) func libraryIsLoadedOnDemand() throws {
    let server = try TLSServer()
    let stage = try Stage(on: server.server)
    func hasLibrary(_ daemon: Daemon, _ name: String = "libssl") throws -> Bool {
      guard let file = fopen("/proc/\(daemon.pid)/maps", "re") else { throw Failure("maps", errno) }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 4096)
      while fgets(&line, Int32(line.count), file) != nil { if strstr(line, name) != nil { return true } }
      return false
    }
    let daemon = try stage.daemon()
    #expect(try !hasLibrary(daemon))
    // So is MongoDB's: nothing of it for who keeps schedules in Redis.
    #expect(try !hasLibrary(daemon, "libmongoc"))
    #expect(try hasLibrary(stage.daemon(environment(server))))
  }
}
