import BeatCore
internal import CHiredisAsync
import Glibc

/// One absolute alarm on the clock that counts from boot, exact to the kernel's timers.
///
/// It is a timerfd on CLOCK_BOOTTIME. No user can set that clock, and it goes on during suspend.
package final class WakeTimer {
  /// The time for which the timer is armed; nil: none.
  package private(set) var target: BootTime?

  private let loop: EventLoop
  private let handler: () -> Void
  private let descriptor: Int32
  private var event: OpaquePointer?
  /// The handler runs in the next turn of the loop, if the armed time has still passed by then.
  private var isComing = false

  /// Makes a timer that is not armed.
  package init(on loop: EventLoop, _ handler: @escaping () -> Void) throws(EventLoopError) {
    loop.assertOnLoop()
    self.loop = loop
    self.handler = handler
    descriptor = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
    guard descriptor >= 0 else { throw EventLoopError("timerfd", errno: errno) }
    event = event_new(
      loop.base, descriptor, Int16(EV_READ | EV_PERSIST), { _, _, timer in timer.map { WakeTimer.from($0).wake() } },
      Unmanaged.passUnretained(self).toOpaque())
    guard event != nil, event_add(event, nil) == 0 else { throw EventLoopError("timerfd", errno: ENOMEM) }
  }

  /// Runs the handler once at `time`, never earlier. A past time means in the next turn of the loop; nil means never.
  /// Arming it at the same time again costs nothing.
  package func arm(at time: BootTime?) {
    loop.assertOnLoop()
    guard time != target else { return }
    target = time
    // The kernel's timer costs two system calls and an interrupt, which a burst would pay for each of its pages.
    if let time, time <= BootClock.now() { return goOffSoon() }
    set()
  }

  private func goOffSoon() {
    guard !isComing else { return }
    isComing = true
    loop.soon { [weak self] in
      guard let self else { return }
      isComing = false
      guard let target, target <= BootClock.now() else { return }
      self.target = nil
      handler()
    }
  }

  private func wake() {
    var expirations: UInt64 = 0
    // If there is nothing to read, the timer was armed again after it went off. If the target lies ahead, it went off
    // for an earlier one.
    guard read(descriptor, &expirations, MemoryLayout<UInt64>.size) > 0, let target, target <= BootClock.now() else {
      return
    }
    self.target = nil
    handler()
  }

  private func set() {
    var specification = itimerspec()
    if let target {
      // A value of zero would disarm the timer.
      let microseconds = max(target.microseconds, 0)
      specification.it_value.tv_sec = Int(microseconds / 1_000_000)
      specification.it_value.tv_nsec = max(Int(microseconds % 1_000_000) * 1000, microseconds == 0 ? 1 : 0)
    }
    let status = timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &specification, nil)
    precondition(status == 0, "timerfd_settime: \(String(cString: strerror(errno)))")
  }

  deinit {
    if let event { event_free(event) }
    if descriptor >= 0 { close(descriptor) }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> WakeTimer {
    Unmanaged<WakeTimer>.fromOpaque(context).takeUnretainedValue()
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension WakeTimer: Sendable {}
