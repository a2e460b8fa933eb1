import BeatCore
import BeatRedis

/// What a `BeatDaemon` and a `ScheduleClient` are told at start. Each value has the default of `beat-watch`.
///
/// Ranges are checked when a daemon or a client is made of it.
public struct BeatConfiguration: Sendable {
  /// Where the documents are.
  package var store: RedisURL
  /// Where the workers' queues are: another database of the same server, the same one, or another server.
  package var broker: RedisURL
  /// What the workers' `broker_transport_options` say of where messages lie.
  package var transportOptions = TransportOptions()
  /// What documents' keys begin with, as `CELERY_REDIS_SCHEDULER_KEY_PREFIX` of celerybeat-redis.
  public var keyPrefix = "tasks:meta:"
  /// The zone of crontabs whose document names none, as Celery's `timezone`: a name of the system's zone files.
  public var timezone = "UTC"
  /// The queue of schedules that name none, as Celery's `task_default_queue`.
  public var defaultQueue = "celery"
  /// Schedules that come more often are rejected; 10 ms to a day.
  public var shortestInterval = Duration.microseconds(DocumentContext.shortestInterval)
  /// Fires begun in a second, at most, 1 to 1,000,000: what exceeds it is late. Runs by hand do not count. nil: no limit.
  public var maximumRate: Int?
  /// How far ahead of Redis' clock a fire is let through; microseconds. Beyond it, Redis' clock is waited for.
  package var maximumLead: Int64 = 50_000
  /// How long the lease of the daemon that fires lasts without being renewed, 1 s to an hour. nil: no lease, for a daemon
  /// that is the only one.
  public var leaseTTL: Duration? = .seconds(5)
  /// How many messages may wait in the store for a broker that is another server, 1 to 10,000,000. Then nothing fires
  /// until there is room again.
  public var outboxLimit = 100_000
  /// About how many fires the history in the store keeps, at most 10,000,000; 0: there is none.
  public var historyLength = 10_000
  /// How often all documents are read where no edit can be heard; 1 s to an hour.
  public var pollInterval = Duration.seconds(5)
  /// How often all documents are compared with what is known, at most a day. nil: never.
  public var auditInterval: Duration? = .seconds(300)
  /// How long a stop waits for what is on its way; at most an hour.
  public var stopPatience = Duration.seconds(5)

  /// Two servers, or two databases of one, by their URLs as Celery writes them: `redis://`, `rediss://`,
  /// `redis+socket://`, `sentinel://`.
  ///
  /// - Parameters:
  ///   - store: where the documents are, such as `redis://localhost:6379/1`.
  ///   - broker: where the workers' queues are, such as `redis://localhost:6379/0`.
  ///   - transportOptions: the application's `broker_transport_options` as a JSON object: `global_keyprefix`, `sep`,
  ///     `priority_steps` and `master_name` count.
  /// - Throws: `BeatError` of the kind `configuration` for a URL or an option that cannot be used.
  public init(store: String, broker: String, transportOptions: String = "{}") throws(BeatError) {
    func checked<Value>(_ name: String, _ make: () throws -> Value) throws(BeatError) -> Value {
      do { return try make() } catch { throw BeatError(.configuration, "\(name): \(error)") }
    }
    let options = try checked("transportOptions") { try TransportOptions(json: Array(transportOptions.utf8)) }
    self.init(
      store: try checked("store") { try RedisURL(store, masterName: options.masterName) },
      broker: try checked("broker") { try RedisURL(broker, masterName: options.masterName) })
    self.transportOptions = options
  }

  package init(store: RedisURL, broker: RedisURL) {
    self.store = store
    self.broker = broker
  }

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
    func seconds(_ duration: Duration) -> String { DaemonOption.seconds(duration.microseconds) }
    return [
      DaemonOption("--broker-url", "\(broker)"), DaemonOption("--timezone", timezone),
      DaemonOption("--default-queue", defaultQueue),
      DaemonOption(DaemonOption.leaseTTL, leaseTTL.map(seconds) ?? DaemonOption.noLease),
      DaemonOption("--history", "\(historyLength)"), DaemonOption("--outbox-limit", "\(outboxLimit)"),
      DaemonOption("--broker-transport-options", "\(transportOptions)"),
      DaemonOption("--shortest-interval", seconds(shortestInterval)),
      DaemonOption("--max-rate", maximumRate.map { "\($0)" } ?? "none"),
    ]
  }
}
