import BeatLoop

/// `[user[:password]@]hosts[/database][?options]`, cut into its parts, which are not decoded yet.
///
/// Errors quote nothing that may be a part of a password. The library does, so what it would quote is refused here: text
/// with a character that a password must have encoded.
struct MongoURLParts {
  private let parts: URLParts

  init(_ rest: Substring) throws(MongoError) {
    parts = URLParts(rest)
    guard !parts.holdsStrayAt else { throw MongoURLText.strayAt }
  }

  func credentials() throws(MongoError) -> (user: String?, password: String?) {
    guard let user = parts.user, !user.isEmpty else { return (nil, nil) }
    let texts = user.unicodeScalars.split(separator: ":", omittingEmptySubsequences: false)
    guard texts.count <= 2, !user.unicodeScalars.contains("@") else {
      throw MongoURLText.error(
        "the user name or password in the MongoDB URL holds an '@' or ':' that is not encoded; \(MongoURLText.encoding)"
      )
    }
    for (part, what) in zip(texts, ["user name", "password"]) where MongoURLText.decoded(Substring(part)) == nil {
      throw MongoURLText.error(
        "in the \(what) of the MongoDB URL a '%' is not followed by two hex digits: write it as %25")
    }
    guard !texts[0].isEmpty else {
      throw MongoURLText.error("the MongoDB URL has a password without a user: mongodb://user:password@host")
    }
    return (String(texts[0]), texts.count == 2 ? String(texts[1]) : nil)
  }

  func hosts(isSRV: Bool) throws(MongoError) -> [String] {
    guard !parts.server.isEmpty else {
      throw MongoURLText.error("the MongoDB URL names no host: write mongodb://localhost:27017/celery")
    }
    let hosts = parts.server.split(separator: ",", omittingEmptySubsequences: false)
    for host in hosts {
      guard MongoURLText.isHost(host) else {
        throw MongoURLText.error(
          "the hosts in the MongoDB URL are not of the form name:port,name:port; \(MongoURLText.encoding)")
      }
    }
    guard !isSRV || (hosts.count == 1 && !hosts[0].contains(":")) else {
      throw MongoURLText.error("a mongodb+srv URL has one name and no port: its records in DNS say the rest")
    }
    return hosts.map(String.init)
  }

  func database() throws(MongoError) -> String? {
    let path = parts.path.dropFirst()
    guard !path.isEmpty else { return nil }
    // (Source: MongoDB's limits, "Restrictions on Database Names")
    guard let name = MongoURLText.decoded(path), name.utf8.count < 64,
      name.unicodeScalars.allSatisfy({ $0.value > 0x20 && !"/\\.\"$*<>:|?".unicodeScalars.contains($0) })
    else { throw MongoURLText.error("what follows the '/' in the MongoDB URL is no name of a database") }
    return name
  }

  func options() throws(MongoError) -> [MongoURLOption] {
    var options: [MongoURLOption] = []
    for part in parts.query.split(separator: "&") {
      let name = part.prefix { $0 != "=" }
      guard URLText.isPlainName(name), name.endIndex != part.endIndex else {
        throw MongoURLText.error("the options in the MongoDB URL are not of the form name=value&name=value")
      }
      let option = MongoURLOption(name: String(name), encoded: String(part[name.endIndex...].dropFirst()))
      guard MongoURLText.decoded(option.encoded) != nil else {
        throw MongoURLText.error(
          "in the option \(name) of the MongoDB URL a '%' is not followed by two hex digits: write it as %25")
      }
      options.append(option)
    }
    return options
  }
}
