internal import CHiredisAsync
import Glibc

/// One thread's event loop: the owner of a libevent base, on which every timer, signal and connection lives.
///
/// Everything that belongs to a loop is used on the thread that made the loop. Classes here are not `Sendable`, and
/// a call from another thread is a precondition failure and not a data race.
package final class EventLoop {
  /// Valid as long as the loop; whoever registers an event keeps the loop alive.
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
  /// It also makes the process ignore SIGPIPE: hiredis writes without MSG_NOSIGNAL, and a server that hangs up must
  /// be an error and not the end of the process.
  package init() throws(EventLoopError) {
    _ = signal(SIGPIPE, SIG_IGN)
    try Self.requireDescriptors()
    guard let configuration = event_config_new() else { throw EventLoopError("event loop", errno: ENOMEM) }
    defer { event_config_free(configuration) }
    // No cached time: a timer set after long work could count from before it, and fire early.
    // Not precise: that costs a system call in each turn of the loop. What must be exact is a `WakeTimer`.
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

  /// libevent ends the process where it lacks the three or four descriptors of a loop. Another thread may take them after
  /// this look: hence some more than are needed.
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
    // libevent forgets a break that was asked for before the loop began: hence the own flag.
    if !stopRequested { event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY) }
    stopRequested = false
    isRunning = false
  }

  /// Serves what is ready now, deferred work included, without waiting and once: for the last words after `run()`,
  /// such as those of connections that were just closed.
  package func serveReady() {
    assertOnLoop()
    precondition(!isRunning, "EventLoop.serveReady() was called from inside the loop")
    isRunning = true
    // Nonblocking alone would go on as long as work that defers itself again.
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

  /// Runs `work` in the next turn of the loop, after the input that is ready by then; first come, first served.
  ///
  /// Work that defers more work does not starve connections: what is added meanwhile waits for the turn after.
  package func soon(_ work: @escaping () -> Void) {
    assertOnLoop()
    deferred.append(work)
    if deferred.count == 1 { armDeferred() }
  }

  /// Runs `work` in this turn of the loop, after what has been handed to connections so far is written: for what
  /// nobody waits for, such as log lines. Outside `run()`: in its first turn.
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

  /// Stops the process with a sentence when the caller is on another thread than the loop's.
  package func assertOnLoop() {
    precondition(pthread_equal(pthread_self(), owner) != 0, "an event loop was used from a thread that is not its own")
  }

  private func armDeferred() {
    // A zero timeout and not event_active: libevent serves an activated event in the same turn, before new input.
    var zero = timeval()
    event_add(deferredEvent, &zero)
  }

  private func runDeferred() {
    let batch = deferred
    deferred = []
    for (index, work) in batch.enumerated() {
      work()
      if stopRequested {
        // What was not begun stays first in line for the next run().
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

/// A loop runs on the thread that made it: handing it to another thread is a mistake.
@available(*, unavailable)
extension EventLoop: Sendable {}

/// The system refused something that an event loop needs: descriptors, memory, a thread, or a signal.
package struct EventLoopError: Error, CustomStringConvertible, Sendable {
  /// What was wanted and the system's reason.
  package let description: String

  init(_ what: String, errno code: Int32) {
    description = "\(what): \(Self.reason(code))"
  }

  /// The system's text for an error number, and what to do, where that is known.
  package static func reason(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    return switch code {
    case EMFILE: "\(text): raise this process' limit (`ulimit -n`, or LimitNOFILE= of its systemd unit)"
    case ENFILE: "\(text): raise the machine's limit (sysctl fs.file-max)"
    default: text
    }
  }
}
