import BeatCore

/// Commands of `redis-cli` that an operator can paste into a shell.
package enum RedisCLI {
  /// `redis-cli` with the options for a URL's server and database, to be followed by a command. It leaves the URL's
  /// user out, since a user without a right cannot grant it either.
  static func command(_ url: RedisURL) -> String {
    var text = "redis-cli"
    var place = url.endpoint
    if case .nodes(let nodes) = url.location { place = nodes.first }
    switch place {
    case .unix(let path)?: text += " -s \(quoted(path))"
    case .tcp(let host, let port)?:
      text += (host == "localhost" ? "" : " -h \(host)") + (port == 6379 ? "" : " -p \(port)")
    case nil: text += " -h PRIMARY"
    }
    if url.security != nil { text += " --tls" }
    if url.password != nil { text += " --askpass" }
    return url.database == 0 ? text : text + " -n \(url.database)"
  }

  /// A key as one word for a shell.
  static func word(_ key: [UInt8]) -> String { quoted("\(EntryName(key))") }

  /// A text as one word for a shell, quoted if necessary.
  package static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.isASCII
          && ($0.properties.isAlphabetic || $0.properties.numericType != nil
            || ":/._-+,=@%".unicodeScalars.contains($0))
      }
    return isPlain ? text : "'\(text.replacing("'", with: #"'\''"#))'"
  }

  /// A key of any bytes as redis-cli reads it at its own prompt, since a shell has no word for some of them.
  static func atItsPrompt(_ key: [UInt8]) -> String {
    let text = key.map { byte in
      (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "\"\(text.joined())\""
  }
}
