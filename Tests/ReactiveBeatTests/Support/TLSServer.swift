import Glibc

@testable import ReactiveBeat

/// A private redis-server with TLS, and the authority that signed its certificate.
final class TLSServer {
  let authority: CertificateAuthority
  private let certificate: CertificateAuthority.Certificate
  let server: RedisServer
  let port: UInt16

  /// - Parameters:
  ///   - certificate: the server's certificate; nil: a good one.
  ///   - arguments: more options of redis-server.
  init(
    _ authority: CertificateAuthority? = nil, _ certificate: CertificateAuthority.Certificate? = nil,
    asksForCertificate: Bool = false, _ arguments: [String] = []
  ) throws {
    let authority = try authority ?? CertificateAuthority()
    let certificate = try certificate ?? authority.issue()
    self.authority = authority
    self.certificate = certificate
    port = try RedisServer.freePort()
    server = try RedisServer(
      [
        "--tls-port", "\(port)", "--tls-cert-file", certificate.file, "--tls-key-file", certificate.key,
        "--tls-ca-cert-file", authority.file, "--tls-auth-clients", asksForCertificate ? "yes" : "no",
      ] + arguments)
  }

  /// A URL for a database. `options` come after the trusted authority, which is this server's by default; "": the
  /// system's.
  func url(_ options: String = "", database: Int = 0, host: String = "localhost", trusting: String? = nil) -> String {
    let trusted = trusting ?? authority.file
    let trust = trusted.isEmpty ? "" : "ssl_ca_certs=\(trusted)&"
    return "rediss://\(host):\(port)/\(database)?\(trust)\(options)"
  }

  /// From now on the server shows this certificate to new connections. It takes the files' place: Redis before 7.0 sets
  /// one file at a time, and refuses a certificate beside another one's key.
  func show(_ new: CertificateAuthority.Certificate) throws {
    guard rename(new.file, certificate.file) == 0, rename(new.key, certificate.key) == 0 else {
      throw Failure("rename", errno)
    }
    let reply = try server.client()("CONFIG", "SET", "tls-cert-file", certificate.file)
    guard reply?.isOK == true else { throw Failure("CONFIG SET tls-cert-file: \(String(describing: reply))", 0) }
  }
}

/// `openssl s_server`: TLS without a Redis behind it. It ends with this object.
final class TLSListener {
  let port: UInt16
  private let process: ChildProcess

  init(_ certificate: CertificateAuthority.Certificate, _ arguments: [String] = []) throws {
    port = try RedisServer.freePort()
    let port = port
    let server = ["-cert", certificate.file, "-key", certificate.key, "-accept", "127.0.0.1:\(port)"]
    process = try ChildProcess(
      [commandPath("openssl"), "s_server", "-quiet"] + server + arguments, environment: [:], output: -1)
    // A connection that is closed at once does no harm to it.
    guard eventually({ canConnect(port) }) else { throw Failure("openssl s_server does not listen", 0) }
  }
}

private func canConnect(_ port: UInt16) -> Bool {
  guard let descriptor = localConnection(port) else { return false }
  close(descriptor)
  return true
}
