import BeatCore
import BeatLoop

/// The address of a MongoDB database: `mongodb://[user:password@]host[:port][,host[:port]…][/database][?options]`, or
/// `mongodb+srv://…` with one name whose records in DNS name the servers. Printing it never shows a password.
///
/// Here the URL is only taken apart, for what is said of it and for a direct connection to one of its servers. What its
/// options mean is the library's, which checks them when a client is made.
package struct MongoURL: Hashable, Sendable {
  let isSRV: Bool
  /// As they stand in the URL, percent-encoded.
  let user: String?
  let password: String?
  /// `host`, `host:port`, or a unix socket's path, percent-encoded.
  package let hosts: [String]
  /// The database that the URL names, or nil.
  package let database: String?
  let options: [MongoURLOption]

  init(isSRV: Bool, parts: MongoURLParts) throws(MongoError) {
    self.isSRV = isSRV
    (user, password) = try parts.credentials()
    hosts = try parts.hosts(isSRV: isSRV)
    database = try parts.database()
    options = try parts.options()
  }

  /// For people: without a password, and without the options, which may hold others.
  package var description: String {
    let user =
      switch (user, password) {
      case (nil, _): ""
      // Who forgets the colon has written the password there.
      case (_, nil): "***@"
      case (let name?, _): "\(name):***@"
      }
    return "\(scheme)\(user)\(hosts.joined(separator: ","))\(database.map { "/\($0)" } ?? "")".printable
  }

  /// An option's value, decoded. The names are without case.
  package func option(_ name: String) -> String? { options.last { $0.isNamed(name) }?.value }

  /// The host, if the URL names one only.
  var onlyHost: String? { isSRV || hosts.count != 1 ? nil : hosts[0] }

  var scheme: String { isSRV ? "mongodb+srv://" : "mongodb://" }

  /// The whole, with its secrets, for the library.
  var text: String { text(scheme: scheme, hosts: hosts, options: options) }

  /// The whole for a connection to one server alone, with the same user and the same TLS.
  func direct(to server: MongoServerAddress) -> String {
    let other = ["directconnection", "loadbalanced", "srvmaxhosts", "srvservicename"]
    var options = options.filter { option in !other.contains { option.isNamed($0) } }
    func add(_ name: String, _ value: String, unless names: String...) {
      guard !options.contains(where: { option in names.contains { option.isNamed($0) } }) else { return }
      options.append(MongoURLOption(name: name, encoded: URLText.encoded(value)))
    }
    if isSRV {
      // By the rules of mongodb+srv TLS is on, and the name's text record may give these two.
      add("tls", "true", unless: "tls", "ssl")
      if let name = server.replicaSet { add("replicaSet", name, unless: "replicaset") }
      if let name = server.authSource, user != nil { add("authSource", name, unless: "authsource") }
    }
    add("directConnection", "true")
    return text(scheme: "mongodb://", hosts: [server.host], options: options)
  }

  private func text(scheme: String, hosts: [String], options: [MongoURLOption]) -> String {
    let credentials = user.map { "\($0)\(password.map { ":\($0)" } ?? "")@" } ?? ""
    let query = options.map { "\($0.name)=\($0.encoded)" }.joined(separator: "&")
    let path = database.map(URLText.encoded) ?? ""
    return "\(scheme)\(credentials)\(hosts.joined(separator: ","))/\(path)\(query.isEmpty ? "" : "?\(query)")"
  }

  /// A text of the library's or of a server's without what this URL hides. The library quotes parts of URLs.
  func hidingSecrets(_ text: String) -> String {
    var text = text
    for secret in secrets { text = text.replacing(secret, with: "***") }
    return text
  }

  /// The password and the options that hold one, encoded and decoded. A secret of one or two characters is no help to
  /// hide: the text around it would tell it.
  private var secrets: [String] {
    let hidden = options.filter(\.isSecret).flatMap { [$0.encoded, $0.value] }
    let passwords = password.map { [$0, MongoURLText.decoded($0) ?? $0] } ?? []
    return (hidden + passwords).filter { $0.utf8.count > 2 }.sorted { $0.utf8.count > $1.utf8.count }
  }
}

extension MongoURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var debugDescription: String { description }
  /// Keeps the password out of `dump` as well.
  package var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// `name=value` of a URL's query.
struct MongoURLOption: Hashable, Sendable {
  let name: String
  /// As it stands in the URL.
  let encoded: String

  var value: String { MongoURLText.decoded(encoded) ?? encoded }

  func isNamed(_ other: String) -> Bool { name.lowercased() == other.lowercased() }

  /// Passwords of keys and proxies, and the tokens of some ways to authenticate.
  var isSecret: Bool { name.lowercased().hasSuffix("password") || isNamed("authMechanismProperties") }
}
