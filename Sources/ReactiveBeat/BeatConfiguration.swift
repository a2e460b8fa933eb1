import BeatCore
import BeatRedis

/// What a `BeatService` is told at start.
package struct BeatConfiguration: Sendable {
  /// Where the documents are.
  package var store: RedisURL
  /// Where the workers' queues are: another database of the same server, the same one, or another server.
  package var broker: RedisURL
  /// What the workers' `broker_transport_options` say of where messages lie.
  package var transportOptions = TransportOptions()
  /// What documents' keys begin with.
  package var keyPrefix = "tasks:meta:"
  /// The zone of crontabs whose document names none.
  package var timezone = "UTC"
  /// The queue of schedules that name none.
  package var defaultQueue = "celery"
  /// Schedules with a shorter interval are refused; microseconds, at least 1 ms.
  package var shortestInterval = DocumentContext.shortestInterval
  /// Fires begun in a second, at most, 1 to 1,000,000: what exceeds it is late. Runs by hand do not count. nil: no limit.
  package var maximumRate: Int?
  /// How far ahead of Redis' clock a fire is let through; microseconds. Beyond it, Redis' clock is waited for.
  package var maximumLead: Int64 = 50_000
  /// How long the lease of the daemon that fires lasts without being renewed; microseconds, at least 1 s. nil: no lease,
  /// for a daemon that is the only one.
  package var leaseTTL: Int64? = 5_000_000
  /// How many messages may wait on the store for a broker that is another server, at least 1. Then nothing fires until
  /// there is room again.
  package var outboxLimit = 100_000
  /// About how many fires the history in the store keeps; 0: there is none.
  package var historyLength = 10_000
  /// How often all documents are read where no edit can be heard; microseconds.
  package var pollInterval: Int64 = 5_000_000
  /// How often all documents are compared with what is known; microseconds. nil: never.
  package var auditInterval: Int64? = 300_000_000
  /// How long a stop waits for scripts that are on their way; microseconds.
  package var stopPatience: Int64 = 5_000_000

  /// As far as it is about the store.
  var settings: StoreSettings {
    StoreSettings(
      store: store, broker: broker, transportOptions: transportOptions, reserved: reserved,
      defaultQueue: defaultQueue, maximumLead: maximumLead, outboxLimit: outboxLimit, historyLength: historyLength)
  }

  /// Names that no queue may have. Schedules of another database are in no queue's way.
  package var reserved: ReservedKeys {
    let isShared = store.location == broker.location && store.database == broker.database
    return ReservedKeys(transportOptions, documents: isShared ? Array(keyPrefix.utf8) : nil)
  }

  /// The options by which the daemons of one installation should not differ, as their records tell them.
  var compared: [DaemonOption] {
    [
      DaemonOption("--broker-url", "\(broker)"), DaemonOption("--timezone", timezone),
      DaemonOption("--default-queue", defaultQueue),
      DaemonOption(DaemonOption.leaseTTL, leaseTTL.map { DaemonOption.seconds($0) } ?? DaemonOption.noLease),
      DaemonOption("--history", "\(historyLength)"), DaemonOption("--outbox-limit", "\(outboxLimit)"),
      DaemonOption("--broker-transport-options", "\(transportOptions)"),
      DaemonOption("--shortest-interval", DaemonOption.seconds(shortestInterval)),
      DaemonOption("--max-rate", maximumRate.map { "\($0)" } ?? "none"),
    ]
  }

  package init(store: RedisURL, broker: RedisURL) {
    self.store = store
    self.broker = broker
  }
}
