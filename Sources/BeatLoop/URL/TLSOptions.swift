/// The options of TLS that a URL's query may carry, as Celery and redis-py name them.
package struct TLSOptions {
  private var settings = TLSSettings()
  /// The first that was found, for the fault's words.
  private var first: String?

  package init() {}

  /// At least one was found.
  package var isAny: Bool { first != nil }

  /// The settings, or nil if no TLS is wanted. Options of TLS in a URL without TLS are a fault: Celery speaks TLS as soon
  /// as one of them is present, and to ignore them would send the password in the clear.
  package func security(isWanted: Bool) throws(URLFault) -> TLSSettings? {
    if isWanted {
      guard settings.key == nil || settings.certificate != nil else { throw .keyWithoutCertificate }
      return settings
    }
    guard let first else { return nil }
    throw .withoutTLS(first)
  }

  /// - Parameter name: begins with `ssl_`.
  package mutating func take(_ name: String, _ value: Substring) throws(URLFault) {
    first = first ?? name
    switch name {
    case "ssl_ca_certs": settings.authorities = try path(name, value)
    case "ssl_certfile": settings.certificate = try path(name, value)
    case "ssl_keyfile": settings.key = try path(name, value)
    case "ssl_cert_reqs":
      switch value.lowercased() {
      // A server always shows a certificate, so Python's `optional` checks as much as `required`.
      case "required", "cert_required", "optional", "cert_optional": settings.verifiesCertificate = true
      case "none", "cert_none": settings.verifiesCertificate = false
      default: throw .certificateRequirement
      }
    case "ssl_check_hostname": settings.verifiesHost = try URLText.flag(name, value)
    // An unknown TLS option is a fault: it may be one that forbids something, and ignoring it would allow that.
    default: throw .unknownTLSOption(name)
    }
  }

  private func path(_ name: String, _ value: Substring) throws(URLFault) -> String {
    let path = try URLText.decoded(value, what: name)
    guard !path.isEmpty else { throw .emptyPath(name) }
    return path
  }
}
