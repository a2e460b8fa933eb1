import ArgumentParser
import BeatCore
import ReactiveBeat

/// Where the schedules and the queues are, and the defaults for what documents leave out. The daemon and all commands
/// share these options.
struct StoreOptions: ParsableArguments {
  @Option(
    help: """
      Where the schedules are: redis://... or mongodb://... [CELERY_REDIS_SCHEDULER_URL, CELERY_MONGODB_SCHEDULER_URL; \
      default redis://localhost:6379/1]
      """)
  var storeURL: String?

  @Option(
    help: "The database of a mongodb:// URL that names none. [CELERY_MONGODB_SCHEDULER_DB; default celery]")
  var storeDatabase: String?

  // The variable is CELERY_MONGODB_SCHEDULER_COLLECTION, which alone is longer than a line on a narrow terminal.
  @Option(
    help: "The schedules' collection in MongoDB. [as for the database, with _COLLECTION; default schedules]")
  var storeCollection: String?

  @Option(
    help:
      "Where the workers' queues are: redis://... or amqp://... [CELERY_BROKER_URL; default redis://localhost:6379/0]")
  var brokerURL: String?

  @Option(
    help: """
      How RabbitMQ's queues are declared that are not there: none, classic (with ,max-priority=1 to 255 where wanted), \
      quorum, or application: as its workers do. [BEAT_WATCH_BROKER_DECLARE; default none]
      """)
  var brokerDeclare: String?

  @Option(
    help: "The authorities to trust for amqps://, a file. [BEAT_WATCH_BROKER_CA; default the system's]",
    completion: .file())
  var brokerCA: String?

  @Option(help: "The client's certificate for amqps://, a file. [BEAT_WATCH_BROKER_CERT]", completion: .file())
  var brokerCert: String?

  @Option(
    help: "Its key, a file. [BEAT_WATCH_BROKER_KEY; default that of the certificate]", completion: .file())
  var brokerKey: String?

  @Option(
    help: """
      What the workers' broker_transport_options say of where messages lie, as a JSON object: global_keyprefix, sep, \
      priority_steps; master_name. [CELERY_BROKER_TRANSPORT_OPTIONS]
      """)
  var brokerTransportOptions: String?

  @Option(
    help:
      "Name of the primary in a sentinel:// URL that has no ?master_name= itself. [BEAT_WATCH_MASTER_NAME]")
  var masterName: String?

  @Option(help: "What the schedules' keys begin with. [default tasks:meta:, CELERY_REDIS_SCHEDULER_KEY_PREFIX]")
  var keyPrefix: String?

  @Option(help: "Time zone of crontabs that name none. [CELERY_TIMEZONE; default UTC]")
  var timezone: String?

  @Option(help: "Queue of schedules that name none. [CELERY_TASK_DEFAULT_QUEUE; default celery]")
  var defaultQueue: String?

  @Option(
    help: """
      Seconds from one run to the next, 0.01 to 86400: an interval or crontab that comes more often is rejected. \
      [BEAT_WATCH_SHORTEST_INTERVAL; default 0.01]
      """)
  var shortestInterval: String?

  /// The configuration from all of these options, checked. Settings that only `run` has keep their defaults.
  func configuration() throws -> BeatConfiguration {
    var configuration = BeatConfiguration(store: try store(), broker: try broker())
    configuration.keyPrefix = try prefix()
    configuration.transportOptions = try transportOptions()
    if let overlap = configuration.overlap { throw ValidationError(overlap) }
    configuration.timezone = try zoneName(in: ZoneDirectory())
    configuration.defaultQueue = try queue()
    configuration.shortestInterval = .microseconds(try shortest())
    return configuration
  }

  /// The variables that name a store. Each has the name of the setting of the scheduler that uses it.
  static let storeVariables = ["CELERY_REDIS_SCHEDULER_URL", "CELERY_MONGODB_SCHEDULER_URL"]

  func store() throws -> StoreAddress {
    let master = Setting.optional(masterName, "BEAT_WATCH_MASTER_NAME")
    let database = try Setting(
      "--store-database", storeDatabase, "CELERY_MONGODB_SCHEDULER_DB", default: StoreAddress.mongoDatabase
    ).checked(MongoNaming.database)
    let collection = try Setting(
      "--store-collection", storeCollection, "CELERY_MONGODB_SCHEDULER_COLLECTION",
      default: StoreAddress.mongoCollection
    ).checked(MongoNaming.collection)
    return try Setting("--store-url", storeURL, try storeVariable(), default: "redis://localhost:6379/1").checked {
      try StoreAddress($0, masterName: master, database: database, collection: collection)
    }
  }

  /// The variable that names the store.
  private func storeVariable() throws -> String {
    let set = Self.storeVariables.filter { Setting.optional(nil, $0) != nil }
    guard set.count < 2 || storeURL != nil else {
      throw ValidationError("\(set.joined(separator: " and ")) are both set: name the store by --store-url")
    }
    return set.first ?? Self.storeVariables[0]
  }

  func broker() throws -> BrokerAddress {
    let master = try Setting.optional(masterName, "BEAT_WATCH_MASTER_NAME") ?? transportOptions().masterName
    let rule = try Setting(
      "--broker-declare", brokerDeclare, "BEAT_WATCH_BROKER_DECLARE", default: "none"
    ).checked { try DeclarationRule(option: $0) }
    let files = AMQPBroker.Files(
      authorities: Setting.optional(brokerCA, "BEAT_WATCH_BROKER_CA"),
      certificate: Setting.optional(brokerCert, "BEAT_WATCH_BROKER_CERT"),
      key: Setting.optional(brokerKey, "BEAT_WATCH_BROKER_KEY"))
    return try Setting(
      "--broker-url", brokerURL, "CELERY_BROKER_URL", default: "redis://localhost:6379/0"
    ).checked { try BrokerAddress($0, masterName: master, declaring: rule, files: files) }
  }

  /// What answers questions about the workers' queues.
  func brokerInspector() throws -> any BrokerInspector {
    try broker().inspector(keyPrefix: prefix(), transportOptions: transportOptions())
  }

  func transportOptions() throws -> TransportOptions {
    try Setting(
      "--broker-transport-options", brokerTransportOptions, "CELERY_BROKER_TRANSPORT_OPTIONS", default: "{}"
    ).checked { try TransportOptions(json: Array($0.utf8)) }
  }

  func keys() throws -> RedisKeys { RedisKeys(prefix: try prefix()) }

  func queue() throws -> String {
    // The other options are read outside of `checked`, so that their errors do not name this option.
    let reserved = try reserved()
    return try Setting("--default-queue", defaultQueue, "CELERY_TASK_DEFAULT_QUEUE", default: "celery").checked {
      if let problem = reserved.problem($0) { throw ValidationError(problem) }
      return $0
    }
  }

  /// The names that no queue may have.
  func reserved() throws -> ReservedKeys {
    let transport = try transportOptions()
    // Commands that read files need no store. Without a store, or with a broker that is no Redis, only the transport's
    // own keys are reserved.
    guard let store = try? store(), let broker = try? broker() else { return ReservedKeys(transport) }
    var configuration = BeatConfiguration(store: store, broker: broker)
    configuration.keyPrefix = try prefix()
    configuration.transportOptions = transport
    return configuration.reserved
  }

  /// The shortest interval, in microseconds.
  private func shortest() throws -> Int64 {
    try Setting("--shortest-interval", shortestInterval, "BEAT_WATCH_SHORTEST_INTERVAL", default: "0.01").checked {
      guard let seconds = Double($0), (0.01...86_400).contains(seconds) else {
        throw ValidationError("expected seconds, 0.01 to 86400")
      }
      return Int64((seconds * 1_000_000).rounded())
    }
  }

  /// The context with which documents are read.
  func documents(_ zones: ZoneDirectory = ZoneDirectory()) throws -> DocumentContext {
    try context(zone: zones.zone(try zoneName(in: zones)), zones)
  }

  /// The context for documents on the store: in cluster mode it rejects those that a daemon could not send. The default
  /// queue is that of the firing daemon, if the daemon tells it.
  func documents(_ given: DocumentContext, on client: any StoreInspector) throws -> DocumentContext {
    try fitting(given, client) { try client.fleet().firing.first?.record }
  }

  /// The context with a daemon's default zone, if the daemon tells it: the daemon's clock decides what is due.
  func documents(of daemon: DaemonRecord?, on client: any StoreInspector) throws -> DocumentContext {
    let zones = ZoneDirectory()
    var context = try documents(zones)
    if let name = daemon?.timezone, !name.isEmpty, let zone = try? zones.zone(name) { context.defaultZone = zone }
    return try fitting(context, client) { daemon }
  }

  private func context(zone: ZoneRules, _ zones: ZoneDirectory) throws -> DocumentContext {
    try checkQueue()
    var context = DocumentContext(defaultZone: zone, shortestInterval: try shortest()) { name throws(ZoneError) in
      try zones.zone(name)
    }
    context.queueDoubt = try transportOptions().keys.doubt
    context.nameProblem = try reserved().problem
    // Commands that read files need no broker.
    if let broker = try? broker() { context.messageRules = broker.messageRules }
    return context
  }

  private func fitting(
    _ context: DocumentContext, _ client: any StoreInspector, _ daemon: () throws -> DaemonRecord?
  ) throws -> DocumentContext {
    try client.fitted(context.applying(client)) {
      let told = try? daemon()?.options.first { $0.name == "--default-queue" }?.value
      return try told ?? queue()
    }
  }

  /// The options by which a command finds messages and judges documents, as a daemon's record shows them.
  func judging(_ context: DocumentContext) throws -> [DaemonOption] {
    var configuration = BeatConfiguration(store: try store(), broker: try broker())
    configuration.transportOptions = try transportOptions()
    configuration.defaultQueue = try queue()
    configuration.shortestInterval = .microseconds(try shortest())
    var names: Set = ["--broker-url", "--broker-transport-options", "--shortest-interval"]
    // Where the application has said how it sends, its default queue counts.
    if context.application == nil { names.insert("--default-queue") }
    return configuration.compared.filter { names.contains($0.name) }
  }

  /// Connects to the store. The result is ready for commands.
  ///
  /// - Parameter loop: the loop of a connection to Redis; nil: the connection has one of its own.
  func connect(on loop: EventLoop? = nil) throws -> any StoreEditor {
    try checkQueue()
    let (store, prefix, kombu) = try (store(), prefix(), transportOptions().keys)
    // Most commands need no broker, and work with a URL that is wrong.
    let broker = try? broker()
    let envelope = broker?.shownEnvelope ?? KombuRedisEnvelope()
    do throws(StoreError) {
      return try store.editor(keyPrefix: prefix, broker: broker, kombu: kombu, envelope: envelope, on: loop)
    } catch {
      guard error.kind == .unreachable, storeURL == nil,
        Self.storeVariables.allSatisfy({ Setting.optional(nil, $0) == nil })
      else { throw error }
      throw StoreError(
        .unreachable,
        "\(error.message) (This is the default address: --store-url or CELERY_REDIS_SCHEDULER_URL names another. celery beat "
          + "-S reactivebeat takes it from the application, and so does `python -m reactivebeat -A APPLICATION COMMAND`.)"
      )
    }
  }

  /// Refuses an unusable default queue. Commands that send nothing refuse it, too, since they would otherwise show what
  /// no daemon does.
  private func checkQueue() throws { _ = try queue() }

  /// The place of the schedules within the store.
  func place() throws -> String { try store().place(keyPrefix: prefix()) }

  func prefix() throws -> String {
    try Setting("--key-prefix", keyPrefix, "CELERY_REDIS_SCHEDULER_KEY_PREFIX", default: "tasks:meta:").value
  }

  private func zoneName(in zones: ZoneDirectory) throws -> String {
    try Setting("--timezone", timezone, "CELERY_TIMEZONE", default: "UTC").checked {
      _ = try zones.zone($0)
      return $0
    }
  }
}
