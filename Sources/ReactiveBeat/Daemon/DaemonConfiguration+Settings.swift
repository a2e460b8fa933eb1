import BeatCore
import BeatDriver
import BeatLoop
import BeatRedis
import Glibc

extension DaemonConfiguration {
  /// Throws: the default zone is unknown.
  init(_ configuration: BeatConfiguration, as instance: String) throws {
    let zones = ZoneDirectory()
    var rules = SchedulerConfiguration(
      taskIDs: configuration.taskIDs, documents: try DocumentContext(configuration, zones),
      defaultQueue: configuration.defaultQueue, origin: "gen\(getpid())@\(HostName.current)",
      replyTo: TaskID(key: Array(instance.utf8), due: UnixTime(microseconds: 0), sha1: SHA1.digest).description,
      sha1: SHA1.digest, envelope: KombuRedisEnvelope())
    rules.maximumRate = configuration.maximumRate
    var record = DaemonRecord(
      version: BeatDaemon.version, host: HostName.current, processID: getpid(), since: SystemClock.now(),
      isLeading: false, events: "", delivery: "", schedules: 0, rejected: 0, repaired: 0,
      timezone: configuration.timezone, broker: "\(configuration.broker)")
    record.options = configuration.compared
    self.init(
      scheduler: rules,
      leadership: Leadership.Configuration(instance: instance, leaseTTL: configuration.leaseTTL?.microseconds),
      record: record
    ) { routes, application in
      try DocumentContext(configuration, zones, routes: routes, application: application)
    }
    forgetZones = { zones.forget() }
    pollInterval = configuration.pollInterval.microseconds
    auditInterval = configuration.auditInterval?.microseconds
    stopPatience = configuration.stopPatience.microseconds
  }
}
