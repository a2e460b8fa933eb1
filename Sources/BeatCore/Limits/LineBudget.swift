/// Which log lines of one kind are written in a flood. The caller counts the others.
///
/// `Limit.lineBurst` lines are written at once, and then `Limit.lineRate` a second. Half of the burst is reserved for
/// names that have not come in the last ten seconds, so that a user who edits one schedule by hand sees its line beside
/// a flood of edits of others. The number of remembered names is bounded (`RecentNames`): a flood of ever new names
/// hides other lines.
package struct LineBudget {
  /// The price of an ordinary line; microseconds, since the credit grows by one with each microsecond.
  private static let price = 1_000_000 / Int64(Limit.lineRate.most)
  private static let most = Int64(Limit.lineBurst.most) * price
  /// A line costs one price for each started part of this length; bytes.
  private static let ordinaryLength = 512

  private var credit = Self.most
  private var countedAt: BootTime?
  private var names = RecentNames()

  package init() {}

  /// Whether a line may be written now. The caller that writes it then calls `wrote`.
  ///
  /// - Parameter name: the schedule that the line is about.
  package mutating func admits(_ name: EntryName, at now: BootTime) -> Bool {
    if let countedAt { credit = min(Self.most, credit.saturatingAdd(max(0, now.microseconds(since: countedAt)))) }
    countedAt = now
    return credit > (names.isNew(name, at: now) ? 0 : Self.most / 2)
  }

  /// - Parameter bytes: the length of a line that was written.
  package mutating func wrote(_ bytes: Int) {
    let lines = max(1, (bytes + Self.ordinaryLength - 1) / Self.ordinaryLength)
    // The debt of one long line is paid off within a minute.
    credit = max(-60_000_000, credit - Int64(min(lines, 1_000)) * Self.price)
  }
}
