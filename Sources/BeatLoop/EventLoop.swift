internal import CHiredisAsync
import Glibc

/// One thread's event loop. It owns a libevent base, on which all timers, signals and connections of the thread live.
///
/// Everything that belongs to a loop must be used on the thread that made the loop. The classes here are not
/// `Sendable`, and a call from another thread is a precondition failure and not a data race.
package final class EventLoop {
  /// The libevent base. It is valid as long as the loop, so an object that registers an event must keep the loop alive.
  package let base: OpaquePointer
  private let owner = pthread_self()
  private var stopRequested = false
  private var deferred: [() -> Void] = []
  private var deferredEvent: OpaquePointer?
  private var trailing: [() -> Void] = []
  private var trailingEvent: OpaquePointer?

  /// True while `run()` is on the stack.
  package private(set) var isRunning = false

  /// Makes a loop for the calling thread.
  ///
  /// It also makes the process ignore SIGPIPE. hiredis writes without MSG_NOSIGNAL, and a server that closes a
  /// connection must cause an error and not the end of the process.
  package init() throws(EventLoopError) {
    _ = signal(SIGPIPE, SIG_IGN)
    try Self.requireDescriptors()
    guard let configuration = event_config_new() else { throw EventLoopError("event loop", errno: ENOMEM) }
    defer { event_config_free(configuration) }
    // Without cached time: a timer that is set after long work could count from before it, and fire early. Without
    // precise timers: they cost a system call in each turn of the loop. For exact times there is `WakeTimer`.
    event_config_set_flag(configuration, Int32(bitPattern: EVENT_BASE_FLAG_NO_CACHE_TIME.rawValue))
    guard let base = event_base_new_with_config(configuration) else { throw EventLoopError("event loop", errno: errno) }
    self.base = base
    deferredEvent = event_new(
      base, -1, 0, { _, _, loop in loop.map { EventLoop.from($0).runDeferred() } },
      Unmanaged.passUnretained(self).toOpaque())
    trailingEvent = event_new(
      base, -1, 0, { _, _, loop in loop.map { EventLoop.from($0).runTrailing() } },
      Unmanaged.passUnretained(self).toOpaque())
    guard deferredEvent != nil, trailingEvent != nil else { throw EventLoopError("event loop", errno: ENOMEM) }
  }

  /// Checks that descriptors are left: libevent ends the process if it lacks the three or four of a loop. It asks for
  /// some more than are needed, since another thread may take some after this check.
  private static func requireDescriptors() throws(EventLoopError) {
    var probes: [Int32] = []
    defer { for probe in probes { close(probe) } }
    for _ in 0..<8 {
      let probe = eventfd(0, Int32(EFD_CLOEXEC))
      guard probe >= 0 else { throw EventLoopError("event loop", errno: errno) }
      probes.append(probe)
    }
  }

  deinit {
    if let deferredEvent { event_free(deferredEvent) }
    if let trailingEvent { event_free(trailingEvent) }
    event_base_free(base)
  }

  /// Serves events until `stop()`, sleeping when there are none. Returns at once when `stop()` came first.
  package func run() {
    assertOnLoop()
    precondition(!isRunning, "EventLoop.run() was called from inside the loop")
    isRunning = true
    // libevent forgets a break that was requested before the loop began, so the loop has a flag of its own.
    if !stopRequested { event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY) }
    stopRequested = false
    isRunning = false
  }

  /// Serves once what is ready now, including deferred work, without waiting. It is for the last steps after `run()`,
  /// such as those of connections that were just closed.
  package func serveReady() {
    assertOnLoop()
    precondition(!isRunning, "EventLoop.serveReady() was called from inside the loop")
    isRunning = true
    // With EVLOOP_NONBLOCK alone, the loop would not end while work defers itself again.
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK)
    stopRequested = false
    isRunning = false
  }

  /// Makes `run()` return after the callback in which this is called.
  package func stop() {
    assertOnLoop()
    stopRequested = true
    event_base_loopbreak(base)
  }

  /// Runs `work` in the next turn of the loop, after the input that is ready by then, in the order of the calls.
  ///
  /// Work that defers more work does not starve connections: work that is added in a turn waits for the next one.
  package func soon(_ work: @escaping () -> Void) {
    assertOnLoop()
    deferred.append(work)
    if deferred.count == 1 { armDeferred() }
  }

  /// Runs `work` in this turn of the loop, after everything that was sent to connections so far is written. It is for
  /// work that no caller waits for, such as log lines. Outside `run()`, it runs in the first turn of `run()`.
  package func afterWriting(_ work: @escaping () -> Void) {
    assertOnLoop()
    trailing.append(work)
    if trailing.count == 1 { event_active(trailingEvent, 0, 0) }
  }

  private func runTrailing() {
    let batch = trailing
    trailing = []
    for work in batch { work() }
  }

  /// Ends the process with a message if the caller is on another thread than the loop's.
  package func assertOnLoop() {
    precondition(pthread_equal(pthread_self(), owner) != 0, "an event loop was used from a thread that is not its own")
  }

  private func armDeferred() {
    // It uses a zero timeout and not event_active: libevent serves an activated event in the same turn, before new
    // input.
    var zero = timeval()
    event_add(deferredEvent, &zero)
  }

  private func runDeferred() {
    let batch = deferred
    deferred = []
    for (index, work) in batch.enumerated() {
      work()
      if stopRequested {
        // Work that has not begun stays first in line for the next run().
        let added = deferred
        deferred = Array(batch[(index + 1)...]) + added
        if added.isEmpty, !deferred.isEmpty { armDeferred() }
        return
      }
    }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> EventLoop {
    Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue()
  }
}

/// A loop runs on the thread that made it. Passing it to another thread is a mistake.
@available(*, unavailable)
extension EventLoop: Sendable {}

/// The system refused something that an event loop needs: descriptors, memory, a thread, or a signal.
package struct EventLoopError: Error, CustomStringConvertible, Sendable {
  /// What was asked for, and the system's reason.
  package let description: String

  /// A reason that is not the system's.
  package init(_ description: String) { self.description = description }

  init(_ what: String, errno code: Int32) {
    description = "\(what): \(Self.reason(code))"
  }

  /// The system's text for an error number, with what to do where that is known.
  package static func reason(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    return switch code {
    case EMFILE: "\(text): raise this process' limit (`ulimit -n`, or LimitNOFILE= of its systemd unit)"
    case ENFILE: "\(text): raise the machine's limit (sysctl fs.file-max)"
    default: text
    }
  }
}
