/// The schedules that are late. Each has one place in one of three rings. After a run it goes to the end of a ring
/// again, if it is still late. So the schedules of a ring get the same number of runs, however far behind each is.
///
/// The three rings take turns. Two of them hold the schedules that will soon be on time, since they run seldom and are
/// behind by few runs, as after an outage: one those that were on time before, the other those of which that is not
/// known. The third ring holds the schedules that are behind by many runs. So any number of schedules in the third ring
/// cannot keep the others from catching up, and any number of new schedules cannot delay those that were on time
/// before.
struct Backlog {
  enum Kind: Int, Hashable, CaseIterable {
    /// A schedule that is behind by few runs, and was on time before.
    case kept
    /// A schedule that is behind by few runs. Whether it was on time before is not known.
    case few
    /// A schedule that is behind by many runs, or that runs often.
    case many
  }

  /// A schedule runs seldom if at least this time lies between two runs; microseconds.
  static let seldom: Int64 = 500_000
  /// A schedule of the kinds `kept` and `few` is behind by fewer runs than this. At the pace `seldom` this is 10 s,
  /// after which occurrences count as missed.
  static let fewRuns: Int64 = 20

  /// One ring for each kind, in the order of the kinds.
  private var rings = Kind.allCases.map { _ in HandleRing() }
  /// The ring whose turn is next.
  private var turn = 0
  /// A backlog that has been empty for longer than this is over, and the next late schedule begins another;
  /// microseconds. A shorter gap does not end it: if fewer schedules are late than may be in flight, all of them are
  /// often in flight at once.
  private static let pause: Int64 = 500_000
  private var since: UnixTime?
  private var cameAt: UnixTime?

  /// - Parameters:
  ///   - late: microseconds since the schedule was due.
  ///   - pace: the least number of microseconds from one run to the next.
  ///   - hasKept: whether the schedule has been on time before.
  static func kind(late: Int64, pace: Int64, hasKept: Bool) -> Kind {
    pace >= seldom && late / pace < fewRuns ? hasKept ? .kept : .few : .many
  }

  /// The time since which there has been a backlog, without a longer gap than `pause`; nil: there is none.
  func since(at now: UnixTime) -> UnixTime? {
    guard let since, let cameAt else { return nil }
    return count > 0 || (0...Self.pause).contains(now.microseconds(since: cameAt)) ? since : nil
  }

  private(set) var count = 0
  var isEmpty: Bool { count == 0 }
  /// Whether there are schedules of the kinds `kept` or `few`, which will soon be on time.
  var hasFew: Bool { rings[Kind.kept.rawValue].count > 0 || rings[Kind.few.rawValue].count > 0 }

  func contains(_ handle: DueHeap.Handle) -> Bool { count > 0 && rings.contains { $0.contains(handle) } }

  /// Adds a schedule at the end of the kind's ring. A schedule that already has a place keeps it.
  mutating func append(_ handle: DueHeap.Handle, _ kind: Kind, at now: UnixTime) {
    guard !contains(handle) else { return }
    if since(at: now) == nil { since = now }
    cameAt = now
    rings[kind.rawValue].append(handle)
    count += 1
  }

  /// Takes the next schedule out.
  ///
  /// - Parameter isOfFew: only of the kinds `kept` and `few`.
  mutating func popFirst(onlyFew isOfFew: Bool) -> DueHeap.Handle? {
    for step in rings.indices {
      let place = (turn + step) % rings.count
      guard !(isOfFew && place == Kind.many.rawValue), let handle = rings[place].popFirst() else { continue }
      turn = (place + 1) % rings.count
      count -= 1
      return handle
    }
    return nil
  }

  mutating func remove(_ handle: DueHeap.Handle) {
    guard count > 0 else { return }
    for place in rings.indices where rings[place].remove(handle) { count -= 1 }
  }
}
