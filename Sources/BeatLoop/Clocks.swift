import BeatCore
import Glibc

/// A point on the machine's monotonic clock, in nanoseconds, for deadlines and measured times only.
///
/// The clock stands still during suspend and starts again with each boot. It does not mix with `UnixTime`.
package struct MonotonicTime: Hashable, Comparable, Sendable {
  /// Nanoseconds of CLOCK_MONOTONIC.
  package var nanoseconds: Int64

  /// Makes a point from nanoseconds of CLOCK_MONOTONIC.
  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Reads the clock.
  package static func now() -> MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// Whole microseconds from `earlier` to here, rounded towards zero; negative when `earlier` is later.
  package func microseconds(since earlier: MonotonicTime) -> Int64 {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    if overflow { return nanoseconds < 0 ? .min : .max }
    return difference / 1000
  }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// The machine's wall clock. The driver reads it and passes the time on as an argument; no other code reads it.
package enum SystemClock {
  /// Reads CLOCK_REALTIME, rounded down to the microsecond.
  package static func now() -> UnixTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UnixTime(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000)
  }
}
