import BeatCore

/// Daemons that say nothing of themselves, such as one that is held up at its start, or may not write: looked for among the
/// server's connections.
extension StoreClient {
  /// What a daemon calls its connections to the store.
  private static let names: Set<Substring> = ["name=beat-watch", "name=beat-watch-events"]

  /// Whether a daemon is connected to this database.
  func trace() throws(StoreError) -> Fleet.Trace {
    guard let list = try replies(to: [RedisCommand("CLIENT", "LIST")])[0].text else { return .unknown }
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.contains(where: { Self.names.contains($0) }), words.contains("db=\(url.database)") else { continue }
      return .connected(words.first { $0.hasPrefix("addr=") }.map { String($0.dropFirst(5)).printable } ?? "?")
    }
    return .none
  }
}
