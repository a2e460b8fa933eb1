/// How a connection is secured: what `rediss://` and the `ssl_` options of a Redis URL say. TLS 1.2 at least.
///
/// The files are read at each connect, so that a certificate can be changed without a restart.
package struct TLSSettings: Hashable, Sendable {
  /// PEM file with the certificates of the authorities to trust, or nil for the system's.
  package var authorities: String?
  /// PEM file with our own certificate and those between it and the authority, for servers that ask for one.
  package var certificate: String?
  /// PEM file with the key of `certificate`, not encrypted; nil when it is in the same file.
  package var key: String?
  /// Whether the server's certificate must be signed by a trusted authority and be valid now. Without it anybody on
  /// the way can read and change everything.
  package var verifiesCertificate: Bool
  /// Whether the certificate must be for the host, name or address, that is connected to.
  package var verifiesHost: Bool

  package init(
    authorities: String? = nil, certificate: String? = nil, key: String? = nil, verifiesCertificate: Bool = true,
    verifiesHost: Bool = true
  ) {
    self.authorities = authorities
    self.certificate = certificate
    self.key = key
    self.verifiesCertificate = verifiesCertificate
    self.verifiesHost = verifiesHost
  }
}
