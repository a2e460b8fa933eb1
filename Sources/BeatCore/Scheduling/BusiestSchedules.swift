/// Finds the schedules that fire most often, out of any number of them, with sixteen counters.
///
/// The method is Space-Saving (Metwally, Agrawal, El Abbadi 2005). A schedule without a counter takes over the counter
/// with the fewest fires, and its count. So a count is too high by at most what was taken over, and no schedule with
/// more than a sixteenth of all fires is missed. Only the certain part of a count is reported. Each minute is counted
/// by itself. A fire costs O(1) and no allocation.
struct BusiestSchedules {
  /// One schedule's share of all fires.
  struct Share: Equatable {
    var handle: DueHeap.Handle
    /// The least number of fires that are certain.
    var count: Int64
  }

  /// The counts of one span of time.
  struct Census: Equatable {
    /// The busiest schedules first. Each has at least a hundredth of all fires.
    var shares: [Share]
    var total: Int64
    /// The length of the span; microseconds.
    var span: Int64
    var end: UnixTime
  }

  private static let minute: Int64 = 60_000_000
  private static let size = 16
  /// The shortest span with a meaning; microseconds.
  private static let shortestSpan: Int64 = 1_000_000

  private struct Counter {
    var handle: Int32 = -1
    var count: Int64 = 0
    /// The part of the count that may belong to other schedules.
    var doubt: Int64 = 0
  }

  private var counters = Array(repeating: Counter(), count: BusiestSchedules.size)
  private var total: Int64 = 0
  private var start: UnixTime?
  private var last: Census?

  /// A schedule has fired.
  mutating func count(_ handle: DueHeap.Handle, at now: UnixTime) {
    turn(now)
    total += 1
    let wanted = Int32(truncatingIfNeeded: handle)
    var (place, least, fewest) = (0, 0, Int64.max)
    while place < Self.size, counters[place].handle != wanted {
      if counters[place].count < fewest { (least, fewest) = (place, counters[place].count) }
      place += 1
    }
    if place < Self.size {
      counters[place].count += 1
    } else {
      counters[least] = Counter(handle: wanted, count: fewest + 1, doubt: fewest)
    }
  }

  /// Forgets a handle, which may become another schedule's.
  mutating func forget(_ handle: DueHeap.Handle) {
    guard total > 0 || last != nil else { return }
    let gone = Int32(truncatingIfNeeded: handle)
    // The count stays, for the next schedule that takes the counter: that one's count may be too high by it.
    for place in counters.indices where counters[place].handle == gone { counters[place].handle = -1 }
    last?.shares.removeAll { $0.handle == handle }
  }

  /// The census of the last whole minute, or of the first minute so far; nil: nothing was counted, or the last minute
  /// is long ago.
  mutating func census(at now: UnixTime) -> Census? {
    turn(now)
    if let last, now.microseconds(since: last.end) <= Self.minute { return last }
    guard let start, total > 0, now.microseconds(since: start) >= Self.shortestSpan else { return nil }
    return census(from: start, to: now)
  }

  private mutating func turn(_ now: UnixTime) {
    guard let start else { return self.start = now }
    let passed = now.microseconds(since: start)
    // If the clock was set back, the count starts again, too.
    guard passed >= Self.minute || passed < 0 else { return }
    last = passed >= 0 && total > 0 ? census(from: start, to: now) : nil
    for place in counters.indices { counters[place] = Counter() }
    total = 0
    self.start = now
  }

  private func census(from start: UnixTime, to end: UnixTime) -> Census {
    let shares = counters.filter { $0.handle >= 0 && ($0.count - $0.doubt) * 100 >= total && $0.count > $0.doubt }
      .map { Share(handle: Int($0.handle), count: $0.count - $0.doubt) }
      .sorted { ($0.count, $1.handle) > ($1.count, $0.handle) }
    return Census(shares: shares, total: total, span: max(1, end.microseconds(since: start)), end: end)
  }
}
