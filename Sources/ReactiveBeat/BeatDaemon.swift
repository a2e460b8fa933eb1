import BeatCore
import BeatDriver
import BeatLoop
import Glibc
import Logging
import Synchronization

/// The scheduler as a part of an application: it watches the documents, and sends what is due, as `beat-watch` does.
///
/// ```swift
/// let daemon = try BeatDaemon(
///   BeatConfiguration(store: "redis://localhost:6379/1", broker: "redis://localhost:6379/0"))
/// try await daemon.run()
/// ```
///
/// It works on a thread of its own and takes none of Swift's. The process ignores SIGPIPE from then on.
public final class BeatDaemon: Sendable {
  /// The project's version: `major.minor.patch` (semver.org).
  public static let version = "0.1.0"

  private enum Phase {
    case new
    /// Its thread is being started.
    case starting
    case running(LoopMailbox.Sender, Stop)
    case ended
  }

  /// What only the daemon's thread may touch.
  private struct Stop: @unchecked Sendable {
    unowned let service: BeatService
  }

  private struct State {
    var phase = Phase.new
    /// It was asked for before the daemon could be told.
    var mustStop = false
  }

  private let configuration: BeatConfiguration
  private let logger: Logger
  private let state = Mutex(State())
  private let broadcast = EventBroadcast()

  /// - Parameters:
  ///   - configuration: where the schedules and the queues are, and how often what is done.
  ///   - logger: takes what the daemon says of itself; the messages and their fields are those of `beat-watch`.
  /// - Throws: `BeatError` of the kind `configuration` that names the value that is out of its range.
  public init(_ configuration: BeatConfiguration, logger: Logger = Logger(label: "reactivebeat")) throws(BeatError) {
    try configuration.validate()
    self.configuration = configuration
    self.logger = logger
  }

  deinit { broadcast.finish() }

  /// Connects, watches and fires until `stop()` is called or the task is cancelled; both end it in order. A server that is
  /// away does not end it: it is tried again.
  ///
  /// - Throws: `BeatError` of the kind `configuration` where going on would not help before something was set up
  ///   otherwise, such as a Redis that is too old; `refused` if it runs already or has ended, or where the system has no
  ///   thread or no descriptors left. The events then end without `stopped`.
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

  /// Begins nothing new, waits for what is on its way, at most `stopPatience`, and lets `run()` return. From any thread;
  /// calling it again does nothing.
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

  /// What happens from now on: a stream of its own at each call, which ends with the daemon, whatever its end. A reader
  /// that is slower than things happen misses the oldest of more than a thousand that wait.
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
