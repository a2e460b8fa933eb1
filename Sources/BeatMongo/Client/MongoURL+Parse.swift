import BeatLoop

extension MongoURL {
  /// Takes a URL apart. Errors say what is wrong and quote nothing that may hold a password.
  package init(_ text: String) throws(MongoError) {
    let text = URLText.trimmed(text)
    guard !text.isEmpty else {
      throw MongoURLText.error("the MongoDB URL is empty: write mongodb://localhost:27017/celery")
    }
    guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
      throw MongoURLText.error("the MongoDB URL holds a space, a control character or a line break")
    }
    let scheme = text.unicodeScalars.prefix { $0 != ":" }
    let rest = text[scheme.endIndex...]
    let isSRV = Substring(scheme).lowercased() == "mongodb+srv"
    guard rest.hasPrefix("://"), isSRV || Substring(scheme).lowercased() == "mongodb" else {
      throw MongoURLText.error("a MongoDB URL begins with mongodb:// or mongodb+srv://")
    }
    guard !rest.unicodeScalars.contains("#") else {
      throw MongoURLText.error("a MongoDB URL has no part after '#'; \(MongoURLText.encoding)")
    }
    try self.init(isSRV: isSRV, parts: MongoURLParts(rest.dropFirst(3)))
  }
}
