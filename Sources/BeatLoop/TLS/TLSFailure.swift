internal import CHiredisAsync
import Glibc

/// Why TLS was not established, and what to do. It holds file names, never the files' content.
package struct TLSFailure: Error, Hashable, Sendable {
  package let reason: String

  init(_ reason: String) { self.reason = reason }

  /// The server's certificate was not accepted; `code` is OpenSSL's X509_V_ERR_…
  static func certificate(
    _ code: Int, of host: String, _ settings: TLSSettings, _ words: TLSWords, _ tls: CHiredisAsync_TLS
  ) -> TLSFailure {
    let authorities =
      settings.authorities.map { "\($0) (\(words.authorities))" }
      ?? "the system's authorities (name your own by \(words.authorities))"
    let reason =
      switch Int32(truncatingIfNeeded: code) {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        "its certificate, or that of its authority, has expired: renew it, or set this machine's clock"
      case X509_V_ERR_CERT_NOT_YET_VALID:
        "its certificate is not valid yet: is this machine's clock right?"
      case X509_V_ERR_HOSTNAME_MISMATCH:
        "its certificate is not for the host name \(host): "
          + choice(
            [
              (words.naming ?? "put a name into the URL that is among the certificate's subjectAltName")
                + " (a name in the subject, CN, does not count: add it as DNS:\(host))"
            ], words)
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        "its certificate is not for the address \(host): "
          + choice(
            [
              words.naming ?? "put a name into the URL that is in the certificate",
              "add the address to its subjectAltName (IP:\(host))",
            ], words)
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        "its certificate is self-signed and is not in \(authorities)"
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        "its certificate is signed by an unknown CA, one that is not in \(authorities)"
      default:
        "its certificate was not accepted: "
          + (tls.X509_verify_cert_error_string(code).map { String(cString: $0) } ?? "\(code)")
      }
    return TLSFailure(reason)
  }

  /// What can be done about a certificate for another host, with `or` before the last way.
  private static func choice(_ ways: [String], _ words: TLSWords) -> String {
    let ways = ways + (words.uncheckedHost.map { ["set \($0)"] } ?? [])
    return ways.dropLast().map { $0 + ", " }.joined() + (ways.count > 1 ? "or " : "") + (ways.last ?? "")
  }

  /// The first error in OpenSSL's queue, after a handshake or a stream broke; nil if there is none.
  static func queued(_ tls: CHiredisAsync_TLS, _ words: TLSWords) -> TLSFailure? {
    let code = tls.ERR_peek_error()
    guard code != 0 else { return nil }
    let text = tls.ERR_reason_error_string(code).map { String(cString: $0) } ?? "OpenSSL error \(code)"
    let number = ERR_GET_REASON(code)
    if number > SSL_AD_REASON_OFFSET, number < SSL_AD_REASON_OFFSET + 256 {
      return alert(number - SSL_AD_REASON_OFFSET, text, words)
    }
    switch number {
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_HTTP_REQUEST, SSL_R_BAD_RECORD_TYPE:
      return TLSFailure("what answers there does not speak TLS: is it the plain port (\(words.plainScheme))?")
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW:
      return tooOld(words)
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return .hungUp
    default:
      return TLSFailure(text)
    }
  }

  /// The alert by which the server refused this client before it hung up; `text` is OpenSSL's.
  private static func alert(_ alert: Int32, _ text: String, _ words: TLSWords) -> TLSFailure {
    let certificate = words.certificate
    return switch alert {
    case SSL_AD_PROTOCOL_VERSION:
      tooOld(words)
    case TLS13_AD_CERTIFICATE_REQUIRED:
      TLSFailure("it asks for a client certificate: name one by \(certificate) and \(words.key)")
    case SSL_AD_HANDSHAKE_FAILURE:
      TLSFailure(
        "it refused the handshake: it asks for a client certificate (\(certificate)), or has no cipher in common with us"
      )
    case SSL_AD_UNKNOWN_CA:
      TLSFailure("it does not know the authority that signed our client certificate (\(certificate))")
    case SSL_AD_CERTIFICATE_EXPIRED:
      TLSFailure("our client certificate (\(certificate)) has expired")
    case SSL_AD_BAD_CERTIFICATE, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED:
      TLSFailure("it does not accept our client certificate (\(certificate)): \(text)")
    default:
      TLSFailure("it refused the connection: \(text)")
    }
  }

  /// The system's error while TLS read or wrote.
  static func system(_ code: Int32) -> TLSFailure {
    [0, ECONNRESET, EPIPE].contains(code) ? .hungUp : TLSFailure(String(cString: strerror(code)))
  }

  static let hungUp = TLSFailure("it hung up during the handshake: is it a TLS port?")

  private static func tooOld(_ words: TLSWords) -> TLSFailure {
    TLSFailure("it offers no TLS version of 1.2 or newer: allow TLSv1.2 or TLSv1.3 there (\(words.serverVersions))")
  }
}
