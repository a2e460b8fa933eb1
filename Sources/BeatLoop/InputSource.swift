internal import CHiredisAsync
import Glibc

/// Calls a handler on the loop when a descriptor has something to read. It neither reads nor closes the descriptor.
package final class InputSource {
  private let loop: EventLoop
  private let handler: () -> Void
  private var event: OpaquePointer?

  /// Watches `descriptor` until `cancel()` or the end of this object. The descriptor must be one that can be waited
  /// for, such as a terminal or a pipe; a plain file is an error.
  package init(on loop: EventLoop, descriptor: Int32, _ handler: @escaping () -> Void) throws(EventLoopError) {
    loop.assertOnLoop()
    self.loop = loop
    self.handler = handler
    event = event_new(
      loop.base, descriptor, Int16(EV_READ | EV_PERSIST),
      { _, _, source in source.map { InputSource.from($0).handler() } },
      Unmanaged.passUnretained(self).toOpaque())
    guard event != nil, event_add(event, nil) == 0 else {
      throw EventLoopError("descriptor \(descriptor)", errno: errno)
    }
  }

  package func cancel() {
    loop.assertOnLoop()
    event_del(event)
  }

  deinit {
    if let event { event_free(event) }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> InputSource {
    Unmanaged<InputSource>.fromOpaque(context).takeUnretainedValue()
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension InputSource: Sendable {}
