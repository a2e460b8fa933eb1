import BeatCore

/// One connection to a server: a line of CLIENT LIST, with words of the form `name=value`.
struct ClientLine {
  private let fields: [Substring: Substring]

  init(_ line: Substring) {
    fields = line.split(separator: " ").reduce(into: [:]) { fields, word in
      let parts = word.split(separator: "=", maxSplits: 1)
      // The first word of a name counts.
      if parts.count == 2, fields[parts[0]] == nil { fields[parts[0]] = parts[1] }
    }
  }

  subscript(field: Substring) -> Substring? { fields[field] }
}

extension RedisStoreClient {
  /// The server's connections; nil: this user may not list them.
  func connections() throws(StoreError) -> [ClientLine]? {
    try replies(to: [RedisCommand("CLIENT", "LIST")])[0].text?.split(separator: "\n").map { ClientLine($0) }
  }
}
