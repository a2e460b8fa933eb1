import BeatCore
import BeatDriver
import BeatLoop
import Glibc
import Logging
import Synchronization

/// The scheduler as a part of an application. It watches the documents and sends what is due, as `beat-watch` does.
///
/// ```swift
/// let daemon = try BeatDaemon(
///   BeatConfiguration(store: "redis://localhost:6379/1", broker: "redis://localhost:6379/0"))
/// try await daemon.run()
/// ```
///
/// The daemon works on a thread of its own and uses none of Swift's. From `run()` on, the process ignores SIGPIPE.
public final class BeatDaemon: Sendable {
  /// The project's version: `major.minor.patch` (semver.org).
  public static let version = "0.1.0"

  private enum Phase {
    case new
    /// The daemon's thread is being started.
    case starting
    case running(LoopMailbox.Sender, Stop)
    case ended
  }

  /// The service, which only the daemon's thread may touch.
  private struct Stop: @unchecked Sendable {
    unowned let service: BeatService
  }

  private struct State {
    var phase = Phase.new
    /// The daemon must stop. `stop()` may have been called before its thread ran.
    var mustStop = false
  }

  private let configuration: BeatConfiguration
  private let logger: Logger
  private let state = Mutex(State())
  private let broadcast = EventBroadcast()

  /// - Parameters:
  ///   - configuration: where the schedules and the queues are, with limits and intervals.
  ///   - logger: takes the daemon's log. The messages and their fields are those of `beat-watch`.
  /// - Throws: `BeatError` of the kind `configuration`, which names the value that is out of its range.
  public init(_ configuration: BeatConfiguration, logger: Logger = Logger(label: "reactivebeat")) throws(BeatError) {
    try configuration.validate()
    self.configuration = configuration
    self.logger = logger
  }

  deinit { broadcast.finish() }

  /// Connects, watches and fires until `stop()` is called or the task is cancelled. Both end the daemon in order. If a
  /// server is away, the daemon does not end: it tries to connect again. A `BeatDaemon` runs once.
  ///
  /// - Throws: `BeatError`. The kind is `configuration` if the daemon cannot work before a setting is changed, for
  ///   example with a Redis that is too old. It is `refused` if the daemon already runs or has ended, or if the system
  ///   has no thread or descriptor left. The events then end without `stopped`.
  public func run() async throws(BeatError) {
    try begin()
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, BeatError>, Never>) in
        do throws(EventLoopError) {
          try OwnThread.start { [self] in continuation.resume(returning: serve()) }
        } catch {
          continuation.resume(returning: .failure(BeatError(error)))
        }
      }
    } onCancel: {
      stop()
    }
    state.withLock { $0.phase = .ended }
    broadcast.finish()
    try outcome.get()
  }

  /// Begins no new fire, waits at most `stopPatience` for the replies that are open, and lets `run()` return. It may be
  /// called from any thread. A second call does nothing.
  public func stop() {
    let running: (LoopMailbox.Sender, Stop)? = state.withLock { state in
      guard !state.mustStop else { return nil }
      state.mustStop = true
      guard case .running(let sender, let stop) = state.phase else { return nil }
      return (sender, stop)
    }
    guard let (sender, stop) = running else { return }
    sender.post { stop.service.stop() }
  }

  /// The events from now on. Each call returns a new stream, which ends when the daemon ends, for whatever reason. A
  /// stream keeps 1,024 events for a slow reader; beyond that, it drops the oldest.
  public var events: AsyncStream<BeatEvent> { broadcast.stream() }

  private func begin() throws(BeatError) {
    let isFirst = state.withLock { state in
      guard case .new = state.phase else { return false }
      state.phase = .starting
      return true
    }
    guard isFirst else { throw BeatError(.refused, "a BeatDaemon runs once: make another one") }
  }

  /// The whole life of the daemon, on its thread.
  private func serve() -> Result<Void, BeatError> {
    do {
      let service = try BeatService(configuration, logger: logger) { [broadcast] in broadcast.tell($0) }
      let mailbox = try service.mailbox()
      let mustStop = state.withLock { state in
        state.phase = .running(mailbox.sender, Stop(service: service))
        return state.mustStop
      }
      if mustStop { service.stop() }
      let end = service.run()
      mailbox.close()
      if case .misconfigured(let text) = end { return .failure(BeatError(.configuration, text)) }
      return .success(())
    } catch let error as EventLoopError {
      return .failure(BeatError(error))
    } catch {
      return .failure(BeatError(.configuration, "\(error)"))
    }
  }
}
