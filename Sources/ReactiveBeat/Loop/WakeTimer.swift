import BeatCore
internal import CHiredisAsync
import Glibc

/// One absolute alarm on the wall clock, exact to the kernel's timers, that also tells when somebody sets the clock.
///
/// A timerfd on CLOCK_REALTIME: it keeps its meaning through suspend, and a step of the clock (not a slew) is
/// reported, armed or not, so that every due time can be computed anew.
public final class WakeTimer {
  /// Why the handler runs.
  public enum Wake: Sendable, Equatable {
    /// The armed time has come. The timer is disarmed until `arm(at:)`.
    case due
    /// The wall clock was set. An armed time stays armed, and follows as `.due` when it is now past.
    case clockChanged
  }

  /// The armed time, or nil.
  public private(set) var target: UnixTime?

  /// Seconds; the year 2255. The kernel counts nanoseconds in 64 bits.
  private static let farthest: Int64 = 9_000_000_000

  private let loop: EventLoop
  private let handler: (Wake) -> Void
  private let descriptor: Int32
  private var event: OpaquePointer?
  private var isSetInKernel = false
  private var missedClockChange = false

  /// Makes a timer that is not armed but already reports changes of the clock.
  public init(on loop: EventLoop, _ handler: @escaping (Wake) -> Void) throws(EventLoopError) {
    loop.assertOnLoop()
    self.loop = loop
    self.handler = handler
    descriptor = timerfd_create(CLOCK_REALTIME, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
    guard descriptor >= 0 else { throw EventLoopError("timerfd for the wall clock", errno: errno) }
    event = event_new(
      loop.base, descriptor, Int16(EV_READ | EV_PERSIST), { _, _, timer in timer.map { WakeTimer.from($0).wake() } },
      Unmanaged.passUnretained(self).toOpaque())
    guard event != nil, event_add(event, nil) == 0 else {
      throw EventLoopError("timerfd for the wall clock", errno: ENOMEM)
    }
    set()
  }

  /// Wakes at `time` and never before; a past time wakes in the next turn of the loop, nil never.
  /// The same time again costs nothing.
  public func arm(at time: UnixTime?) {
    loop.assertOnLoop()
    guard time != target || !isSetInKernel else { return }
    target = time
    set()
  }

  private func wake() {
    if missedClockChange {
      missedClockChange = false
      handler(.clockChanged)
      return
    }
    var expirations: UInt64 = 0
    if read(descriptor, &expirations, MemoryLayout<UInt64>.size) > 0 {
      let now = SystemClock.now()
      guard let target, now >= target else {
        // The kernel was given less than the target, or "never" has come. Wait on, while it can still wait.
        if now.microseconds < WakeTimer.farthest * 1_000_000 { set() }
        return
      }
      self.target = nil
      isSetInKernel = false
      handler(.due)
      if !isSetInKernel { set() }
    } else if errno == ECANCELED {
      // The kernel drops an expiry that coincides with the change: set again, or the wake-up would be lost.
      set()
      handler(.clockChanged)
    }
  }

  /// Hands the target to the kernel. A disarmed timerfd reports no change of the clock, so "never" is a far time.
  private func set() {
    let microseconds = target?.microseconds ?? .max
    var specification = itimerspec()
    if microseconds <= 0 {
      specification.it_value.tv_nsec = 1  // Zero would disarm.
    } else if microseconds / 1_000_000 >= WakeTimer.farthest {
      specification.it_value.tv_sec = Int(WakeTimer.farthest)
    } else {
      specification.it_value.tv_sec = Int(microseconds / 1_000_000)
      specification.it_value.tv_nsec = Int(microseconds % 1_000_000) * 1000
    }
    isSetInKernel = true
    let flags = Int32(bitPattern: UInt32(truncatingIfNeeded: TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
    guard timerfd_settime(descriptor, flags, &specification, nil) != 0 else { return }
    // ECANCELED: the clock was set just before; the timer is armed all the same, and no read will tell again.
    precondition(errno == ECANCELED, "timerfd_settime: \(String(cString: strerror(errno)))")
    missedClockChange = true
    event_active(event, Int32(EV_READ), 0)
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
