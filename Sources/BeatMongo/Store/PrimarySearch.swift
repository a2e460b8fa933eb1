import Synchronization

/// Finds the primary by the URL, and makes a client that asks this one server only.
final class PrimarySearch: Sendable {
  private let url: MongoURL
  private let name: String
  private let timeouts: MongoTimeouts
  private let found = Mutex<MongoServerFacts?>(nil)

  /// - Parameter name: by which the server knows its connections.
  init(_ url: MongoURL, as name: String = MongoClient.daemonName, timeouts: MongoTimeouts = MongoTimeouts()) {
    self.url = url
    self.name = name
    self.timeouts = timeouts
  }

  /// What the server says of itself; nil before `client` has returned.
  var facts: MongoServerFacts? { found.withLock { $0 } }

  func client() throws(MongoError) -> MongoClient {
    let scout = try MongoClient(url, as: name, timeouts: timeouts)
    let facts = try scout.facts()
    found.withLock { $0 = facts }
    // A router is no server to keep to; the session ends by it.
    guard !facts.isRouter else { return scout }
    guard let primary = facts.primary else {
      throw MongoError(.network, "the replica set has no primary at the moment")
    }
    return try MongoClient(url, as: name, directTo: primary, timeouts: timeouts)
  }
}

extension MongoServerFacts {
  /// The oldest server that can be a store is 4.2: `$$NOW` in filters, and updates by pipelines.
  private static let oldestWireVersion = 8

  /// Why the server cannot be a store; nil: it can.
  var problem: String? {
    if isRouter {
      return
        "is a router of a sharded cluster, whose change streams are late by seconds: name the replica set that holds "
        + "the schedules"
    }
    if maxWireVersion < Self.oldestWireVersion {
      return "is MongoDB \(version.isEmpty ? "of an old version" : version); 4.2 or newer is needed"
    }
    return nil
  }
}
