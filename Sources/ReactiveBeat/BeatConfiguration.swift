import BeatAMQP
import BeatCore
import BeatLoop
import BeatMongo
import BeatRedis

/// The settings of a `BeatDaemon` and a `ScheduleClient`. Each value has the default of `beat-watch`.
///
/// The initializers of `BeatDaemon` and `ScheduleClient` check the ranges.
public struct BeatConfiguration: Sendable {
  /// The database that holds the documents.
  package var store: StoreAddress
  /// The database that holds the workers' queues: the store's, another one of the same server, or one of another
  /// server.
  package var broker: BrokerAddress
  /// The workers' `broker_transport_options`, as far as they decide where messages lie.
  package var transportOptions = TransportOptions()
  /// The prefix of the documents' keys, as `CELERY_REDIS_SCHEDULER_KEY_PREFIX` of celerybeat-redis.
  public var keyPrefix = "tasks:meta:"
  /// The zone of crontabs whose document names none, as Celery's `timezone`: the name of one of the system's zone
  /// files.
  public var timezone = "UTC"
  /// The queue of schedules that name none, as Celery's `task_default_queue`.
  public var defaultQueue = "celery"
  /// The shortest interval that a schedule may have, 10 ms to a day. A schedule that comes more often is rejected.
  public var shortestInterval = Duration.microseconds(DocumentContext.shortestInterval)
  /// The largest number of fires that begin in a second, 1 to 1,000,000; what exceeds it is late. Runs by hand do not
  /// count. nil: no limit.
  public var maximumRate: Int?
  /// How far ahead of Redis' clock a fire is allowed; microseconds. A fire further ahead waits for Redis' clock.
  package var maximumLead: Int64 = 50_000
  /// How long the lease lasts if the daemon that fires does not renew it, 1 s to an hour. nil: no lease, for a daemon
  /// that is the only one.
  public var leaseTTL: Duration? = .seconds(5)
  /// How many messages may wait in the store for a broker that is another server, 1 to 10,000,000. At this number,
  /// nothing fires until there is room again.
  public var outboxLimit = 100_000
  /// About how many fires the store's history keeps, 0 to 10,000,000; 0: no history.
  public var historyLength = 10_000
  /// How often all documents are read where edits cannot be detected by events; 1 s to an hour.
  public var pollInterval = Duration.seconds(5)
  /// How often all documents are compared with what the daemon knows, 1 s to a day. nil: never.
  public var auditInterval: Duration? = .seconds(300)
  /// How long a stop waits for the replies that are open, 0 to an hour.
  public var stopPatience = Duration.seconds(5)

  /// Takes the URLs of the store and the broker, as Celery writes them: `redis://`, `rediss://`, `redis+socket://`,
  /// `sentinel://`. They may be two servers, or databases of one. The store may also be `mongodb://` or
  /// `mongodb+srv://`: the schedules are then in its collection `schedules`, as celerybeat-mongo keeps them. The broker may
  /// also be RabbitMQ: `amqp://`, `pyamqp://` or `amqps://`.
  ///
  /// - Parameters:
  ///   - store: the database that holds the documents, such as `redis://localhost:6379/1` or
  ///     `mongodb://localhost/celery`.
  ///   - broker: the database that holds the workers' queues, such as `redis://localhost:6379/0`.
  ///   - transportOptions: the application's `broker_transport_options` as a JSON object. `global_keyprefix`, `sep`,
  ///     `priority_steps` and `master_name` have an effect.
  /// - Throws: `BeatError` of the kind `configuration` for a URL or an option that cannot be used.
  public init(store: String, broker: String, transportOptions: String = "{}") throws(BeatError) {
    func checked<Value>(_ name: String, _ make: () throws -> Value) throws(BeatError) -> Value {
      do { return try make() } catch { throw BeatError(.configuration, "\(name): \(error)") }
    }
    let options = try checked("transportOptions") { try TransportOptions(json: Array(transportOptions.utf8)) }
    self.init(
      store: try checked("store") { try StoreAddress(store, masterName: options.masterName) },
      broker: try checked("broker") { try BrokerAddress(broker, masterName: options.masterName) })
    self.transportOptions = options
  }

  package init(store: StoreAddress, broker: BrokerAddress) {
    self.store = store
    self.broker = broker
  }

  var brokerSettings: BrokerSettings {
    BrokerSettings(broker.redis, transportOptions: transportOptions, reserved: reserved, defaultQueue: defaultQueue)
  }

  package init(store: RedisURL, broker: RedisURL) { self.init(store: .redis(store), broker: .redis(broker)) }

  /// The connector of one daemon to the store.
  ///
  /// - Parameters:
  ///   - instance: the random name of this process.
  ///   - incarnation: a random name for the contents of a store that has none.
  ///   - length: the longest document that is read; bytes.
  func connector(
    keys: RedisKeys, as instance: String, incarnation: String, maximumDocumentLength length: Int, on loop: EventLoop
  ) -> any StoreConnector {
    switch store {
    case .redis(let url):
      let settings = StoreSettings(
        store: url, broker: brokerSettings, maximumLead: maximumLead, outboxLimit: outboxLimit,
        historyLength: historyLength)
      return RedisStoreConnector(
        settings, keys: keys, as: instance, incarnation: incarnation, maximumDocumentLength: length, on: loop)
    case .mongo(let url, let place):
      let settings = MongoStoreSettings(
        url, place, maximumLead: maximumLead, maximumDocumentLength: length, outboxLimit: outboxLimit,
        historyLength: historyLength)
      return MongoStoreConnector(settings, as: instance, incarnation: incarnation, on: loop)
    }
  }

  /// The publisher of one daemon to the broker.
  func publisher(keys: RedisKeys, as instance: String, on loop: EventLoop) -> any Publisher {
    switch broker {
    case .redis(let url): RedisPublisher(to: url, brokerSettings, keys: keys, as: instance, on: loop)
    case .rabbit(let broker): AMQPPublisher(broker.dialler(on: loop), declaring: broker.declares, in: loop)
    }
  }

  /// What keeps the task ids of this store's schedules apart from those of others.
  var taskIDs: TaskIDNamespace {
    switch store {
    case .redis: RedisKeys(prefix: keyPrefix).taskIDs
    case .mongo(_, let place): place.taskIDs
    }
  }

  /// The names that no queue may have. The schedules' prefix is among them only where schedules and queues share a
  /// database.
  package var reserved: ReservedKeys {
    let isShared =
      store.redis.map { $0.location == broker.redis?.location && $0.database == broker.redis?.database } ?? false
    return ReservedKeys(transportOptions, documents: isShared ? Array(keyPrefix.utf8) : nil)
  }

  /// The options that all daemons of one installation should share, as their records show them.
  package var compared: [DaemonOption] {
    func seconds(_ duration: Duration) -> String { DaemonOption.seconds(duration.microseconds) }
    // Records of daemons on Redis stay as they were.
    let declaration = broker.declaration.map { [DaemonOption("--broker-declare", $0)] } ?? []
    return declaration + [
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
