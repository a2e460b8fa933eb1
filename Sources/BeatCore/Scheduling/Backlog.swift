/// Schedules that do not keep their pace. Each has one place in one of two rings, and after a run takes one at the end of
/// one: so those of a ring share alike, however much of each is behind.
///
/// One ring has those that will soon be on time: they run seldom, and are behind by a few runs, as after an outage. The other
/// has those that want more than there is. Both have their turns alike, so that many of the second kind do not keep the
/// first from catching up.
struct Backlog {
  enum Kind: Hashable {
    case few
    case many
  }

  /// Microseconds from one run to the next, at least, of one that runs seldom.
  static let seldom: Int64 = 500_000
  /// Runs that one of few may be behind: as many as one that runs seldom misses until they are left out.
  static let fewRuns: Int64 = 20

  private var few = HandleRing()
  private var many = HandleRing()
  /// Whose turn it is, where both have one.
  private var isTurnOfMany = false
  /// After so long without one, microseconds, what comes next is another matter: fewer than fit on their way are often all
  /// there at once.
  private static let pause: Int64 = 500_000
  private var since: UnixTime?
  private var cameAt: UnixTime?

  /// - Parameters:
  ///   - late: microseconds since it was due.
  ///   - pace: microseconds from one run to the next, at least.
  static func kind(late: Int64, pace: Int64) -> Kind { pace >= seldom && late / pace < fewRuns ? .few : .many }

  /// Since when there has been one again and again; nil: there is none.
  func since(at now: UnixTime) -> UnixTime? {
    guard let since, let cameAt else { return nil }
    return count > 0 || (0...Self.pause).contains(now.microseconds(since: cameAt)) ? since : nil
  }

  var count: Int { few.count + many.count }
  var isEmpty: Bool { count == 0 }

  func has(_ kind: Kind) -> Bool { kind == .few ? few.count > 0 : many.count > 0 }

  func contains(_ handle: DueHeap.Handle) -> Bool { few.contains(handle) || many.contains(handle) }

  /// At the end; one that waits already keeps its place.
  mutating func append(_ handle: DueHeap.Handle, _ kind: Kind, at now: UnixTime) {
    guard !contains(handle) else { return }
    if since(at: now) == nil { since = now }
    cameAt = now
    if kind == .few { few.append(handle) } else { many.append(handle) }
  }

  /// - Parameter isOfFew: those that are behind by many runs wait.
  mutating func popFirst(onlyFew isOfFew: Bool) -> DueHeap.Handle? {
    guard !isOfFew, many.count > 0, isTurnOfMany || few.count == 0 else {
      isTurnOfMany = true
      return few.popFirst()
    }
    isTurnOfMany = false
    return many.popFirst()
  }

  mutating func remove(_ handle: DueHeap.Handle) {
    few.remove(handle)
    many.remove(handle)
  }
}
