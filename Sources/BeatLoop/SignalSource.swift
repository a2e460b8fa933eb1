internal import CHiredisAsync
import Glibc

/// Calls a handler on the loop when the process gets a signal.
///
/// libevent serves signals on one base of a process only. So all signal sources must be on the same loop.
package final class SignalSource {
  private let loop: EventLoop
  private let handler: () -> Void
  private var event: OpaquePointer?

  /// Takes over `signal` (SIGTERM, SIGINT, SIGHUP, …) until `cancel()` or the end of this object.
  package init(on loop: EventLoop, signal: Int32, _ handler: @escaping () -> Void) throws(EventLoopError) {
    loop.assertOnLoop()
    self.loop = loop
    self.handler = handler
    event = event_new(
      loop.base, signal, Int16(EV_SIGNAL | EV_PERSIST),
      { _, _, source in source.map { SignalSource.from($0).handler() } },
      Unmanaged.passUnretained(self).toOpaque())
    guard event != nil, event_add(event, nil) == 0 else {
      throw EventLoopError("handler of signal \(signal)", errno: EINVAL)
    }
  }

  /// Restores the signal's former disposition.
  package func cancel() {
    loop.assertOnLoop()
    event_del(event)
  }

  deinit {
    if let event { event_free(event) }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> SignalSource {
    Unmanaged<SignalSource>.fromOpaque(context).takeUnretainedValue()
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension SignalSource: Sendable {}
