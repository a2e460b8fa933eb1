import ArgumentParser
import Glibc
import Logging
import ReactiveBeat

/// `beat-watch run`: the daemon.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Watches the schedules and sends what is due: the daemon.",
    discussion: """
      Each option can be given as an environment variable instead; the option wins. A password belongs into the \
      environment, since other users can see a command line.

      URLs: redis://[user:password@]host:6379/0, redis+socket:///path?virtual_host=0, by TLS rediss://host:6380/0 with \
      ?ssl_ca_certs=, ssl_certfile=, ssl_keyfile=, ssl_cert_reqs=required|none, ssl_check_hostname=true|false; the \
      primary of Sentinel sentinel://[user:password@]host:26379/0;sentinel://host2 (rediss+sentinel:// by TLS) \
      with ?master_name=, sentinel_username=, sentinel_password=, sentinel_ssl=true|false. The broker may also be RabbitMQ: \
      amqp://[user:password@]host:5672/vhost, by TLS amqps://, with ?heartbeat=, connect_timeout=, \
      login_method=PLAIN|EXTERNAL; several with ; between them.

      SIGHUP reads the zone files again. Ends with status 0 after SIGTERM or SIGINT, 1 after a second one, 64 for a wrong \
      option, URL or zone, 78 if Redis must first be set up otherwise.
      """)

  @OptionGroup var options: StoreOptions

  @Option(
    help: "Seconds until another daemon takes over from one that died, 1 to 3600. [BEAT_WATCH_LEASE_TTL; default 5]")
  var leaseTTL: String?

  @Flag(help: "Fire without a lease: for a daemon that is the only one.")
  var noLease = false

  @Option(help: "Seconds between looks where edits cannot be heard, 1 to 3600. [BEAT_WATCH_POLL_INTERVAL; default 5]")
  var pollInterval: String?

  @Option(help: "Seconds between audits of all schedules, 0 for none. [BEAT_WATCH_AUDIT_INTERVAL; default 300]")
  var auditInterval: String?

  @Option(
    help: """
      Messages that may wait for a broker on another server, 1 to 10000000. [BEAT_WATCH_OUTBOX_LIMIT; default 100000]
      """)
  var outboxLimit: String?

  @Option(
    help: "About how many fires the history keeps, 0 to 10000000; 0: there is none. [BEAT_WATCH_HISTORY; default 10000]"
  )
  var history: String?

  @Option(
    help: """
      Fires in a second, at most, 1 to 1000000, or none: what exceeds it is late, and what is on time goes first. \
      [BEAT_WATCH_MAX_RATE; default none]
      """)
  var maxRate: String?

  @Option(help: "A file that holds the process' id while it runs. [BEAT_WATCH_PIDFILE]", completion: .file())
  var pidfile: String?

  @Option(
    help: """
      Where /livez, /readyz and /metrics are served: an address and a port, or unix:/path. \
      [BEAT_WATCH_HTTP_LISTEN; default none]
      """)
  var httpListen: String?

  @Option(
    help: """
      How many schedules have metrics of their own, 0 to 10000; for further ones there are none. \
      [BEAT_WATCH_METRICS_PER_SCHEDULE; default 0]
      """)
  var metricsPerSchedule: String?

  @Option(help: "debug, info, notice, warning or error. [BEAT_WATCH_LOG_LEVEL; default info]")
  var logLevel: String?

  @Option(help: "text or json. [BEAT_WATCH_LOG_FORMAT; default text]")
  var logFormat: String?

  func run() throws {
    let level = try Setting("--log-level", logLevel, "BEAT_WATCH_LOG_LEVEL", default: "info").checked {
      guard let level = Logger.Level(rawValue: $0.lowercased()) else {
        throw ValidationError("expected debug, info, notice, warning or error")
      }
      return level
    }
    let format = try Setting("--log-format", logFormat, "BEAT_WATCH_LOG_FORMAT", default: "text").checked {
      guard let format = LogOutput.Format(rawValue: $0) else { throw ValidationError("expected text or json") }
      return format
    }

    var configuration = try options.configuration()
    let ttl = try Setting("--lease-ttl", leaseTTL, "BEAT_WATCH_LEASE_TTL", default: "5").seconds(1...3600)
    configuration.pollInterval = try Setting(
      "--poll-interval", pollInterval, "BEAT_WATCH_POLL_INTERVAL", default: "5"
    ).seconds(1...3600)
    let audit = try Setting(
      "--audit-interval", auditInterval, "BEAT_WATCH_AUDIT_INTERVAL", default: "300"
    ).seconds(0...86_400)
    configuration.auditInterval = audit == .zero ? nil : audit
    configuration.leaseTTL = noLease ? nil : ttl
    configuration.outboxLimit = try Setting(
      "--outbox-limit", outboxLimit, "BEAT_WATCH_OUTBOX_LIMIT", default: "100000"
    ).checked {
      guard let count = Int($0), (1...10_000_000).contains(count) else {
        throw ValidationError("expected a whole number, 1 to 10000000")
      }
      return count
    }

    configuration.historyLength = try Setting("--history", history, "BEAT_WATCH_HISTORY", default: "10000").checked {
      guard let count = Int($0), (0...10_000_000).contains(count) else {
        throw ValidationError("expected a whole number, 0 to 10000000")
      }
      return count
    }

    configuration.maximumRate = try Setting("--max-rate", maxRate, "BEAT_WATCH_MAX_RATE", default: "none").checked {
      if $0 == "none" { return nil }
      guard let count = Int($0), (1...1_000_000).contains(count) else {
        throw ValidationError("expected a whole number, 1 to 1000000, or none")
      }
      return count
    }

    let monitoring = try monitoring()

    guard try followParent() else { return }
    let file = try Setting.optional(pidfile, "BEAT_WATCH_PIDFILE").map { try PIDFile(at: $0) }
    defer { file?.remove() }
    let logger = Logger(label: "beat-watch") { _ in LogOutput(format: format, level: level) }
    let service = try BeatService(
      configuration, logger: logger, manager: .takenFromEnvironment(), monitoring: monitoring)
    let signals = try service.stop(on: [SIGTERM, SIGINT]) + [service.reload(on: SIGHUP)]
    let end = service.run()
    withExtendedLifetime(signals) {}
    if case .misconfigured(let text) = end {
      StandardError.write(line: "beat-watch: \(text)")
      throw ExitCode.configuration
    }
  }

  private func monitoring() throws -> MonitoringOptions? {
    let schedules = try Setting(
      "--metrics-per-schedule", metricsPerSchedule, "BEAT_WATCH_METRICS_PER_SCHEDULE", default: "0"
    ).checked {
      guard let count = Int($0), (0...10_000).contains(count) else {
        throw ValidationError("expected a whole number, 0 to 10000")
      }
      return count == 0 ? nil : count
    }
    let listen = try Setting("--http-listen", httpListen, "BEAT_WATCH_HTTP_LISTEN", default: "none")
    guard listen.value != "none" else {
      guard schedules == nil else {
        throw ValidationError("--metrics-per-schedule: there are no metrics without --http-listen")
      }
      return nil
    }
    return MonitoringOptions(address: try listen.checked { try ListenAddress($0) }, schedules: schedules)
  }

  /// A daemon that is part of another process, such as a worker, ends with it. BEAT_WATCH_PARENT names that process.
  ///
  /// - Returns: false: the process has ended already.
  private func followParent() throws -> Bool {
    guard let parent = Setting.optional(nil, "BEAT_WATCH_PARENT") else { return true }
    guard let pid = pid_t(parent), pid > 0 else {
      throw ValidationError("BEAT_WATCH_PARENT: expected the id of a process")
    }
    return try ParentProcess.sendAtItsEnd(SIGTERM, of: pid)
  }
}
