/// Whose turn it is: what falls due goes first, and what does not keep its pace behind it.
///
/// Whoever writes documents can make any number of them due at any time. What is on time would wait behind all of that, if
/// the earliest went first. So a schedule that is late goes to the backlog, where each has one place, however much of it
/// is behind; and one that keeps its pace waits for those only that are due in the moment before.
extension Scheduler {
  /// What was not begun so long after its time goes behind what is on time; microseconds.
  static let onTime: Int64 = 50_000
  /// So many that are on time go before one that is behind, so that neither starves the other.
  private static let onTimeInRow = 3
  /// So many are put behind in a turn at most: a million that are late at once do not hold up the loop.
  private static let mostMoves = 4_096
  /// What the timer is set to while something is behind: it has passed.
  private static let atOnce = UnixTime.earliest

  /// Whether the broker takes from the outbox what is put in. What is behind by many runs waits for that; what is on time
  /// does not, and finds a short outbox.
  private var isOutboxShort: Bool { outbox?.isShort(messages: inFlight, bytes: bytesInFlight) ?? true }

  /// Whether one more script may go on its way. A quarter of the room is kept for what is on time.
  private func hasRoom(isOnTime: Bool) -> Bool {
    func isBelow(_ count: Int, _ most: Int) -> Bool { count < (isOnTime ? most : max(1, most - most / 4)) }
    return isBelow(inFlight, configuration.maximumInFlight) && isBelow(bytesInFlight, Limit.fireLength.most)
  }

  /// An edit that is due at once does not wait for the timer; behind a burst it does, in its turn.
  mutating func dispatchEdit(now: UnixTime) {
    guard let due = heap.top?.due, due <= now, armed.map({ $0 > now || $0 == Self.atOnce }) ?? true else { return }
    dispatch(isAnyTurn: false, now: now)
  }

  /// Begins what is due: at most a batch, so that a burst leaves room for edits.
  mutating func dispatchDue(now: UnixTime) { dispatch(isAnyTurn: true, now: now) }

  /// - Parameter isAnyTurn: also of what is behind.
  private mutating func dispatch(isAnyTurn: Bool, now: UnixTime) {
    guard isWatching, isLeading else { return }
    putBehind(now: now)
    var budget = configuration.batch
    while budget > 0, let handle = nextInTurn(isAnyTurn: isAnyTurn, now: now) {
      budget -= 1
      begin(handle, now: now)
    }
  }

  /// Of several that are late, the one that has been so longest comes first.
  private mutating func putBehind(now: UnixTime) {
    let limit = now.advanced(by: -Self.onTime)
    var moves = Self.mostMoves
    while moves > 0, let top = heap.top, top.due < limit {
      moves -= 1
      heap.remove(top.handle)
      putBehind(top.handle, due: top.due, now: now)
    }
  }

  private mutating func putBehind(_ handle: DueHeap.Handle, due: UnixTime, now: UnixTime) {
    let pace = entries[handle]?.timing.schedule.pace ?? .max
    let late = now.microseconds(since: due)
    let kind = Backlog.kind(late: late, pace: pace, hasKept: keptPace.contains(handle))
    if kind == .many { keptPace.remove(handle) }
    backlog.append(handle, kind, at: now)
  }

  private mutating func nextInTurn(isAnyTurn: Bool, now: UnixTime) -> DueHeap.Handle? {
    guard hasRoom(isOnTime: true) else { return nil }
    let due = heap.top.flatMap { $0.due <= now ? $0.handle : nil }
    guard due != nil || !backlog.isEmpty, rate?.mayBegin(at: now) ?? true else { return nil }
    if isAnyTurn, due == nil ? hasRoom(isOnTime: false) : begunOnTime >= Self.onTimeInRow,
      let late = backlog.popFirst(onlyFew: due == nil && !isOutboxShort)
    {
      begunOnTime = 0
      return late
    }
    guard let due else { return nil }
    begunOnTime = min(begunOnTime + 1, Self.onTimeInRow)
    heap.remove(due)
    keptPace.insert(due)
    return due
  }

  /// After a run: what is due again already does not keep its pace.
  mutating func waitAgain(_ handle: DueHeap.Handle, now: UnixTime) {
    guard let next = entries[handle]?.nextDue, let time = entries[handle]?.sending(of: next) else {
      return wait(handle, next: nil)
    }
    guard time <= now else { return wait(handle, until: time) }
    move(handle, to: .waiting)
    heap.remove(handle)
    putBehind(handle, due: time, now: now)
  }

  /// When the timer has to go off; nil: never, or an answer comes first.
  mutating func wakeTime(now: UnixTime) -> UnixTime? {
    guard isWatching, isLeading else { return nil }
    let due = heap.top?.due
    let isDue = due.map { $0 <= now } ?? false
    guard isDue || !backlog.isEmpty && (backlog.hasFew || isOutboxShort) else { return due }
    // With as many scripts on their way as are allowed, their answers drive what comes next.
    guard hasRoom(isOnTime: isDue) else { return isDue ? nil : due }
    if let time = rate?.next(from: now), time > now { return time }
    return isDue ? due : Self.atOnce
  }
}

extension Scheduler {
  /// Each entry that waits is in the heap or behind, and no other one is. For tests.
  var placesHold: Bool {
    var waiting = 0
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle] else { return false }
      let (isAhead, isBehind) = (heap.due(of: handle) != nil, backlog.contains(handle))
      if entry.isWaiting {
        guard isAhead != isBehind else { return false }
        waiting += 1
      } else if isAhead || isBehind {
        return false
      }
    }
    return heap.invariantsHold && heap.count + backlog.count == waiting
  }
}
