import BeatCore
import BeatLoop

/// Finds what is wrong with a Redis store and its broker, and how to mend it. It writes nothing but two heartbeats
/// that belong to no daemon, and removes them.
package final class RedisDoctor: StoreDoctor {
  let client: RedisStoreClient
  let brokerDoctor: any BrokerDoctor
  /// The workers' names of keys for queues and bindings.
  let kombu: KombuKeys
  /// The broker where it is Redis as well: both may be one server.
  var redisBroker: RedisBrokerDoctor? { brokerDoctor as? RedisBrokerDoctor }
  var areTwoServers: Bool { redisBroker?.areTwoServers ?? true }
  let defaultQueue: String
  let findings: FindingList

  /// - Parameters:
  ///   - broker: examines the broker, and reports to the same list.
  ///   - kombu: the workers' names of keys.
  package init(
    _ client: RedisStoreClient, findings: FindingList, broker: any BrokerDoctor, kombu: KombuKeys, defaultQueue: String
  ) {
    self.client = client
    self.findings = findings
    brokerDoctor = broker
    self.kombu = kombu
    self.defaultQueue = defaultQueue
  }

  package var broker: (any BrokerInspector)? { brokerDoctor.broker }

  package var delivery: Delivery? { brokerDoctor.broker.map { _ in areTwoServers ? .outbox : .direct } }

  package func examineNames(of queues: Set<[UInt8]>) throws { try brokerDoctor.examineNames(of: queues) }

  /// The server with the schedules: in a cluster the slot's node, whichever the URL names.
  var place: RedisURL { client.clusterFit == nil ? client.url : client.url.leading(to: client.connection.endpoint) }

  var cli: String { RedisCLI.command(place) }

  package func remedy(for ailment: StoreAilment) -> String {
    switch ailment {
    case .polling:
      guard let report = try? client.report() else { return NotificationSetting.advice(for: client.url) }
      return report.remedy("notify-keyspace-events", report.missingNotifications?.value ?? "KA", on: place)
    case .unreadable(let name):
      let key = client.keys.document(name)
      let isPlain = "\(EntryName(key))".utf8.elementsEqual(key)
      return isPlain ? "\(cli) DEL \(RedisCLI.word(key))" : "\(cli), and there: DEL \(RedisCLI.atItsPrompt(key))"
    case .empty: return "is it the right database and --key-prefix? `\(cli) INFO keyspace` shows where keys are"
    case .unreachableQueue: return ClusterFit.advice
    case .hidden(let rights): return brokerDoctor.remedy(forHidden: rights)
    }
  }

  package let places = "keys"

  package func examinePlaces() throws {
    let keys = client.keys
    let misfits = try client.misfits()
    for (name, type) in misfits {
      findings.add(
        .problem, "keys", "\(EntryName(name)) holds a Redis \(type), and ours is a \(keys.type(of: name))",
        fix: "\(cli) RENAME \(RedisCLI.word(name)) \(RedisCLI.word(name + Array(".foreign".utf8)))")
    }
    if misfits.isEmpty { findings.add(.ok, "keys", "the daemon's own keys have their types") }
    // They may be another installation's, or this command's prefix may be wrong.
    let others = try client.otherPrefixes()
    guard !others.isEmpty else { return }
    findings.add(
      .warning, "prefixes",
      "schedules of another prefix have been fired from this database: \(others.prefix(5).joined(separator: ", "))",
      fix: "if they are yours: --key-prefix, or CELERY_REDIS_SCHEDULER_KEY_PREFIX, the same for all")
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisDoctor: Sendable {}
