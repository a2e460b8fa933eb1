import BeatCore

extension FindingList {
  /// Checks whether others can read the connection on its way.
  ///
  /// - Parameter what: the server's part, such as "store".
  func addTransport(_ url: RedisURL, _ what: String) {
    guard case .tcp(let host, _)? = url.endpoint, !["localhost", "::1"].contains(host), !host.hasPrefix("127.") else {
      return
    }
    if let security = url.security {
      guard !security.verifiesCertificate else { return add(.ok, "tls", "the \(what) is spoken to by TLS") }
      add(
        .warning, "tls", "the \(what)'s certificate is not checked: anybody on the way can read and change everything",
        fix: "ssl_cert_reqs=required, with ssl_ca_certs= of your authority")
    } else {
      add(
        .warning, "tls",
        "the \(what) at \(host) is spoken to without TLS: schedules, arguments and the password can be read "
          + "on the way", fix: "rediss:// in the URL, where the server has TLS")
    }
  }
}
