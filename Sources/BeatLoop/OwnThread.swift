import Glibc

/// A thread for one piece of work: an event loop belongs to the thread that made it, Swift's tasks change theirs, and some
/// calls of the system wait.
package enum OwnThread {
  /// What the thread itself raises by a fault. Blocked, it would end the process without the application's handler, which
  /// may write a crash report.
  private static let faults = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS]

  /// Begins `work` on a new thread, in which all signals but those of faults are blocked: they are the application's.
  ///
  /// - Parameter stackSize: bytes.
  ///
  /// Throws: the system has no thread left.
  package static func start(
    stackSize: Int = 1 << 20, _ work: @escaping @Sendable () -> Void
  ) throws(EventLoopError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackSize)
    // A new thread inherits the mask of the one that starts it.
    var mask = sigset_t()
    var before = sigset_t()
    sigfillset(&mask)
    for fault in faults { sigdelset(&mask, fault) }
    pthread_sigmask(SIG_SETMASK, &mask, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let box = Unmanaged.passRetained(Box(work))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work() }
        return nil
      }, box.toOpaque())
    guard status == 0 else {
      box.release()
      throw EventLoopError("thread", errno: status)
    }
  }

  private final class Box {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
}
