import Glibc

/// How far the wall clock was set. Its distance to the clock that counts from boot, suspend included, changes only by
/// steps: NTP's gentle corrections move both alike.
struct ClockStep {
  private var distance = Self.distance()

  /// Microseconds since the last measurement; negative: back. Below a millisecond it is the noise of reading two clocks.
  mutating func measure() -> Int64 {
    let new = Self.distance()
    defer { distance = new }
    let step = new - distance
    return step.magnitude < 1_000 ? 0 : step
  }

  private static func distance() -> Int64 { microseconds(CLOCK_REALTIME) - microseconds(CLOCK_BOOTTIME) }

  private static func microseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
  }
}
