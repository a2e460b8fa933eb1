import BeatCore
import BeatLoop

/// Finds what is wrong with a Redis store and a Redis broker, and how to mend it. It writes nothing but two heartbeats
/// that belong to no daemon, and removes them.
package final class RedisDoctor: StoreDoctor {
  let client: StoreClient
  /// The client of the broker's server; nil: it cannot be reached.
  var brokerClient: StoreClient?
  let brokerURL: RedisURL
  let transport: TransportOptions
  /// The workers' names of keys for queues and bindings.
  var kombu: KombuKeys { transport.keys }
  let defaultQueue: String
  var areTwoServers = false
  private(set) var findingCount = 0
  private var told: Set<Finding> = []
  private let report: (Finding) -> Void

  package init(
    _ client: StoreClient, broker: RedisURL, transport: TransportOptions, defaultQueue: String,
    report: @escaping (Finding) -> Void
  ) {
    self.client = client
    brokerURL = broker
    self.transport = transport
    self.defaultQueue = defaultQueue
    self.report = report
  }

  package var broker: (any BrokerInspector)? { brokerClient.map { RedisBrokerInspector($0, kombu: kombu) } }

  package var delivery: Delivery? { brokerClient.map { _ in areTwoServers ? .outbox : .direct } }

  func add(_ level: Finding.Level, _ check: String, _ text: String, fix: String? = nil) {
    findingCount += 1
    let finding = Finding(level, check, text, fix: fix)
    // Some examinations have parts in common.
    if told.insert(finding).inserted { report(finding) }
  }

  var cli: String { RedisCLI.command(client.url) }

  package func remedy(for ailment: StoreAilment) -> String {
    switch ailment {
    case .polling:
      guard let report = try? client.report() else { return NotificationSetting.advice }
      return remedy("notify-keyspace-events", report.missingNotifications?.value ?? "KA", report)
    case .unreadable(let name):
      let key = client.keys.document(name)
      let isPlain = "\(EntryName(key))".utf8.elementsEqual(key)
      return isPlain ? "\(cli) DEL \(RedisCLI.word(key))" : "\(cli), and there: DEL \(RedisCLI.atItsPrompt(key))"
    case .empty: return "is it the right database and --key-prefix? `\(cli) INFO keyspace` shows where keys are"
    case .unreachableQueue: return ClusterFit.advice
    case .hidden(let rights):
      // The rights to keys are the installation's own; those to commands are the tools' user's.
      guard let broker = brokerClient, rights.contains(where: { $0.hasPrefix("~") }) else {
        return "ask as the tools' user: docs/operations.md, The Redis users"
      }
      return "\(RedisCLI.command(broker.url)) ACL SETUSER \(RedisCLI.quoted(broker.url.username ?? "default")) "
        + rights.sorted().map { RedisCLI.quoted($0) }.joined(separator: " ")
    }
  }

  package func examinePlaces() throws {
    let keys = client.keys
    let misfits = try client.misfits()
    for (name, type) in misfits {
      add(
        .problem, "keys", "\(EntryName(name)) holds a Redis \(type), and ours is a \(keys.type(of: name))",
        fix: "\(cli) RENAME \(RedisCLI.word(name)) \(RedisCLI.word(name + Array(".foreign".utf8)))")
    }
    if misfits.isEmpty { add(.ok, "keys", "the daemon's own keys have their types") }
    // They may be another installation's, or this command's prefix may be wrong.
    let others = try client.otherPrefixes()
    guard !others.isEmpty else { return }
    add(
      .warning, "prefixes",
      "schedules of another prefix have been fired from this database: \(others.prefix(5).joined(separator: ", "))",
      fix: "if they are yours: --key-prefix, or CELERY_REDIS_SCHEDULER_KEY_PREFIX, the same for all")
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisDoctor: Sendable {}
