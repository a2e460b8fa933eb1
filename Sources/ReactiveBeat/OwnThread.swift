import Glibc

/// A thread for one piece of work: an event loop belongs to the thread that made it, and Swift's tasks change theirs.
enum OwnThread {
  private static let stackSize = 1 << 20

  /// Begins `work` on a new thread, in which all signals are blocked: they are the application's.
  ///
  /// Throws: the system has no thread left.
  static func start(_ work: @escaping @Sendable () -> Void) throws(BeatError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackSize)
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
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
      throw BeatError(.refused, "no thread: \(String(cString: strerror(status)))")
    }
  }

  private final class Box {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
}
