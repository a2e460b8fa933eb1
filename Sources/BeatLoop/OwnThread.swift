import Glibc

/// A thread for one piece of work. An event loop belongs to the thread that made it, whereas Swift's tasks change their
/// threads. And some system calls block, which a task must not do.
package enum OwnThread {
  /// The signals that a fault of the thread raises. If they were blocked, a fault would end the process without the
  /// application's handler, which may write a crash report.
  private static let faults = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS]

  /// Begins `work` on a new thread. All signals but those of faults are blocked in it, since they are the
  /// application's.
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
