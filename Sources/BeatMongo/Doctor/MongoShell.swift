import BeatCore

/// Commands of `mongosh` that an operator can paste into a shell.
enum MongoShell {
  /// `mongosh` for a database of the URL's servers, and a line of JavaScript. It leaves the URL's user out, since a user
  /// without a right cannot grant it either, and what the URL says of TLS, which mongosh asks for by options of its own.
  static func command(_ url: MongoURL, _ database: String, _ script: String) -> String {
    let isTLS = url.isEncrypted && !url.isSRV
    let login = url.user == nil ? "" : " --username ADMIN --authenticationDatabase admin"
    return "mongosh \(ShellWords.quoted("\(url.scheme)\(url.hosts.joined(separator: ","))/\(database)".printable))"
      + "\(isTLS ? " --tls" : "")\(login) --eval \(ShellWords.quoted(script.printable))"
  }

  /// A collection in JavaScript, whatever its name.
  static func collection(_ name: String) -> String { "db.getCollection(\(JSONText.string(name)))" }
}

extension MongoURL {
  /// Whether others cannot read the connection on its way.
  var isEncrypted: Bool {
    let told = (option("tls") ?? option("ssl"))?.lowercased()
    return told.map { $0 == "true" } ?? isSRV
  }

  /// Whether the URL accepts a certificate without checking who signed it.
  var takesAnyCertificate: Bool {
    ["tlsInsecure", "tlsAllowInvalidCertificates", "sslAllowInvalidCertificates"].contains {
      option($0)?.lowercased() == "true"
    }
  }
}
