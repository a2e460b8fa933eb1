/// Schedules that do not keep their pace. Each has one place in one of three rings, and after a run takes one at the end of
/// one: so those of a ring share alike, however much of each is behind.
///
/// The rings have their turns alike. Two have those that will soon be on time, since they run seldom and are behind by a few
/// runs, as after an outage: those that have kept their pace before, and those of which that is not known. The third has
/// those that want more than there is. So many of the third kind do not keep the others from catching up, and many new ones
/// not those that were there.
struct Backlog {
  enum Kind: Int, Hashable, CaseIterable {
    /// Behind by a few runs, and on time before.
    case kept
    /// Behind by a few runs; whether it was on time before is not known.
    case few
    /// Behind by many runs, or one that runs often.
    case many
  }

  /// Microseconds from one run to the next, at least, of one that runs seldom.
  static let seldom: Int64 = 500_000
  /// Runs that one of few may be behind: as many as one that runs seldom misses until they are left out.
  static let fewRuns: Int64 = 20

  /// One for each kind, in their order.
  private var rings = Kind.allCases.map { _ in HandleRing() }
  /// Whose turn it is.
  private var turn = 0
  /// After so long without one, microseconds, what comes next is another matter: fewer than fit on their way are often all
  /// there at once.
  private static let pause: Int64 = 500_000
  private var since: UnixTime?
  private var cameAt: UnixTime?

  /// - Parameters:
  ///   - late: microseconds since it was due.
  ///   - pace: microseconds from one run to the next, at least.
  ///   - hasKept: it has been on time before.
  static func kind(late: Int64, pace: Int64, hasKept: Bool) -> Kind {
    pace >= seldom && late / pace < fewRuns ? hasKept ? .kept : .few : .many
  }

  /// Since when there has been one again and again; nil: there is none.
  func since(at now: UnixTime) -> UnixTime? {
    guard let since, let cameAt else { return nil }
    return count > 0 || (0...Self.pause).contains(now.microseconds(since: cameAt)) ? since : nil
  }

  private(set) var count = 0
  var isEmpty: Bool { count == 0 }
  /// There are such as will soon be on time.
  var hasFew: Bool { rings[Kind.kept.rawValue].count > 0 || rings[Kind.few.rawValue].count > 0 }

  func contains(_ handle: DueHeap.Handle) -> Bool { count > 0 && rings.contains { $0.contains(handle) } }

  /// At the end; one that waits already keeps its place.
  mutating func append(_ handle: DueHeap.Handle, _ kind: Kind, at now: UnixTime) {
    guard !contains(handle) else { return }
    if since(at: now) == nil { since = now }
    cameAt = now
    rings[kind.rawValue].append(handle)
    count += 1
  }

  /// - Parameter isOfFew: those that are behind by many runs wait.
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
