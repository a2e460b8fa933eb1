/// How many entries the history may have so that it keeps about a given number of runs. An entry holds the runs of one
/// call of the fire script: one run or many.
///
/// It is the number of entries that the newest runs took, as a moving average over as many runs as are kept. So it follows
/// a change from single runs to bursts, and back, within that many runs. After a start it is the number of runs, which is
/// too many entries in a burst rather than too few.
struct HistoryLength {
  private let runs: Double
  private var kept: Double

  /// - Parameter runs: how many runs are kept; 0: no history.
  init(runs: Int) {
    self.runs = Double(runs)
    kept = self.runs
  }

  /// How many entries are kept.
  var entries: Int { Int(kept.rounded(.up)) }

  /// An entry with so many runs is written.
  mutating func added(runs count: Int) {
    guard runs > 0 else { return }
    kept = min(runs, max(1, kept * (1 - min(1, Double(count) / runs)) + 1))
  }
}
