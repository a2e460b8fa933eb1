import BeatCore
import BeatDriver
import BeatLoop
import BeatRedis
import Glibc
import Logging

/// A `Daemon` with the configured store and broker, on an event loop, with a log.
///
/// It belongs to the thread that made it.
package final class BeatService {
  /// How a run ended.
  package enum End: Equatable, Sendable {
    case stopped
    /// The daemon cannot work before a setting is changed. The text says which.
    case misconfigured(String)
  }

  private let configuration: BeatConfiguration
  private let loop: EventLoop
  private let log: DaemonLog
  private let daemon: Daemon
  /// nil: no service manager wants to be told.
  private let manager: ServiceReporter?
  private let ending: Ending
  /// nil: nobody has asked for metrics.
  package let metrics: DaemonMetrics?
  private var endpoint: MonitoringEndpoint?

  /// How the daemon ended.
  private final class Ending {
    var end = Daemon.End.stopped
  }

  /// Throws: the default zone is unknown, or the system refuses an event loop.
  ///
  /// - Parameters:
  ///   - manager: the service manager that has started this process; nil: none, or it is not the daemon's to tell.
  ///   - monitoring: what is measured and shown, and where; nil: nothing, which costs nothing.
  ///   - observe: gets each event, after the log.
  package init(
    _ configuration: BeatConfiguration, logger: Logger, manager: ServiceManager? = nil,
    monitoring: MonitoringOptions? = nil,
    observe: @escaping (DaemonEvent) -> Void = { _ in }
  ) throws {
    self.configuration = configuration
    let loop = try EventLoop()
    self.loop = loop
    let keys = RedisKeys(prefix: configuration.keyPrefix)
    let log = DaemonLog(logger, configuration, on: loop)
    self.log = log
    var random = SystemRandomNumberGenerator()
    let instance = String(random.next() as UInt64, radix: 16)
    var daemon = try DaemonConfiguration(configuration, as: instance)
    daemon.timesEdits = monitoring != nil
    let ending = Ending()
    self.ending = ending
    let manager = manager.flatMap { Self.reporter(to: $0, configuration, logger, on: loop) }
    self.manager = manager
    let metrics = monitoring.map {
      DaemonMetrics(DaemonMetrics.Options(schedules: $0.schedules), configuration.build, in: loop)
    }
    self.metrics = metrics
    self.daemon = try Daemon(
      daemon, in: loop,
      store: configuration.connector(
        keys: keys, as: instance, incarnation: String(random.next() as UInt64, radix: 16),
        maximumDocumentLength: daemon.scheduler.maximumDocumentLength + Bookkeeping.room, on: loop),
      broker: configuration.publisher(keys: keys, as: instance, on: loop),
      readers: [{ log.report($0) }, observe] + (manager.map { [$0.report] } ?? [])
        + (metrics.map { [$0.take] } ?? [])
    ) { end in
      log.flush()
      if case .misconfigured(let text) = end { manager?.stop(text) }
      ending.end = end
      loop.stop()
    }
    manager?.count = { [unowned self] in self.daemon.counts }
    let startedAt = ProcessFigures.startTime(bootTime: BootClock.now(), wallTime: SystemClock.now())
    metrics?.process = { ProcessFigures.read(startedAt: startedAt) }
    metrics?.vitals = { [unowned self] in self.daemon.vitals }
    if let monitoring, let metrics {
      endpoint = try MonitoringEndpoint(on: monitoring.address, loop: loop, metrics: metrics) { [unowned self] in
        (health.isReady, healthInWords)
      }
    }
  }

  /// A daemon that cannot tell its service manager works all the same.
  private static func reporter(
    to manager: ServiceManager, _ configuration: BeatConfiguration, _ logger: Logger, on loop: EventLoop
  ) -> ServiceReporter? {
    do {
      return try ServiceReporter(manager, store: "\(configuration.store)", logger: logger, on: loop)
    } catch {
      logger.debug("service manager", metadata: ["reason": .string("\(error)")])
      return nil
    }
  }

  /// Connects, watches and fires. It returns after `stop()`, or when a setting makes the work impossible.
  package func run() -> End {
    log.report(configuration.transportOptions, defaultQueue: configuration.defaultQueue)
    manager?.start()
    metrics?.start()
    daemon.start()
    loop.run()
    metrics?.stop()
    endpoint?.close()
    daemon.close()
    // A connection ends in a turn of the loop. Without that turn, connection and loop would stay in memory until the
    // process ends.
    loop.serveReady()
    switch ending.end {
    case .stopped: return .stopped
    case .misconfigured(let text): return .misconfigured(text)
    }
  }

  /// Begins no new fire, waits at most `stopPatience` for the replies that are open, and lets `run` return.
  package func stop() {
    manager?.stop()
    daemon.stop()
  }

  /// Where the monitoring endpoint listens; nil: there is none.
  package var monitoringAddress: ListenAddress? { endpoint?.address }

  /// Whether the daemon is ready, and if not, why.
  package var health: DaemonHealth { daemon.health }

  /// The same in sentences: the verdict, and then reasons with what to do. No password is in them.
  package var healthInWords: [String] {
    daemon.health.lines(store: "\(configuration.store)", broker: "\(configuration.broker)")
  }

  /// A mailbox through which other threads reach the service's thread. The caller closes it.
  func mailbox() throws -> LoopMailbox { try LoopMailbox(on: loop) }

  /// Stops the daemon at these signals. The second signal ends the process at once.
  package func stop(on signals: [Int32]) throws -> [SignalSource] {
    try signals.map { number in
      try SignalSource(on: loop, signal: number) { [unowned self] in
        if daemon.isStopping { _exit(1) }
        stop()
      }
    }
  }

  /// Reads the zone files again at this signal, for a machine whose zone data was updated.
  package func reload(on signal: Int32) throws -> SignalSource {
    try SignalSource(on: loop, signal: signal) { [unowned self] in
      manager?.reload()
      daemon.reload()
    }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension BeatService: Sendable {}
