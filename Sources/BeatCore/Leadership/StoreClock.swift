/// Redis' clock, as far as it can be told between its words: the one clock by which everything is due. All daemons go by
/// it, whatever their own wall clocks show, and whatever is done to those.
///
/// It runs on by the clock that counts from boot. Each reply that carries Redis' time says in which span the truth lies:
/// from what it would be if the reply had taken all of the way, to what it would be if the request had. Inside of it
/// nothing is known better, so nothing changes; from outside the nearest end is taken.
package struct StoreClock: Sendable {
  /// What Redis' clock would have shown at boot; microseconds.
  private var origin: Int64
  private var isTold = false
  /// That our own wall clock is apart from Redis' was said, and not taken back.
  private var isApart = false

  /// A correction from this size on is a clock that was set; microseconds. Below, it is one that was put right gently.
  package static let smallestStep: Int64 = 500_000

  /// Until Redis has told its time: by the machine's own clock.
  package init(_ time: UnixTime, at boot: BootTime) {
    origin = time.microseconds &- boot.microseconds
  }

  package func time(at boot: BootTime) -> UnixTime { UnixTime(microseconds: origin &+ boot.microseconds) }

  /// When the boot clock shows what `time` is.
  package func boot(at time: UnixTime) -> BootTime {
    let (microseconds, overflow) = time.microseconds.subtractingReportingOverflow(origin)
    return BootTime(microseconds: overflow ? (time.microseconds < 0 ? .min : .max) : microseconds)
  }

  /// Redis' clock showed `time` somewhen between the request and the reply.
  /// - Returns: how far Redis' clock was set meanwhile, microseconds; 0 if it was not.
  mutating func told(_ time: UnixTime, sentAt: BootTime, receivedAt: BootTime) -> Int64 {
    let lowest = time.microseconds &- receivedAt.microseconds
    let highest = time.microseconds &- sentAt.microseconds
    let before = origin
    origin = min(max(origin, lowest), max(highest, lowest))
    defer { isTold = true }
    let (step, overflow) = origin.subtractingReportingOverflow(before)
    return isTold && !overflow && step.magnitude >= UInt64(Self.smallestStep) ? step : 0
  }

  /// Redis' clock was ahead of our own wall clock by so many microseconds.
  /// - Returns: the difference, if it has become worth a line; 0, if it is none any more; nil: no news.
  mutating func compared(_ difference: Int64, tolerance: Int64) -> Int64? {
    let isWorthALine = difference.magnitude > tolerance.magnitude
    guard isWorthALine != isApart else { return nil }
    isApart = isWorthALine
    return isWorthALine ? difference : 0
  }
}
