/// How a connection is secured. The TLS version is at least 1.2.
///
/// The files are read at each connect, so that a certificate can be replaced without a restart.
package struct TLSSettings: Hashable, Sendable {
  /// PEM file with the certificates of the authorities to trust, or nil for the system's.
  package var authorities: String?
  /// PEM file with this client's certificate and those between it and the authority, for servers that ask for one.
  package var certificate: String?
  /// PEM file with the key of `certificate`, not encrypted; nil when it is in the same file.
  package var key: String?
  /// Whether the server's certificate must be signed by a trusted authority and be valid now. Without this check, an
  /// attacker on the network path can read and change everything.
  package var verifiesCertificate: Bool
  /// Whether the certificate must be for the host, a name or an address, that is connected to.
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
