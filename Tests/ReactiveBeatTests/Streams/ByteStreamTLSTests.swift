import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct ByteStreamTLSTests {
  private func expectRefusal(
    _ port: UInt16, _ security: TLSSettings, _ reasons: String..., host: String = "localhost",
    kind: ByteStreamError.Kind = .insecure, patience: Int64 = 30_000_000, wasOpen: Bool? = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (error, opened) = try closingError(
      of: host, port, security: security, patience: patience, greeting: "hello\n", sourceLocation: sourceLocation)
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    if let wasOpen { #expect(opened == wasOpen, sourceLocation: sourceLocation) }
    for reason in reasons + ["\(host):\(port)"] {
      #expect(error.message.contains(reason), "\(error)", sourceLocation: sourceLocation)
    }
    #expect(!error.message.contains("ssl_") && !error.message.contains("redis"), sourceLocation: sourceLocation)
  }

  // MARK: The stream

  @Test(arguments: ["localhost", "127.0.0.1"], ["-tls1_2", "-tls1_3"])
  func opens(host: String, version: String) throws {
    let authority = try CertificateAuthority()
    let listener = try TLSListener(authority.issue(), ["-rev", version])
    let security = TLSSettings(authorities: authority.file)
    try onLoop(seconds: 60) { loop in
      let owner = StreamOwner(to: host, listener.port, security: security, on: loop) { owner, event in
        guard owner.text.hasSuffix("\n") else { return }
        #expect(owner.text == "olleh\n")
        owner.close()
        loop.stop()
      }
      owner.write("hello\n")
      return owner
    }
  }

  /// The bytes of a command as Redis reads it.
  private func command(_ words: [UInt8]...) -> [UInt8] {
    Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.count)\r\n".utf8) + $0 + Array("\r\n".utf8) }
  }

  @Test("many records both ways, past a server that stalls", .needsTLS, arguments: ["TLSv1.2", "TLSv1.3"])
  func large(protocols: String) throws {
    let server = try TLSServer(nil, nil, ["--tls-protocols", protocols])
    let value = (0..<20_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
    let answer = Array("+OK\r\n$\(value.count)\r\n".utf8) + value + Array("\r\n".utf8)
    var stalled = 0
    try onLoop(seconds: 60) { loop in
      var owner: StreamOwner!
      let later = LoopTimer(on: loop) {
        stalled = owner.unsent
        server.server.resume()
      }
      owner = StreamOwner(
        to: "localhost", server.port, security: TLSSettings(authorities: server.authority.file), on: loop
      ) { owner, event in
        if case .opened = event {
          server.server.suspend()
          owner.write(command(Array("SET".utf8), Array("k".utf8), value))
          owner.write(command(Array("GET".utf8), Array("k".utf8)))
          later.schedule(after: 100_000)
        }
        guard owner.received.count >= answer.count else { return }
        #expect(owner.unsent == 0)
        expectSame(owner.received, answer)
        owner.close()
        loop.stop()
      }
      return (owner, later)
    }
    #expect(stalled > value.count / 4 && stalled < value.count)
  }

  @Test("the server ends, with a close alert and without one", .needsTLS)
  func ends() throws {
    let server = try TLSServer()
    let security = TLSSettings(authorities: server.authority.file)
    try onLoop(seconds: 60) { loop in
      StreamOwner(to: "localhost", server.port, security: security, on: loop) { owner, event in
        if case .opened = event {
          owner.write("*1\r\n$4\r\nQUIT\r\n")
          // The answer and the end are read together.
          loop.afterWriting { usleep(100_000) }
        }
        guard case .closed(let error) = event else { return }
        #expect(owner.text == "+OK\r\n")
        #expect(error.kind == .closedByPeer)
        loop.stop()
      }
    }
    try onLoop(seconds: 60) { loop in
      StreamOwner(to: "localhost", server.port, security: security, on: loop) { owner, event in
        switch event {
        case .opened: server.server.kill()
        case .received: Issue.record("\(event)")
        case .closed(let error):
          #expect(error.kind == .closedByPeer)
          loop.stop()
        }
      }
    }
  }

  @Test func renewedKeys() throws {
    let authority = try CertificateAuthority()
    let server = try RenewingServer(authority)
    try onLoop(seconds: 60) { loop in
      StreamOwner(
        to: "localhost", server.port, security: TLSSettings(authorities: authority.file), on: loop
      ) { owner, event in
        switch (event, owner.text) {
        case (.opened, _):
          #expect(server.hasPrinted("CIPHER is"))
          server.enter("one")
        case (.received, "one\n"):
          server.renewKeys()
          server.enter("two")
        case (.received, "one\ntwo\n"):
          owner.write("by the new keys\n")
          owner.close()
          loop.stop()
        case (.received, _): break
        case (.closed(let error), _):
          Issue.record("\(error)")
          loop.stop()
        }
      }
    }
    #expect(server.hasPrinted("by the new keys"))
    #expect(server.hasPrinted("<<< TLS 1.3, Handshake [length 0005], KeyUpdate"))
  }

  /// The client has to answer, and there is no room for that.
  @Test func keysRenewedByAServerThatStalls() throws {
    let authority = try CertificateAuthority()
    let server = try RenewingServer(authority)
    let bytes = Array(String(repeating: "0123456789abcde\n", count: 1 << 20).utf8)
    var stalled = 0
    try onLoop(seconds: 60) { loop in
      var owner: StreamOwner!
      var later: LoopTimer!
      later = LoopTimer(on: loop) {
        if stalled == 0 {
          stalled = owner.unsent
          server.process.send(SIGCONT)
        }
        guard owner.unsent == 0 else { return later.schedule(after: 10_000) }
        owner.write("the end\n")
        owner.close()
        loop.stop()
      }
      owner = StreamOwner(
        to: "localhost", server.port, security: TLSSettings(authorities: authority.file), on: loop
      ) { owner, event in
        guard case .opened = event else {
          Issue.record("\(event)")
          return
        }
        #expect(server.hasPrinted("CIPHER is"))
        server.renewKeys()
        server.process.send(SIGSTOP)
        owner.write(bytes)
        later.schedule(after: 100_000)
      }
      return (owner, later)
    }
    #expect(stalled > bytes.count / 4 && stalled < bytes.count)
    #expect(server.hasPrinted("the end"))
  }

  // MARK: Certificates

  @Test func wrongAuthority() throws {
    let (authority, other) = (try CertificateAuthority(), try CertificateAuthority())
    let listener = try TLSListener(authority.issue())
    try expectRefusal(
      listener.port, TLSSettings(authorities: other.file), "unknown CA", "\(other.file) (--broker-ca)")
    try expectRefusal(listener.port, TLSSettings(), "unknown CA", "name your own by --broker-ca")
  }

  @Test func wrongHost() throws {
    let authority = try CertificateAuthority()
    let listener = try TLSListener(authority.issue("DNS:broker.example.org"))
    let security = TLSSettings(authorities: authority.file)
    try expectRefusal(
      listener.port, security, "not for the host name localhost: put a name", "add it as DNS:localhost)")
    try expectRefusal(
      listener.port, security, "not for the address 127.0.0.1", ", or add the address to its subject",
      host: "127.0.0.1")
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"]) func clientCertificate(version: String) throws {
    let authority = try CertificateAuthority()
    let listener = try TLSListener(
      authority.issue(), ["-rev", version, "-Verify", "1", "-verify_return_error", "-CAfile", authority.file])
    let security = TLSSettings(authorities: authority.file)
    // By version 1.3 the handshake is over for the client when the server looks at the certificate.
    try expectRefusal(listener.port, security, "client certificate", "--broker-cert", wasOpen: version == "-tls1_3")
    try expectRefusal(
      listener.port, TLSSettings(authorities: authority.file, certificate: "/none.pem"),
      "--broker-cert: /none.pem: No such file")
    let ours = try authority.issue("DNS:client")
    try onLoop(seconds: 60) { loop in
      let owner = StreamOwner(
        to: "localhost", listener.port,
        security: TLSSettings(authorities: authority.file, certificate: ours.file, key: ours.key), on: loop
      ) { owner, event in
        if case .opened = event { owner.write("hello\n") }
        guard owner.text.hasSuffix("\n") else { return }
        #expect(owner.text == "olleh\n")
        owner.close()
        loop.stop()
      }
      return owner
    }
  }

  // MARK: No TLS

  @Test("a port without TLS: it waits, it speaks, or it hangs up")
  func plainPort() throws {
    let security = TLSSettings(verifiesCertificate: false)
    let silent = try TCPListener { peer in while !peer.receive().isEmpty {} }
    try expectRefusal(
      silent.port, security, "did not answer the TLS handshake within 0.3 s", "amqp://", kind: .timedOut,
      patience: 300_000)
    let speaking = try TCPListener { peer in
      peer.send("AMQP\u{0}\u{0}\u{9}\u{1}")
      _ = peer.receive()
    }
    try expectRefusal(speaking.port, security, "does not speak TLS: is it the plain port (amqp://)?")
    let leaving = try TCPListener { _ = $0.receive() }
    try expectRefusal(leaving.port, security, "hung up during the handshake")
  }
}

/// `openssl s_server`, which sends the lines of its input. At a line `K` it renews its keys, and asks the client to renew
/// its own.
private final class RenewingServer {
  let port: UInt16
  let process: ChildProcess
  private let input: Int32
  private let output: Int32

  init(_ authority: CertificateAuthority) throws {
    port = try RedisServer.freePort()
    let certificate = try authority.issue()
    output = open(authority.folder + "/output", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    var pipes: [Int32] = [0, 0]
    guard output >= 0, pipe(&pipes) == 0 else { throw Failure("the server's input and output", errno) }
    for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    input = pipes[1]
    process = try ChildProcess(
      [
        commandPath("openssl"), "s_server", "-cert", certificate.file, "-key", certificate.key, "-accept",
        "127.0.0.1:\(port)", "-tls1_3", "-msg",
      ], environment: [:], output: output, input: pipes[0])
    close(pipes[0])
    #expect(hasPrinted("ACCEPT"))
  }

  deinit {
    close(input)
    close(output)
  }

  func enter(_ line: String) { _ = (line + "\n").withCString { write(input, $0, strlen($0)) } }

  func renewKeys() {
    enter("K")
    #expect(hasPrinted(">>> TLS 1.3, Handshake [length 0005], KeyUpdate"))
  }

  /// Waits until the text is among the last that it has printed.
  func hasPrinted(_ text: String) -> Bool {
    eventually {
      var status = stat()
      guard fstat(output, &status) == 0 else { return false }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = pread(output, &bytes, bytes.count, max(0, status.st_size - bytes.count))
      return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).contains(text)
    }
  }
}
