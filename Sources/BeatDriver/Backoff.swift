/// Waits between attempts: they grow, and are spread by chance, so that a server that comes back is not met by all its
/// clients at once.
package struct Backoff {
  /// What stood for so long was well, whatever it took to make.
  private static let recovery: Int64 = 10_000_000
  /// What stood so many times as long as it took to make was well, too: making it anew each time is a small part of
  /// the whole.
  private static let worth: Int64 = 4

  /// The first ceiling and the longest; microseconds.
  private let ceilings: ClosedRange<Int64>
  private var ceiling: Int64

  package init(_ ceilings: ClosedRange<Int64> = Self.usual) {
    self.ceilings = ceilings
    ceiling = ceilings.lowerBound
  }

  package static let usual: ClosedRange<Int64> = 50_000...5_000_000

  /// Microseconds until the next attempt: between half the present ceiling and the ceiling, which doubles up to 5 s.
  /// After one that was well it begins again with the shortest; else the failure belongs to the same trouble.
  ///
  /// - Parameters:
  ///   - health: for how long the last attempt stood; microseconds, 0 if it came to nothing.
  ///   - making: what it took to make it; microseconds.
  ///   - random: draws the wait.
  package mutating func next(
    afterHealth health: Int64, making: Int64, random: (ClosedRange<Int64>) -> Int64
  ) -> Int64 {
    let (worthwhile, _) = making.multipliedReportingOverflow(by: Self.worth)
    if health >= min(Self.recovery, max(worthwhile, ceiling)) { ceiling = ceilings.lowerBound }
    defer { ceiling = min(ceiling * 2, ceilings.upperBound) }
    return random(ceiling / 2...ceiling)
  }
}
