import BeatCore
import BeatDriver
import BeatLoop
import Logging

/// Tells a service manager what becomes of the daemon: when it is ready, reads its rules again and stops, how it is, and
/// that its loop is alive.
///
/// A message says all that holds. So one that the manager had no room for is made up for by the next, a second later.
final class ServiceReporter {
  /// The shortest time between two lines about how the daemon is, so that a flood of edits is none of messages;
  /// microseconds.
  private static let pause: Int64 = 1_000_000
  /// systemd reads no message of more than 4,096 bytes.
  private static let longestLine = 1024

  private let socket: NotifySocket
  private let logger: Logger
  private var status: ServiceStatus
  /// How many documents are in force, and how many cannot be used.
  var count: () -> (schedules: Int, rejected: Int) = { (0, 0) }

  /// The last message that the manager has got.
  private var told = ""
  private var isReloading = false
  private var isStopping = false
  private var hasFailed = false
  private var pauseTimer: LoopTimer?
  private var watchdogTimer: LoopTimer?

  /// - Parameter store: the store's URL without a password.
  ///
  /// Throws: the manager's socket has an address of an unknown kind, or no descriptor is left.
  init(_ manager: ServiceManager, store: String, logger: Logger, on loop: EventLoop) throws(EventLoopError) {
    socket = try NotifySocket(manager.address)
    self.logger = logger
    status = ServiceStatus(store: store)
    pauseTimer = LoopTimer(on: loop) { [unowned self] in tell() }
    if let watchdog = manager.watchdog {
      // Half of it, as sd_watchdog_enabled(3) advises: a turn of the loop may take a while. The timer is the loop's own,
      // so a loop that is stuck is silent.
      let interval = max(1, watchdog / 2)
      watchdogTimer = LoopTimer(on: loop) { [unowned self] in
        watchdogTimer?.schedule(after: interval)
        _ = send("WATCHDOG=1")
      }
      watchdogTimer?.schedule(after: interval)
    }
  }

  /// Says that the daemon begins.
  func start() { tell() }

  func report(_ event: DaemonEvent) {
    let isChanged = status.take(event)
    switch event {
    case .reloaded, .reloadFailed: if isReloading { reloaded() }
    case .ready: tell()
    default: if isChanged, pauseTimer?.isScheduled == false { tell() }
    }
  }

  /// The daemon is about to read its rules again, and will report how that went.
  func reload() {
    guard status.isReady, !isStopping else { return }
    isReloading = true
    _ = send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicTime.now().nanoseconds / 1000)")
  }

  private func reloaded() {
    isReloading = false
    told = ""
    tell()
  }

  /// Nothing is said after this but that the loop is alive.
  func stop(_ reason: String = "stopping") {
    guard !isStopping else { return }
    isStopping = true
    pauseTimer?.cancel()
    _ = send("STOPPING=1\n\(Self.line(reason))")
  }

  private func tell() {
    guard !isStopping else { return }
    let (schedules, rejected) = count()
    let message =
      (status.isReady ? "READY=1\n" : "") + Self.line(status.line(schedules: schedules, rejected: rejected))
    guard message != told else { return }
    pauseTimer?.schedule(after: Self.pause)
    if send(message) != .full { told = message }
  }

  private static func line(_ text: String) -> String { "STATUS=\(text.printable.beginning(longestLine))" }

  private func send(_ message: String) -> NotifySocket.Outcome {
    let outcome = socket.send(message)
    if case .failed(let reason) = outcome, !hasFailed {
      hasFailed = true
      logger.debug("service manager", metadata: ["reason": .string(reason)])
    }
    return outcome
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension ServiceReporter: Sendable {}
