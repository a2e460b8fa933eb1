/// A series of wall clock readings, and how it meets the days on which wall clocks are changed.
///
/// Readings are microseconds counted as if the wall clock were UTC.
protocol WallClockSeries {
  /// The first reading of the series at or after one; nil if there is none up to the end of year 9999.
  func nextReading(from reading: Int64) -> Int64?
  /// Whether a reading shown again, after clocks were put back by `overlap` microseconds, is another occurrence.
  func repeats(overlap: Int64) -> Bool
  /// Whether a reading that is never shown, as clocks were put forward by `gap` microseconds, occurs nevertheless:
  /// shifted by the length of the gap.
  func fills(gap: Int64) -> Bool
}

extension WallClockSeries {
  /// The first instant after `time` at which the series occurs in a zone. Strictly later than `time`.
  ///
  /// The instants at which wall clocks show a reading are looked for in one stretch of constant distance from UTC
  /// after the other; a stretch also holds the readings stepped over at its beginning. Where the next reading is far
  /// away the stretches up to it are skipped.
  ///
  /// Limit: a skipped reading is looked for up to the next change of clocks only. Where clocks change again sooner than
  /// the first change was long, which no zone has done, such an occurrence may be lost.
  func nextDue(after time: UnixTime, in zone: ZoneRules) -> UnixTime? {
    guard time < .latest else { return nil }
    var cursor = max(time, UnixTime.earliest.advanced(by: -1)).microseconds &+ 1
    // The bound is one that no zone file can reach: each round passes a transition or jumps to the next reading.
    for _ in 0..<(ZoneFile.maximumTransitions &* 2) {
      let segment = zone.segment(at: cursor.flooredDivision(by: 1_000_000))
      let offset = segment.offset &* 1_000_000
      let previousOffset = segment.previousOffset &* 1_000_000
      let end = segment.end.saturatingMultiply(by: 1_000_000)
      var firstReading = cursor &+ offset
      var found: Int64?
      if segment.start > .min {
        let shownUpTo = segment.shownUpTo.saturatingMultiply(by: 1_000_000)
        let opening = segment.start.saturatingAdd(segment.offset).saturatingMultiply(by: 1_000_000)
        if shownUpTo > opening {
          if !repeats(overlap: shownUpTo.saturatingSubtract(opening)) { firstReading = max(firstReading, shownUpTo) }
        } else if shownUpTo < opening, cursor &+ previousOffset < opening, fills(gap: opening &- shownUpTo),
          let skipped = nextReading(from: max(cursor &+ previousOffset, shownUpTo)), skipped < opening
        {
          found = skipped &- previousOffset
        }
      }
      if let reading = nextReading(from: firstReading), reading < end.saturatingAdd(offset) {
        found = min(found ?? .max, reading &- offset)
      }
      if let found { return found <= UnixTime.latest.microseconds ? UnixTime(microseconds: found) : nil }
      guard segment.end < .max, end < UnixTime.latest.microseconds else { return nil }
      // No wall clock is further from UTC than this, so nothing occurs between the two.
      let margin = (ZoneFile.maximumOffset &+ 1) &* 1_000_000
      guard let far = nextReading(from: end &- margin) else { return nil }
      cursor = max(end, far &- margin)
    }
    return nil
  }
}
