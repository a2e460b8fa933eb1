/// Who takes how much: the schedules that fire most often, of any number of them, in sixteen counters.
///
/// Space-Saving (Metwally, Agrawal, El Abbadi 2005): one that has no counter takes that of the one with the fewest, and its
/// count; so a count is too high by at most what was taken over, and none that has more than a sixteenth of all is missed.
/// Only what is certain is told. A minute is counted, then the next one: O(1) for a fire, and nothing allocated.
struct BusiestSchedules {
  /// One schedule's part.
  struct Share: Equatable {
    var handle: DueHeap.Handle
    /// At least so many fires.
    var count: Int64
  }

  /// What was counted in a span of time.
  struct Census: Equatable {
    /// The busiest first; each has at least a hundredth of all.
    var shares: [Share]
    var total: Int64
    /// Microseconds.
    var span: Int64
    var end: UnixTime
  }

  private static let minute: Int64 = 60_000_000
  private static let size = 16
  /// Shorter ones say nothing; microseconds.
  private static let shortestSpan: Int64 = 1_000_000

  private struct Counter {
    var handle: Int32 = -1
    var count: Int64 = 0
    /// Of the count, what may be another's.
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

  /// The handle may become another schedule's.
  mutating func forget(_ handle: DueHeap.Handle) {
    guard total > 0 || last != nil else { return }
    let gone = Int32(truncatingIfNeeded: handle)
    // Its count stays, for the next that takes the counter: it is what that one's may be too high by.
    for place in counters.indices where counters[place].handle == gone { counters[place].handle = -1 }
    last?.shares.removeAll { $0.handle == handle }
  }

  /// Of the last whole minute, or of what has passed of the first one; nil: nothing was counted, or long ago.
  mutating func census(at now: UnixTime) -> Census? {
    turn(now)
    if let last, now.microseconds(since: last.end) <= Self.minute { return last }
    guard let start, total > 0, now.microseconds(since: start) >= Self.shortestSpan else { return nil }
    return census(from: start, to: now)
  }

  private mutating func turn(_ now: UnixTime) {
    guard let start else { return self.start = now }
    let passed = now.microseconds(since: start)
    // A clock that was set back begins anew, too.
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
