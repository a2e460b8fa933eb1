import Logging
import ReactiveBeat
import ServiceLifecycle

/// Schedules a greeting, prints its first three runs, and ends in order. SIGTERM and Ctrl-C end it in order, too.
///
/// Usage: `embedding STORE_URL BROKER_URL`
@main struct Embedding {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { fatalError("usage: embedding STORE_URL BROKER_URL") }
    let configuration = try BeatConfiguration(store: arguments[1], broker: arguments[2])
    let logger = Logger(label: "embedding")
    let daemon = try BeatDaemon(configuration, logger: logger)
    let greeting = Greeting(configuration: configuration, events: daemon.events)

    let services = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: Scheduler(daemon: daemon), successTerminationBehavior: .gracefullyShutdownGroup),
          .init(service: greeting, successTerminationBehavior: .gracefullyShutdownGroup),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await services.run()
  }
}

/// The daemon as a service. A graceful shutdown stops it.
struct Scheduler: Service {
  let daemon: BeatDaemon

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await daemon.run()
    } onGracefulShutdown: {
      daemon.stop()
    }
  }
}

/// Makes a schedule while the daemon runs, and removes it at the end, also on a shutdown. Both take effect at once.
struct Greeting: Service {
  let configuration: BeatConfiguration
  let events: AsyncStream<BeatEvent>

  func run() async throws {
    let schedules = try ScheduleClient(configuration)
    var isScheduled = false
    var runs = 0
    for await event in events.cancelOnGracefulShutdown() {
      switch event {
      case .ready:
        let greeting = try await schedules.put(
          "greeting",
          document: """
            {"name": "greeting", "task": "app.greet", "enabled": true, "args": ["world"],
             "interval": {"every": 1, "period": "seconds"}}
            """)
        isScheduled = true
        print("scheduled \(greeting.name)")
      case .fired(let run):
        runs += 1
        print("sent \(run.name) \(run.taskID), \((run.sent - run.due) / .milliseconds(1)) ms after it was due")
      default: break
      }
      if runs == 3 { break }
    }
    if isScheduled { try await schedules.remove("greeting") }
  }
}
