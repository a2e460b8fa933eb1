import Testing

@testable import ReactiveBeat

@Suite struct TLSConnectionTests {
  /// A connection to the URL, which `body` closes.
  private func connected(_ text: String, _ body: (RedisConnection) -> Void) throws -> RedisConnectionError? {
    let url = try RedisURL(text)
    let endpoint = try #require(url.endpoint)
    var closed: RedisConnectionError?
    try onLoop(seconds: 60) { loop in
      let connection = RedisConnection(to: endpoint, security: url.security, on: loop) {
        closed = $0
        loop.stop()
      }
      body(connection)
    }
    return closed
  }

  /// The reply to PING, and why the connection ended.
  private func ping(_ text: String) throws -> (reply: RedisReply?, closed: RedisConnectionError?) {
    var reply: RedisReply?
    let closed = try connected(text) { connection in
      connection.send(RedisCommand("PING")) {
        reply = $0
        connection.close()
      }
    }
    return (reply, closed)
  }

  private func expectRefusal(
    _ text: String, _ reasons: String..., kind: RedisConnectionError.Kind = .insecure,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (reply, closed) = try ping(text)
    let message = closed?.message ?? ""
    #expect(reply == nil, sourceLocation: sourceLocation)
    #expect(closed?.kind == kind, "\(message)", sourceLocation: sourceLocation)
    for reason in reasons { #expect(message.contains(reason), "\(message)", sourceLocation: sourceLocation) }
    #expect(!message.contains("\n"), sourceLocation: sourceLocation)
    #expect(!message.contains("hunter2"), sourceLocation: sourceLocation)
  }

  // MARK: the stream

  @Test("connects by name and by address", .needsTLS, arguments: ["localhost", "LOCALHOST", "127.0.0.1"])
  func connects(host: String) throws {
    let server = try TLSServer()
    #expect(try ping(server.url(host: host)).reply == .status("PONG"))
  }

  @Test("replies and commands of many records, in both directions", .needsTLS)
  func large() throws {
    let server = try TLSServer()
    let value = (0..<9_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
    var reply: RedisReply?
    _ = try connected(server.url()) { connection in
      connection.send(RedisCommand("SET", "k", value)) { #expect($0?.isOK == true) }
      connection.send(RedisCommand("GET", "k")) {
        reply = $0
        connection.close()
      }
    }
    #expect(reply?.bytes == value)
  }

  /// The sizes lie around a record's 16 KB, where decrypted bytes may be left over.
  @Test(.needsTLS) func recordSizes() throws {
    let server = try TLSServer()
    var left = 0
    _ = try connected(server.url()) { connection in
      for size in [16_000, 16_300] + Array(16_370...16_400) + [32_768, 40_000] {
        left += 1
        let value = [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size)
        connection.send(RedisCommand("ECHO", value)) {
          #expect($0 == .string(value))
          left -= 1
          if left == 0 { connection.close() }
        }
      }
    }
    #expect(left == 0)
  }

  @Test("10,000 commands in one go are answered in order", .needsTLS)
  func pipelined() throws {
    let server = try TLSServer()
    var next: Int64 = 1
    var misplaced = 0
    _ = try connected(server.url()) { connection in
      for _ in 0..<10_000 {
        connection.send(RedisCommand("INCR", "counter")) { reply in
          if reply?.integer != next { misplaced += 1 }
          next += 1
          if next == 10_001 { connection.close() }
        }
      }
    }
    #expect(next == 10_001)
    #expect(misplaced == 0)
  }

  @Test("hears events", .needsTLS)
  func notifications() throws {
    let server = try TLSServer()
    let url = try RedisURL(server.url())
    let endpoint = try #require(url.endpoint)
    var heard: [UInt8]?
    try onLoop { loop in
      let holder = Holder<NotificationStream>()
      let stream = NotificationStream(to: endpoint, security: url.security, on: loop) { _, payload in
        heard = [UInt8](copying: payload)
        holder.value?.close()
      } onClose: { _ in
        holder.value = nil
        loop.stop()
      }
      holder.value = stream
      stream.handshake(url, clientName: nil) { error in
        #expect(error == nil)
        stream.psubscribe([Array("c*".utf8)]) { _ = try? server.server.client()("PUBLISH", "ch", "hello") }
      }
    }
    #expect(heard == Array("hello".utf8))
  }

  @Test("a killed server is noticed as without TLS", .needsTLS)
  func killed() throws {
    let server = try TLSServer()
    let closed = try connected(server.url()) { connection in
      connection.send(RedisCommand("PING")) { _ in server.server.kill() }
    }
    #expect(closed?.kind == .closedByServer)
  }

  @Test("both versions", .needsTLS, arguments: ["TLSv1.2", "TLSv1.3"])
  func versions(protocols: String) throws {
    let server = try TLSServer(nil, nil, ["--tls-protocols", protocols])
    #expect(try ping(server.url()).reply == .status("PONG"))
  }

  // MARK: the server's certificate

  @Test(.needsTLS) func expired() throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue(days: -1))
    try expectRefusal(server.url(), "has expired", "localhost:\(server.port)")
    #expect(try ping(server.url("ssl_cert_reqs=none")).reply == .status("PONG"))
  }

  @Test(.needsTLS) func wrongHost() throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue("DNS:redis.example.org,IP:127.0.0.9"))
    try expectRefusal(server.url(), "not for the host name localhost", "ssl_check_hostname")
    try expectRefusal(server.url(host: "127.0.0.1"), "not for the address 127.0.0.1", "subjectAltName")
    #expect(try ping(server.url("ssl_check_hostname=false")).reply == .status("PONG"))
    #expect(try ping(server.url("ssl_cert_reqs=CERT_NONE")).reply == .status("PONG"))
    // The authority must still have signed the certificate.
    let other = try CertificateAuthority()
    try expectRefusal(server.url("ssl_check_hostname=false", trusting: other.file), "unknown CA")
  }

  /// The subject's CN is no host name, whether or not a subjectAltName exists that names no host.
  @Test(.needsTLS, arguments: [nil, "email:ops@example.org", "IP:127.0.0.9", "DNS:redis.example.org"])
  func nameInTheSubjectOnly(names: String?) throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue(names, commonName: "localhost"))
    try expectRefusal(server.url(), "not for the host name localhost", "CN, does not count", "DNS:localhost")
    #expect(try ping(server.url("ssl_check_hostname=false")).reply == .status("PONG"))
  }

  @Test(.needsTLS) func addressInTheSubjectOnly() throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue(nil, commonName: "127.0.0.1"))
    try expectRefusal(server.url(host: "127.0.0.1"), "not for the address 127.0.0.1", "subjectAltName")
  }

  /// An address in the common name or as a DNS name does not count as an address.
  @Test(.needsTLS) func addressAsName() throws {
    let authority = try CertificateAuthority()
    let server = try TLSServer(authority, authority.issue("DNS:127.0.0.1,DNS:localhost"))
    try expectRefusal(server.url(host: "127.0.0.1"), "not for the address 127.0.0.1")
  }

  @Test(.needsTLS) func unknownAuthority() throws {
    let server = try TLSServer()
    let other = try CertificateAuthority()
    try expectRefusal(server.url(trusting: other.file), "unknown CA", other.file)
    try expectRefusal(server.url(trusting: ""), "unknown CA", "the system's authorities", "ssl_ca_certs")
    try expectRefusal(server.url("ssl_cert_reqs=optional", trusting: other.file), "unknown CA")
    #expect(try ping(server.url("ssl_cert_reqs=none", trusting: other.file)).reply == .status("PONG"))
  }

  @Test func serverNameIndication() throws {
    let authority = try CertificateAuthority()
    let wrong = try authority.issue("DNS:default.example.org")
    let right = try authority.issue("DNS:localhost")
    // The listener shows `right` to clients that name localhost, and `wrong` to all others.
    let listener = try TLSListener(wrong, ["-servername", "localhost", "-cert2", right.file, "-key2", right.key])
    let options = "?ssl_ca_certs=\(authority.file)"
    // The TLS connection is right, but no Redis answers.
    try expectRefusal("rediss://localhost:\(listener.port)\(options)", "closed the connection", kind: .closedByServer)
    let indifferent = try TLSListener(wrong)
    try expectRefusal("rediss://localhost:\(indifferent.port)\(options)", "not for the host name")
  }

  // MARK: the client's certificate

  @Test(.needsTLS, arguments: ["TLSv1.2", "TLSv1.3"]) func clientCertificate(protocols: String) throws {
    let server = try TLSServer(nil, nil, asksForCertificate: true, ["--tls-protocols", protocols])
    let ours = try server.authority.issue("DNS:client")
    let options = "ssl_certfile=\(ours.file)&ssl_keyfile=\(ours.key)"
    #expect(try ping(server.url(options)).reply == .status("PONG"))
    try expectRefusal(server.url(), "client certificate", "ssl_certfile")
    let other = try CertificateAuthority()
    let stranger = try other.issue("DNS:client")
    try expectRefusal(server.url("ssl_certfile=\(stranger.file)&ssl_keyfile=\(stranger.key)"), "our client certificate")
    let old = try server.authority.issue("DNS:client", days: -1)
    try expectRefusal(server.url("ssl_certfile=\(old.file)&ssl_keyfile=\(old.key)"), "has expired", "our client")
  }

  @Test(.needsTLS) func filesOfOurs() throws {
    let server = try TLSServer(nil, nil, asksForCertificate: true)
    let (ours, other) = try (server.authority.issue("DNS:client"), server.authority.issue("DNS:other"))
    let encrypted = try server.authority.encryptedKey(of: ours)
    try expectRefusal(server.url(trusting: "/none.pem"), "ssl_ca_certs: /none.pem", "No such file")
    try expectRefusal(server.url(trusting: ours.key), "ssl_ca_certs: \(ours.key)", "no certificate")
    try expectRefusal(server.url("ssl_certfile=/none.pem"), "ssl_certfile: /none.pem", "No such file")
    try expectRefusal(server.url("ssl_certfile=\(ours.key)"), "ssl_certfile: \(ours.key)", "no usable certificate")
    try expectRefusal(server.url("ssl_certfile=\(ours.file)"), "ssl_keyfile: \(ours.file)", "no key")
    for key in [other.key, encrypted] {
      try expectRefusal(
        server.url("ssl_certfile=\(ours.file)&ssl_keyfile=\(key)"), "ssl_keyfile: \(key)", "belongs to \(ours.file)")
    }
  }

  // MARK: no TLS

  @Test func plainPort() throws {
    let server = try RedisServer(tcp: true)
    try expectRefusal("rediss://127.0.0.1:\(server.port)", "the plain port", kind: .timedOut)
  }

  /// The server answers at once without encryption.
  @Test func greetingInTheClear() throws {
    let server = try RedisServer(["--maxclients", "1"], tcp: true)
    var other: BlockingClient?
    let isFull = try eventually {
      other = try server.client()
      return other?("PING") == .status("PONG")
    }
    #expect(isFull)
    try withExtendedLifetime(other) {
      try expectRefusal("rediss://127.0.0.1:\(server.port)", "does not speak TLS", "plain port")
    }
  }

  @Test(.needsTLS) func portOfTLS() throws {
    let server = try TLSServer()
    try expectRefusal("redis://127.0.0.1:\(server.port)", "rediss://", kind: .closedByServer)
  }

  @Test func oldVersion() throws {
    let authority = try CertificateAuthority()
    let listener = try TLSListener(authority.issue(), ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
    try expectRefusal("rediss://localhost:\(listener.port)?ssl_ca_certs=\(authority.file)", "no TLS version of 1.2")
  }

  @Test func nobodyListens() throws {
    let port = try RedisServer.freePort()
    try expectRefusal("rediss://127.0.0.1:\(port)", "is redis-server running", kind: .refused)
  }

  @Test("refused connections leave nothing behind", .needsTLS)
  func leaks() async throws {
    let server = try TLSServer()
    await #expect(processExitsWith: .success) {
      [bad = server.url(trusting: "") as String, good = server.url() as String] in
      let (bad, good) = (try RedisURL(bad), try RedisURL(good))
      let endpoint = try #require(bad.endpoint)
      var before = 0
      try onLoop(seconds: 60) { loop in
        var left = 1_000
        func next() {
          left -= 1
          // The first ones have opened what stays, such as the library's own.
          if left == 980 { before = openDescriptors() }
          guard left > 0 else { return loop.stop() }
          let connection = RedisConnection(
            to: endpoint, security: left % 2 == 0 ? bad.security : good.security, on: loop
          ) { _ in next() }
          if left % 2 == 1 { connection.send(RedisCommand("PING")) { _ in connection.close() } }
        }
        next()
      }
      #expect(openDescriptors() < before + 8)
    }
  }
}
