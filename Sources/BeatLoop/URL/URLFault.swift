/// What is wrong with a URL. It holds nothing of the URL but the names of options, since any other part of a text that
/// is no good URL may be part of a password.
package enum URLFault: Error, Hashable {
  // MARK: encoding

  case percent(in: String)
  case noText(in: String)

  // MARK: host and port

  case openBracket
  case afterBracket
  case noAddress
  case severalColons
  case hostCharacter
  case port

  // MARK: options

  case flag(String)
  case emptyPath(String)
  case certificateRequirement
  case unknownTLSOption(String)
  case keyWithoutCertificate
  case withoutTLS(String)

  /// One line for people: what is wrong, and how to write it.
  package func text(_ words: URLWords) -> String {
    let url = words.url
    return switch self {
    case .percent(let what): "in the \(what) of \(url) a '%' is not followed by two hex digits: write it as %25"
    case .noText(let what): "the \(what) of \(url) is not UTF-8 text when its %-codes are decoded"
    case .openBracket: "the IPv6 address in \(url) has no closing bracket: write \(words.address)"
    case .afterBracket: "after the IPv6 address in \(url) only a port may follow: \(words.address)"
    case .noAddress: "the brackets in \(url) hold no IPv6 address: write \(words.address)"
    case .severalColons:
      "the host in \(url) holds several ':': an IPv6 address is written in brackets, \(words.address)"
    case .hostCharacter: "the host in \(url) holds a character that no host name has; \(URLWords.encoding)"
    // After an unencoded '/' in a password, part of the password is in the port's place.
    case .port: "the port in \(url) is not a number from 1 to 65535; \(URLWords.encoding)"
    case .flag(let name): "\(name) in \(url) is neither true nor false"
    case .emptyPath(let name): "\(name) in \(url) is empty: \(name)=/path/to/file.pem"
    case .certificateRequirement: "ssl_cert_reqs in \(url) is not one of required, optional and none"
    case .unknownTLSOption(let name):
      "\(name) in \(url) is not supported; those of TLS are ssl_ca_certs, ssl_certfile, ssl_keyfile, ssl_cert_reqs and "
        + "ssl_check_hostname"
    case .keyWithoutCertificate:
      "ssl_keyfile in \(url) needs the certificate that belongs to it: ssl_certfile=/path"
    case .withoutTLS(let name):
      "\(name) in \(url) is about TLS, which \(words.secureScheme) speaks and this URL does not"
    }
  }
}

/// How texts about a URL name it.
package struct URLWords {
  /// As in "the Redis URL".
  let url: String
  /// A URL with an IPv6 address.
  let address: String
  /// The scheme that speaks TLS, with its `://`.
  let secureScheme: String

  package init(url: String, address: String, secureScheme: String) {
    (self.url, self.address, self.secureScheme) = (url, address, secureScheme)
  }

  /// What has to be encoded before an '@', and in a query.
  package static let encoding = "in a user name or password write / ? # % @ ; as %2F %3F %23 %25 %40 %3B"
}
