/// How texts about TLS name what a user can change. They are the caller's: one protocol is set up by the options of a
/// URL, another by options of the command line.
package struct TLSWords: Hashable, Sendable {
  /// The option with the file of trusted authorities, as in `ssl_ca_certs`.
  package let authorities: String
  /// The option with the file of the client's certificate.
  package let certificate: String
  /// The option with the file of that certificate's key.
  package let key: String
  /// What switches the check of the host name off, as in `ssl_check_hostname=false`; nil: nothing does.
  package let uncheckedHost: String?
  /// How the URL of a port without TLS begins, as in `redis://`.
  package let plainScheme: String
  /// Where the server's TLS versions are set.
  package let serverVersions: String
  /// What to change so that the host has a name of its certificate, where another server has named the host; nil: the
  /// URL has named it.
  package let naming: String?

  /// The words for a connection without TLS, which needs none.
  static let unneeded = TLSWords(
    authorities: "", certificate: "", key: "", uncheckedHost: nil, plainScheme: "", serverVersions: "")

  package init(
    authorities: String, certificate: String, key: String, uncheckedHost: String?, plainScheme: String,
    serverVersions: String, naming: String? = nil
  ) {
    self.authorities = authorities
    self.certificate = certificate
    self.key = key
    self.uncheckedHost = uncheckedHost
    self.plainScheme = plainScheme
    self.serverVersions = serverVersions
    self.naming = naming
  }

  /// The same words for a host that another server has named.
  package func naming(_ naming: String) -> TLSWords {
    TLSWords(
      authorities: authorities, certificate: certificate, key: key, uncheckedHost: uncheckedHost,
      plainScheme: plainScheme, serverVersions: serverVersions, naming: naming)
  }
}
