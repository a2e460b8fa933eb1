/// Which log lines of one kind are written where there are more than anybody reads. The others are to be counted.
///
/// At once `Limit.lineBurst` are, and then `Limit.lineRate` a second. Half of the burst is kept for names that have not been
/// heard of in the last ten seconds: who edits one schedule by hand reads of it beside a flood of edits of others. Names
/// are remembered as far as there is room; past that all are new ones, and a flood of ever new names hides others.
package struct LineBudget {
  /// A line costs this, in microseconds: what the budget grows by in its time.
  private static let price = 1_000_000 / Int64(Limit.lineRate.most)
  private static let most = Int64(Limit.lineBurst.most) * price
  /// A longer line costs as much as so many.
  private static let ordinaryLength = 512

  private var credit = Self.most
  private var countedAt: BootTime?
  private var names = RecentNames()

  package init() {}

  /// Whether a line may be written now. Who writes it says so to `wrote`.
  ///
  /// - Parameter name: which schedule it is about.
  package mutating func admits(_ name: EntryName, at now: BootTime) -> Bool {
    if let countedAt { credit = min(Self.most, credit.saturatingAdd(max(0, now.microseconds(since: countedAt)))) }
    countedAt = now
    return credit > (names.isNew(name, at: now) ? 0 : Self.most / 2)
  }

  /// - Parameter bytes: the length of a line that was written.
  package mutating func wrote(_ bytes: Int) {
    let lines = max(1, (bytes + Self.ordinaryLength - 1) / Self.ordinaryLength)
    // What one long line takes too much is paid off within a minute.
    credit = max(-60_000_000, credit - Int64(min(lines, 1_000)) * Self.price)
  }
}
