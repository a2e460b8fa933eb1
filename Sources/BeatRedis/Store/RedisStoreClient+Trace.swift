import BeatCore

/// Finds daemons without heartbeat and record among the server's connections: such as one that is held up at its start,
/// or that may not write.
extension RedisStoreClient {
  /// The names that a daemon gives to its connections to the store.
  private static let names: Set<Substring> = ["beat-watch", "beat-watch-events"]

  /// Whether a daemon is connected to this database.
  func trace() throws(StoreError) -> Fleet.Trace {
    guard let connections = try connections() else { return .unknown }
    for line in connections {
      guard let name = line["name"], Self.names.contains(name), line["db"] == "\(url.database)" else { continue }
      return .connected(line["addr"].map { String($0).printable } ?? "?")
    }
    return .none
  }

  /// The Redis users of the daemons that are connected to this database; empty: none is connected, or this user may not
  /// list connections.
  func daemonUsers() throws(StoreError) -> Set<String> {
    let daemons = try connections()?.filter { line in
      ["beat-watch", "beat-watch-relay"].contains(line["name"]) && line["db"] == "\(url.database)"
    }
    return Set((daemons ?? []).compactMap { $0["user"].map(String.init) })
  }
}
