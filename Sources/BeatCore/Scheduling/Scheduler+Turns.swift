/// The order of fires: schedules that are on time go first, and late schedules behind them.
///
/// A user can make any number of schedules due at any time. If the earliest due time went first, schedules that are on
/// time would wait behind all of them. So a late schedule goes to the backlog, where it has one place, however far
/// behind it is. A schedule that is on time waits only for those that are due in the moment before.
extension Scheduler {
  /// A schedule that has not begun so long after its time is late; microseconds.
  static let onTime: Int64 = 50_000
  /// So many schedules that are on time go before one of the backlog, so that neither group starves the other.
  private static let onTimeInRow = 3
  /// The largest number of schedules that move to the backlog in a turn, so that a million late ones do not hold up the
  /// loop.
  private static let mostMoves = 4_096
  /// The timer's time while the backlog is served: it has passed.
  private static let atOnce = UnixTime.earliest

  /// Whether the outbox is short, since the broker takes messages as fast as they are put in. Schedules that are behind
  /// by many runs wait for that. Those that are on time do not wait, and so find a short outbox.
  private var isOutboxShort: Bool { outbox?.isShort(messages: inFlight, bytes: bytesInFlight) ?? true }

  /// Whether one more script may be sent. A quarter of the room is reserved for schedules that are on time.
  private func hasRoom(isOnTime: Bool) -> Bool {
    func isBelow(_ count: Int, _ most: Int) -> Bool { count < (isOnTime ? most : max(1, most - most / 4)) }
    return isBelow(inFlight, configuration.maximumInFlight) && isBelow(bytesInFlight, Limit.fireLength.most)
  }

  /// Begins a schedule that an edit has made due at once, without waiting for the timer. During a burst it waits for
  /// its turn.
  mutating func dispatchEdit(now: UnixTime) {
    guard let due = heap.top?.due, due <= now, armed.map({ $0 > now || $0 == Self.atOnce }) ?? true else { return }
    dispatch(isAnyTurn: false, now: now)
  }

  /// Begins due schedules: at most a batch, so that a burst leaves room for edits.
  mutating func dispatchDue(now: UnixTime) { dispatch(isAnyTurn: true, now: now) }

  /// - Parameter isAnyTurn: whether schedules of the backlog may begin, too.
  private mutating func dispatch(isAnyTurn: Bool, now: UnixTime) {
    guard isWatching, isLeading else { return }
    putBehind(now: now)
    var budget = configuration.batch
    while budget > 0, let handle = nextInTurn(isAnyTurn: isAnyTurn, now: now) {
      budget -= 1
      begin(handle, now: now)
    }
  }

  /// Moves late schedules to the backlog, the one that has been late longest first.
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

  /// Makes a schedule wait for its next occurrence after a run. If that is due already, the schedule goes to the
  /// backlog.
  mutating func waitAgain(_ handle: DueHeap.Handle, now: UnixTime) {
    guard let time = entries.nextSending(handle) else { return wait(handle, next: nil) }
    guard time <= now else { return wait(handle, until: time) }
    move(handle, to: .waiting)
    heap.remove(handle)
    putBehind(handle, due: time, now: now)
  }

  /// The time for which the timer must be set; nil: no time, or an answer comes first.
  mutating func wakeTime(now: UnixTime) -> UnixTime? {
    guard isWatching, isLeading else { return nil }
    let due = heap.top?.due
    let isDue = due.map { $0 <= now } ?? false
    guard isDue || !backlog.isEmpty && (backlog.hasFew || isOutboxShort) else { return due }
    // If as many scripts are in flight as are allowed, their answers start the next ones.
    guard hasRoom(isOnTime: isDue) else { return isDue ? nil : due }
    if let time = rate?.next(from: now), time > now { return time }
    return isDue ? due : Self.atOnce
  }
}

extension Scheduler {
  /// Whether each entry that waits is either in the heap or in the backlog, no other entry is, and the census is right. For
  /// tests.
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
    return heap.invariantsHold && heap.count + backlog.count == waiting && census == countedCensus
  }
}
