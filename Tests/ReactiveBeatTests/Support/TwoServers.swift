@testable import BeatCore
@testable import ReactiveBeat

/// A server for the schedules, and another one for the queues.
final class TwoServers {
  /// The server with the schedules in its database 1. Its other databases stay empty.
  let store: Stage
  /// The server with the queues in its database 0.
  let broker: Stage

  /// With these options every acknowledged write survives a server's death.
  static let durable = ["--appendonly", "yes", "--appendfsync", "always"]

  init(_ arguments: [String] = [], tcp: Bool = false) throws {
    (store, broker) = try (Stage(arguments), Stage(arguments, tcp: tcp))
  }

  init(store: Stage, broker: Stage) { (self.store, self.broker) = (store, broker) }

  func launch(_ environment: [String: String] = [:], user: String = "") throws -> Daemon {
    try store.launch(["CELERY_BROKER_URL": broker.url(0, user: user)].merging(environment) { $1 })
  }

  /// Starts a daemon and waits until it is ready.
  func daemon(_ environment: [String: String] = [:]) throws -> Daemon {
    let daemon = try launch(environment)
    try daemon.wait(for: "ready")
    return daemon
  }

  var outboxKey: String { "reactivebeat:\(store.prefix)outbox" }

  /// The outbox's items, the oldest first.
  var outbox: [[UInt8]] { (store.store("LRANGE", outboxKey, "0", "-1")?.array ?? []).reversed().compactMap(\.bytes) }

  /// Puts an item into the outbox, as a fire does.
  func put(_ item: [UInt8]) { store.store.call([Array("LPUSH".utf8), Array(outboxKey.utf8), item]) }

  func isDrained() -> Bool { store.store("EXISTS", outboxKey)?.integer == 0 }

  /// The ids in a list of the broker, the oldest first.
  func ids(_ list: String = "celery") -> [String] { broker.messages(list).map(\.id) }

  /// The task ids of all occurrences up to a schedule's watermark.
  func fired(_ name: String, every microseconds: Int64) -> [String] {
    guard let watermark = store.watermark(name) else { return [] }
    return store.taskIDs(name, last: watermark.due, every: microseconds, count: Int(watermark.totalRunCount))
  }
}

extension OutboxItem {
  /// An item that belongs to no schedule.
  static func sample(_ id: String, _ route: Route = .queue("celery"), priority: Int64 = 0) -> OutboxItem {
    OutboxItem(
      FirePlan(
        entry: EntryName("sample"), task: "t", taskID: TaskID(text: id), due: UnixTime(microseconds: 1),
        oldDocument: [], newDocument: [],
        message: Array(
          (#"{"headers": {"id": "\#(id)"}, "properties": {"correlation_id": "\#(id)", "reply_to": "r", "#
            + #""delivery_mode": 2, "priority": 0}, "body": [[], {}, {}]}"#).utf8),
        route: route, priority: priority,
        watermark: Watermark(due: UnixTime(microseconds: 1), taskID: nil, totalRunCount: 1), reason: .schedule))
  }
}
