import BeatCore

/// One line of a file of tokens: `anna editor sha256:…`.
struct AccessToken: Hashable, Sendable {
  let user: String
  let role: WebRole
  let hash: SecretHash

  static let mostUserBytes = 64

  /// Why a user cannot have this name; nil: it can. The name stands in the file, in the audit stream and on screens.
  static func problem(withUser name: String) -> String? {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "._@+-".utf8.contains(byte)
      }
    }
    return isPlain && !name.isEmpty && name.utf8.count <= mostUserBytes
      ? nil : "a user's name has 1 to \(mostUserBytes) letters, digits and . _ @ + - of ASCII"
  }

  var line: String { "\(user) \(role.rawValue) sha256:\(hash.text)" }

  init(user: String, role: WebRole, hash: SecretHash) {
    (self.user, self.role, self.hash) = (user, role, hash)
  }

  /// nil: the line is no token.
  init?(_ line: Substring) {
    let words = line.split { $0 == " " || $0 == "\t" }
    guard words.count == 3, let role = WebRole(rawValue: String(words[1])), words[2].hasPrefix("sha256:"),
      let hash = SecretHash(hexadecimal: words[2].dropFirst(7)), Self.problem(withUser: String(words[0])) == nil
    else { return nil }
    self.init(user: String(words[0]), role: role, hash: hash)
  }

  /// Reads a file's text. Empty lines and those that begin with # are left out.
  ///
  /// Throws: a line is no token. The text names the line, and not what is in it.
  static func list(_ text: String, file: String) throws(CommandError) -> [AccessToken] {
    var tokens: [AccessToken] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      guard let first = line.first(where: { $0 != " " && $0 != "\t" }), first != "#" else { continue }
      guard let token = AccessToken(line) else {
        throw CommandError(
          .configuration,
          "\(file), line \(index + 1): is not `USER viewer|editor sha256:…`; `beat-watch token` writes such lines")
      }
      tokens.append(token)
    }
    return tokens
  }
}
