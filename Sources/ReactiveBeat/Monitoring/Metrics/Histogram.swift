/// Counts times in fixed buckets.
final class Histogram {
  /// The buckets' upper bounds, which belong to them; microseconds, rising. One more bucket has the rest.
  let bounds: [Int64]
  /// The count of each bucket.
  private(set) var counts: [Int]
  /// The sum of all times; microseconds. It stays where it is instead of overflowing.
  private(set) var sum: Int64 = 0

  init(_ bounds: [Int64]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  var count: Int { counts.reduce(0, +) }

  /// - Parameter time: microseconds. A negative one, as after a correction of the clock, counts as 0.
  func count(_ time: Int64) {
    let time = max(0, time)
    var index = 0
    while index < bounds.count, bounds[index] < time { index += 1 }
    counts[index] += 1
    let (sum, overflow) = self.sum.addingReportingOverflow(time)
    if !overflow { self.sum = sum }
  }
}

extension Histogram {
  /// From a millisecond, which a good network and a store take together, to a day, by which a run that is made up for may
  /// be late.
  static func lateness() -> Histogram {
    Histogram([
      1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
      10_000_000, 30_000_000, 60_000_000, 300_000_000, 3_600_000_000, 86_400_000_000,
    ])
  }

  /// An edit is in force after one read of its document.
  static func editToEffect() -> Histogram {
    Histogram([
      250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
      10_000_000,
    ])
  }

  /// The loop's timers count in milliseconds, so a shorter delay says nothing.
  static func loopDelay() -> Histogram {
    Histogram([
      2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ])
  }
}
