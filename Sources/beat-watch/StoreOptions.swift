import ArgumentParser
import BeatCore
import ReactiveBeat

/// Where schedules and queues are, and what a document leaves open: the same for the daemon and for every command.
struct StoreOptions: ParsableArguments {
  @Option(help: "Where the schedules are. [CELERY_REDIS_SCHEDULER_URL; default redis://localhost:6379/1]")
  var storeURL: String?

  @Option(help: "Where the workers' queues are. [CELERY_BROKER_URL; default redis://localhost:6379/0]")
  var brokerURL: String?

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

  /// All of them, checked; what only the daemon is told has its default.
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

  func store() throws -> RedisURL {
    try url("--store-url", storeURL, "CELERY_REDIS_SCHEDULER_URL", default: "redis://localhost:6379/1")
  }

  func broker() throws -> RedisURL {
    try url(
      "--broker-url", brokerURL, "CELERY_BROKER_URL", default: "redis://localhost:6379/0",
      master: transportOptions().masterName)
  }

  func transportOptions() throws -> TransportOptions {
    try Setting(
      "--broker-transport-options", brokerTransportOptions, "CELERY_BROKER_TRANSPORT_OPTIONS", default: "{}"
    ).checked { try TransportOptions(json: Array($0.utf8)) }
  }

  func keys() throws -> RedisKeys { RedisKeys(prefix: try prefix()) }

  func queue() throws -> String {
    // What is wrong with another option is not said of this one.
    let reserved = try reserved()
    return try Setting("--default-queue", defaultQueue, "CELERY_TASK_DEFAULT_QUEUE", default: "celery").checked {
      if let problem = reserved.problem($0) { throw ValidationError(problem) }
      return $0
    }
  }

  /// Names that no queue may have.
  func reserved() throws -> ReservedKeys {
    let transport = try transportOptions()
    // Files are looked at where no store is, or another kind of broker.
    guard let store = try? store(), let broker = try? broker() else { return ReservedKeys(transport) }
    var configuration = BeatConfiguration(store: store, broker: broker)
    configuration.keyPrefix = try prefix()
    configuration.transportOptions = transport
    return configuration.reserved
  }

  /// Microseconds.
  private func shortest() throws -> Int64 {
    try Setting("--shortest-interval", shortestInterval, "BEAT_WATCH_SHORTEST_INTERVAL", default: "0.01").checked {
      guard let seconds = Double($0), (0.01...86_400).contains(seconds) else {
        throw ValidationError("expected seconds, 0.01 to 86400")
      }
      return Int64((seconds * 1_000_000).rounded())
    }
  }

  /// What a document is read with.
  func documents(_ zones: ZoneDirectory = ZoneDirectory()) throws -> DocumentContext {
    try context(zone: zones.zone(try zoneName(in: zones)), zones)
  }

  /// The same for what stands on the store: a document that its daemon could not send is one that cannot be used. The default
  /// queue is that of the daemon that fires, where it tells it.
  func documents(_ given: DocumentContext, on client: StoreClient) throws -> DocumentContext {
    try fitting(given, client) { try client.fleet().firing.first?.record }
  }

  /// The same with the default zone of a daemon, where it tells it: what is due is due by its clock.
  func documents(of daemon: DaemonRecord?, on client: StoreClient) throws -> DocumentContext {
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
    return context
  }

  private func fitting(
    _ context: DocumentContext, _ client: StoreClient, _ daemon: () throws -> DaemonRecord?
  ) throws -> DocumentContext {
    guard let fit = try client.clusterFit() else { return context }
    let told = try? daemon()?.options.first { $0.name == "--default-queue" }?.value
    return fit.applied(to: context, defaultQueue: try told ?? queue(), kombu: try transportOptions().keys)
  }

  /// The store, ready for commands.
  func connect() throws -> StoreClient {
    try checkQueue()
    return try StoreClient(try store(), keys: try keys())
  }

  /// A default queue that is none is refused by commands that send nothing, too: they would show what no daemon does.
  private func checkQueue() throws { _ = try queue() }

  /// - Parameter master: where no option and no URL names one.
  private func url(
    _ option: String, _ given: String?, _ variable: String, default: String, master: String? = nil
  ) throws -> RedisURL {
    let master = Setting.optional(masterName, "BEAT_WATCH_MASTER_NAME") ?? master
    return try Setting(option, given, variable, default: `default`).checked { try RedisURL($0, masterName: master) }
  }

  private func prefix() throws -> String {
    try Setting("--key-prefix", keyPrefix, "CELERY_REDIS_SCHEDULER_KEY_PREFIX", default: "tasks:meta:").value
  }

  private func zoneName(in zones: ZoneDirectory) throws -> String {
    try Setting("--timezone", timezone, "CELERY_TIMEZONE", default: "UTC").checked {
      _ = try zones.zone($0)
      return $0
    }
  }
}
