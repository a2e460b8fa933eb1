internal import CHiredisAsync
import Glibc

/// TLS on one connection: the handshake, then reading and writing. The socket is its owner's, and never blocks.
package final class TLSSession {
  package enum Progress {
    case wantsRead
    case wantsWrite
    case done
    case failed(TLSFailure)
  }

  private let tls: CHiredisAsync_TLS
  private let ssl: OpaquePointer
  private let settings: TLSSettings
  private let host: String
  private let words: TLSWords

  /// Reads the certificates and prepares a handshake with `host`, a name or an address.
  package init(_ settings: TLSSettings, host: String, words: TLSWords) throws(TLSFailure) {
    let tls = try TLSLibrary.functions()
    self.tls = tls
    self.settings = settings
    self.words = words
    // A host name may end with the root's dot; the names in certificates do not.
    let isAddress = HostLookup.address(host) != nil
    self.host = !isAddress && host.hasSuffix(".") ? String(host.dropLast()) : host
    tls.ERR_clear_error()
    guard let context = tls.SSL_CTX_new(tls.TLS_client_method()) else { throw TLSFailure("OpenSSL: no memory") }
    // `ssl` holds the context from `SSL_new` on.
    defer { tls.SSL_CTX_free(context) }
    try TLSSession.prepare(context, settings, words, tls)
    guard let ssl = tls.SSL_new(context) else { throw TLSFailure("OpenSSL: no memory") }
    self.ssl = ssl
    if !isAddress {
      _ = self.host.withCString {
        tls.SSL_ctrl(
          ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), UnsafeMutableRawPointer(mutating: $0))
      }
    }
    if settings.verifiesCertificate, settings.verifiesHost {
      // Only subjectAltName is bound to a host (RFC 9525, 2). A subject's CN is free text and does not count.
      tls.SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
      let status =
        isAddress ? tls.X509_VERIFY_PARAM_set1_ip_asc(tls.SSL_get0_param(ssl), host) : tls.SSL_set1_host(ssl, self.host)
      guard status == 1 else { throw TLSFailure("\(host) is no host that a certificate can be for") }
    }
  }

  deinit { tls.SSL_free(ssl) }

  private static func prepare(
    _ context: OpaquePointer, _ settings: TLSSettings, _ words: TLSWords, _ tls: CHiredisAsync_TLS
  ) throws(TLSFailure) {
    _ = tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    // The bytes may move between two attempts to write them. An idle connection gives its buffers back.
    _ = tls.SSL_CTX_ctrl(
      context, SSL_CTRL_MODE,
      Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS), nil)
    // The protocols that are carried show by themselves where a message is cut off, and a killed server sends no close
    // alert.
    _ = tls.SSL_CTX_set_options(context, ignoreUnexpectedEnd | noRenegotiation)
    // Without this callback an encrypted key would make OpenSSL ask for its password on the terminal.
    tls.SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
    tls.SSL_CTX_set_verify(context, settings.verifiesCertificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    if settings.verifiesCertificate {
      if let file = settings.authorities {
        try check(file, words.authorities)
        guard tls.SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
          throw TLSFailure("\(words.authorities): \(file) holds no certificate in PEM form")
        }
      } else {
        _ = tls.SSL_CTX_set_default_verify_paths(context)
      }
    }
    guard let certificate = settings.certificate else { return }
    try check(certificate, words.certificate)
    guard tls.SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
      throw TLSFailure("\(words.certificate): \(certificate) holds no usable certificate in PEM form")
    }
    let key = settings.key ?? certificate
    try check(key, words.key)
    guard tls.SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
      throw TLSFailure("\(words.key): \(key) holds no key in PEM form without password that belongs to \(certificate)")
    }
  }

  /// The values are written out because Swift cannot import these macros: they are expressions.
  private static let ignoreUnexpectedEnd: UInt64 = 1 << 7
  private static let noRenegotiation: UInt64 = 1 << 30

  private static func check(_ file: String, _ option: String) throws(TLSFailure) {
    guard access(file, R_OK) == 0 else { throw TLSFailure("\(option): \(file): \(String(cString: strerror(errno)))") }
  }

  // MARK: The handshake

  /// Takes the next step of the handshake on a connected, non-blocking socket.
  package func handshake(_ descriptor: Int32) -> Progress {
    tls.ERR_clear_error()
    // Setting the same descriptor again changes nothing.
    guard tls.SSL_set_fd(ssl, descriptor) == 1 else { return .failed(TLSFailure("OpenSSL: no memory")) }
    errno = 0
    let status = tls.SSL_connect(ssl)
    let systemError = errno
    if status == 1 { return .done }
    switch tls.SSL_get_error(ssl, status) {
    case SSL_ERROR_WANT_READ: return .wantsRead
    case SSL_ERROR_WANT_WRITE: return .wantsWrite
    case SSL_ERROR_ZERO_RETURN: return .failed(.hungUp)
    case SSL_ERROR_SYSCALL: return .failed(.system(systemError))
    default:
      let verdict = tls.SSL_get_verify_result(ssl)
      if settings.verifiesCertificate, verdict != Int(X509_V_OK) {
        return .failed(.certificate(verdict, of: host, settings, words, tls))
      }
      return .failed(.queued(tls, words) ?? .hungUp)
    }
  }

  // MARK: The stream

  /// Whether decrypted bytes wait to be read: they arrived together with others, so that no event of the socket reports
  /// them.
  package var hasPending: Bool { tls.SSL_pending(ssl) > 0 }

  /// Reads decrypted bytes, of one record at most (16 KB).
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> ByteTransfer {
    tls.ERR_clear_error()
    errno = 0
    let count = tls.SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
    return count > 0 ? .moved(Int(count)) : stopped(count, errno)
  }

  /// Writes one record, of 16 KB at most. After `wantsRead` and `wantsWrite` the next attempt must begin with the same
  /// bytes, wherever they are by then, and with no fewer.
  package func write(_ bytes: UnsafeRawBufferPointer) -> ByteTransfer {
    tls.ERR_clear_error()
    errno = 0
    let count = tls.SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
    return count > 0 ? .moved(Int(count)) : stopped(count, errno)
  }

  private func stopped(_ status: Int32, _ systemError: Int32) -> ByteTransfer {
    switch tls.SSL_get_error(ssl, status) {
    case SSL_ERROR_WANT_READ: .wantsRead
    case SSL_ERROR_WANT_WRITE: .wantsWrite
    case SSL_ERROR_ZERO_RETURN: .ended
    case SSL_ERROR_SYSCALL: .broken(systemError)
    default: .insecure(.queued(tls, words) ?? .hungUp)
    }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension TLSSession: Sendable {}
