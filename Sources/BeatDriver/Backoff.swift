/// The waits between attempts. They grow, and their length is random, so that clients do not all reach a returning
/// server at once.
package struct Backoff {
  /// A connection that lasted this long was healthy, however long it took to make; microseconds.
  private static let recovery: Int64 = 10_000_000
  /// A connection that lasted this many times as long as it took to make, and at least the present ceiling, was
  /// healthy, too: making it again and again is a small part of the time.
  private static let worth: Int64 = 4

  /// The first ceiling of a wait and the highest; microseconds.
  private let ceilings: ClosedRange<Int64>
  private var ceiling: Int64

  package init(_ ceilings: ClosedRange<Int64> = Self.usual) {
    self.ceilings = ceilings
    ceiling = ceilings.lowerBound
  }

  package static let usual: ClosedRange<Int64> = 50_000...5_000_000

  /// Microseconds until the next attempt: between half of the present ceiling and the ceiling, which doubles up to the
  /// highest. After a healthy connection the ceiling is the first again.
  ///
  /// - Parameters:
  ///   - health: how long the last connection lasted; microseconds, 0 if none was made.
  ///   - making: how long it took to make; microseconds.
  ///   - random: draws a number from a range.
  package mutating func next(
    afterHealth health: Int64, making: Int64, random: (ClosedRange<Int64>) -> Int64
  ) -> Int64 {
    let (worthwhile, _) = making.multipliedReportingOverflow(by: Self.worth)
    if health >= min(Self.recovery, max(worthwhile, ceiling)) { ceiling = ceilings.lowerBound }
    defer { ceiling = min(ceiling * 2, ceilings.upperBound) }
    return random(ceiling / 2...ceiling)
  }
}
