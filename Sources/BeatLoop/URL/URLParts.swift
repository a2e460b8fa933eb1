/// `[user[:password]@][servers][/path][?query]`, cut into its parts, which are not decoded yet.
package struct URLParts {
  /// nil: there is no '@'.
  package let user: Substring?
  package let server: Substring
  /// With its first '/'; empty: there is none.
  package let path: Substring
  package let query: Substring

  /// - Parameter rest: what follows the scheme's `://`.
  package init(_ rest: Substring) {
    // All searches go by Unicode scalars: a combining character joins the ':' or '@' before it, and a search by
    // characters would not find that one.
    let scalars = rest.unicodeScalars
    let authority = Substring(scalars.prefix { $0 != "/" && $0 != "?" })
    path = Substring(scalars[authority.endIndex...].prefix { $0 != "?" })
    query = Substring(scalars[path.endIndex...].dropFirst())
    // The last '@' ends the user part, as in Python's clients: an unencoded '@' in a password is common.
    if let at = authority.unicodeScalars.lastIndex(of: "@") {
      user = authority[..<at]
      server = authority[authority.unicodeScalars.index(after: at)...]
    } else {
      user = nil
      server = authority
    }
  }

  /// An '@' stands behind the servers and none before them: what stands in their place may be the beginning of a
  /// password that holds an unencoded '/' or '?'.
  package var holdsStrayAt: Bool {
    user == nil && (path.unicodeScalars.contains("@") || query.unicodeScalars.contains("@"))
  }

  /// The user and the password, decoded. An empty one counts as absent, as in Python's clients.
  package func credentials() throws(URLFault) -> (username: String?, password: String?) {
    guard let user else { return (nil, nil) }
    let name = Substring(user.unicodeScalars.prefix { $0 != ":" })
    let password = Substring(user.unicodeScalars[name.endIndex...].dropFirst())
    return (
      name.isEmpty ? nil : try URLText.decoded(name, what: "user name"),
      password.isEmpty ? nil : try URLText.decoded(password, what: "password")
    )
  }
}
