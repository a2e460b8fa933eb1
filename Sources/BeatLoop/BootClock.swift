import BeatCore
import Glibc

/// The clock that counts from the machine's start. It goes on during suspend.
package enum BootClock {
  /// Reads CLOCK_BOOTTIME.
  package static func now() -> BootTime {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return BootTime(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000)
  }
}
