import BeatCore
import BeatLoop

/// Finds what is wrong with a Redis broker, and how to mend it.
package final class RedisBrokerDoctor: BrokerDoctor {
  let url: RedisURL
  private let keys: RedisKeys
  let transport: TransportOptions
  /// The workers' names of keys for queues and bindings.
  var kombu: KombuKeys { transport.keys }
  private let defaultQueue: String
  let findings: FindingList
  /// The store, where it is Redis as well: both may be one server.
  private let store: RedisStoreClient?
  /// The client of the broker's server; nil: it cannot be reached.
  private(set) var client: RedisStoreClient?
  private(set) var areTwoServers: Bool

  /// - Parameters:
  ///   - keys: the names of the daemon's own keys on the broker.
  ///   - store: the store, where it is Redis as well.
  package init(
    _ url: RedisURL, keys: RedisKeys, transport: TransportOptions, defaultQueue: String, findings: FindingList,
    store: RedisStoreClient? = nil
  ) {
    self.url = url
    self.keys = keys
    self.transport = transport
    self.defaultQueue = defaultQueue
    self.findings = findings
    self.store = store
    areTwoServers = store == nil
  }

  package var broker: (any BrokerInspector)? { client.map { RedisBrokerInspector($0, kombu: kombu) } }

  package func examineServer() throws {
    let broker: RedisStoreClient
    do { broker = try RedisStoreClient(url, keys: keys, isStore: store?.clusterFit != nil) } catch {
      findings.add(.problem, "broker", error.message, fix: "start it, or correct --broker-url (CELERY_BROKER_URL)")
      areTwoServers = true
      return
    }
    client = broker
    let report = try broker.report()
    let queues = report.info
    areTwoServers = try isAnother(queues)
    if queues.isReplica {
      findings.add(
        .problem, "broker", "\(url) is a replica, which takes no messages",
        fix: "name the primary in --broker-url")
    } else if queues.number("maxmemory") ?? 0 > 0, queues["maxmemory_policy"]?.hasPrefix("allkeys") == true,
      areTwoServers
    {
      findings.add(
        .problem, "broker",
        "maxmemory-policy \(queues["maxmemory_policy"] ?? "") throws queues away when memory is short",
        fix: report.remedy("maxmemory-policy", "noeviction", on: url))
    } else if areTwoServers {
      findings.add(.ok, "broker", "\(url) is another server than the store: messages go through the outbox")
    } else {
      findings.add(.ok, "broker", "\(url) is the store's server: a fire is one step")
    }
  }

  private func isAnother(_ queues: ServerInfo) throws(StoreError) -> Bool {
    guard let store else {
      findings.addTransport(url, "broker")
      return true
    }
    let info = try store.report().info
    guard url.location != store.url.location else { return false }
    findings.addTransport(url, "broker")
    return info.runID == nil || info.runID != queues.runID
  }

  // MARK: rights

  package func examineRights() throws {
    let before = findings.count
    let users = try examineDaemonRights()
    guard findings.count == before, !users.isEmpty else { return }
    findings.add(
      .ok, "rights",
      "\(users.count == 1 ? "user" : "users") \(users.sorted().joined(separator: ", ")) of \(url) may do all that the "
        + "daemon does with queue \(defaultQueue)")
  }

  /// - Returns: the users that were examined.
  func examineDaemonRights() throws -> Set<String> {
    guard let examination = rightsExamination else { return [] }
    return try examination.examine(
      examination.rights(CommandUse.all(of: .daemon, at: .queues, .relay)))
  }

  package func examineRights(to queues: Set<[UInt8]>) throws {
    guard let examination = rightsExamination else { return }
    let rights = examination.rights(to: queues)
    if !rights.isEmpty { _ = try examination.examine(rights) }
  }

  private var rightsExamination: RightsExamination? {
    client.map {
      RightsExamination(
        client: $0, scratch: RedisKeys.delivered("probe-rights"), kombu: kombu, defaultQueue: defaultQueue,
        findings: findings)
    }
  }

  package func remedy(forHidden rights: Set<String>) -> String {
    // The rights to keys are the installation's own; those to commands are the tools' user's.
    guard client != nil, rights.contains(where: { $0.hasPrefix("~") }) else {
      return "ask as the tools' user: docs/operations.md, The Redis users"
    }
    return "\(RedisCLI.command(url)) ACL SETUSER \(RedisCLI.quoted(url.username ?? "default")) "
      + rights.sorted().map { RedisCLI.quoted($0) }.joined(separator: " ")
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisBrokerDoctor: Sendable {}
