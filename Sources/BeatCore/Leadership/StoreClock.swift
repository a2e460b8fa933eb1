/// The store's clock, estimated between its replies. All schedules are due by it, so that all daemons agree, whatever
/// their own wall clocks show.
///
///     boot clock                        sentAt ------------ receivedAt
///     if the store's clock showed T     here: highest       here: lowest
///
/// The estimate advances with the boot clock. A reply says that the store's clock showed T at some moment between
/// `sentAt` and `receivedAt`, so the estimate for now has a lowest and a highest possible value. An estimate between
/// the two stays; one outside moves to the nearer of the two. A slow reply therefore never spoils what a fast one has
/// shown.
package struct StoreClock: Sendable {
  /// What the store's clock would have shown at boot; microseconds.
  private var origin: Int64
  private var isTold = false
  /// The difference from this machine's wall clock was reported, and its end was not.
  private var isApart = false

  /// A correction of at least this size means that the store's clock was set; microseconds. A smaller one means that it
  /// was slewed, or that the boot clock drifts.
  package static let smallestStep: Int64 = 500_000

  /// The estimate until the first reply: this machine's wall clock.
  package init(_ time: UnixTime, at boot: BootTime) {
    origin = time.microseconds &- boot.microseconds
  }

  package func time(at boot: BootTime) -> UnixTime { UnixTime(microseconds: origin &+ boot.microseconds) }

  /// The boot clock's time at which the store's clock will show `time`.
  package func boot(at time: UnixTime) -> BootTime {
    let (microseconds, overflow) = time.microseconds.subtractingReportingOverflow(origin)
    return BootTime(microseconds: overflow ? (time.microseconds < 0 ? .min : .max) : microseconds)
  }

  /// Corrects the estimate: the store's clock showed `time` at some moment between the request and the reply.
  /// - Returns: how far the store's clock was set since the last reply; microseconds, 0 if it was not set.
  mutating func told(_ time: UnixTime, sentAt: BootTime, receivedAt: BootTime) -> Int64 {
    let lowest = time.microseconds &- receivedAt.microseconds
    let highest = time.microseconds &- sentAt.microseconds
    let before = origin
    origin = min(max(origin, lowest), max(highest, lowest))
    defer { isTold = true }
    let (step, overflow) = origin.subtractingReportingOverflow(before)
    return isTold && !overflow && step.magnitude >= UInt64(Self.smallestStep) ? step : 0
  }

  /// Compares the two clocks.
  ///
  /// - Parameter difference: the store's clock minus this machine's wall clock; microseconds.
  /// - Returns: the difference when it first exceeds the tolerance; 0 when it no longer does; nil: nothing has changed.
  mutating func compared(_ difference: Int64, tolerance: Int64) -> Int64? {
    let isWorthALine = difference.magnitude > tolerance.magnitude
    guard isWorthALine != isApart else { return nil }
    isApart = isWorthALine
    return isWorthALine ? difference : 0
  }
}
