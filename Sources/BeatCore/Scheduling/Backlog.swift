/// Schedules that do not keep their pace, first come, first served: each has one place, and after a run takes one at the
/// end. So they share alike, however much of each is behind.
///
/// One that runs seldom and is behind by a few runs makes them up in its turn, so that it is on time from then on: at the
/// end it would wait for all others with each, and never be so beside many.
///
/// A ring of handles. What is taken out of its middle leaves a hole, so that each operation is O(1), amortized.
struct Backlog {
  private static let hole: Int32 = -1

  /// Of a power of two places, or none.
  private var ring: [Int32] = []
  private var head = 0
  /// From the head on, holes included.
  private var length = 0
  /// In which place of the ring each handle stands; as long as the largest that was ever behind.
  private var places: [Int32] = []
  private(set) var count = 0
  /// How many runs each handle has had in its turn; as long as `places`.
  private var runs: [UInt8] = []
  /// Microseconds from one run to the next, at least, of one that runs seldom.
  static let seldom: Int64 = 500_000
  /// Runs that may be made up for in one turn: those that one that runs seldom misses within `missedAfter`.
  static let mostRuns = 20
  /// After so long without one, microseconds, what comes next is another matter: fewer than fit on their way are often all
  /// there at once.
  private static let pause: Int64 = 500_000
  private var since: UnixTime?
  private var cameAt: UnixTime?

  /// Since when there has been one again and again; nil: there is none.
  func since(at now: UnixTime) -> UnixTime? {
    guard let since, let cameAt else { return nil }
    return count > 0 || (0...Self.pause).contains(now.microseconds(since: cameAt)) ? since : nil
  }

  var isEmpty: Bool { count == 0 }

  func contains(_ handle: DueHeap.Handle) -> Bool { places.indices.contains(handle) && places[handle] >= 0 }

  /// At the end; one that waits already keeps its place.
  mutating func append(_ handle: DueHeap.Handle, at now: UnixTime) {
    guard prepare(handle, at: now) else { return }
    runs[handle] = 0
    put(handle, at: (head + length) & (ring.count - 1))
  }

  /// After a run: it goes on with its turn, or to the end.
  ///
  /// - Parameters:
  ///   - late: microseconds since the next run was due.
  ///   - gap: microseconds from the run that was made to the next one.
  mutating func appendAgain(_ handle: DueHeap.Handle, late: Int64, gap: Int64, at now: UnixTime) {
    guard gap >= Self.seldom, late / gap < Self.mostRuns, prepare(handle, at: now), runs[handle] < Self.mostRuns else {
      return append(handle, at: now)
    }
    runs[handle] += 1
    head = (head - 1) & (ring.count - 1)
    put(handle, at: head)
  }

  /// Makes room for one more; false: it waits already.
  private mutating func prepare(_ handle: DueHeap.Handle, at now: UnixTime) -> Bool {
    guard !contains(handle) else { return false }
    if length == ring.count { makeRoom() }
    if places.count <= handle {
      let more = handle + 1 - places.count
      places.append(contentsOf: repeatElement(Self.hole, count: more))
      runs.append(contentsOf: repeatElement(0, count: more))
    }
    if since(at: now) == nil { since = now }
    cameAt = now
    return true
  }

  private mutating func put(_ handle: DueHeap.Handle, at place: Int) {
    ring[place] = Int32(truncatingIfNeeded: handle)
    places[handle] = Int32(truncatingIfNeeded: place)
    length += 1
    count += 1
  }

  mutating func popFirst() -> DueHeap.Handle? {
    while length > 0 {
      let handle = ring[head]
      head = (head + 1) & (ring.count - 1)
      length -= 1
      guard handle != Self.hole else { continue }
      leave(Int(handle))
      return Int(handle)
    }
    return nil
  }

  mutating func remove(_ handle: DueHeap.Handle) {
    guard count > 0, contains(handle) else { return }
    ring[Int(places[handle])] = Self.hole
    leave(handle)
  }

  private mutating func leave(_ handle: DueHeap.Handle) {
    places[handle] = Self.hole
    count -= 1
    if count == 0 { (head, length) = (0, 0) }
  }

  /// Closes the holes; where that is not half of it, doubles the ring.
  private mutating func makeRoom() {
    let capacity = ring.isEmpty ? 16 : count * 2 > ring.count ? ring.count * 2 : ring.count
    var next = Array(repeating: Self.hole, count: capacity)
    var end = 0
    for offset in 0..<length {
      let handle = ring[(head + offset) & (ring.count - 1)]
      guard handle != Self.hole else { continue }
      next[end] = handle
      places[Int(handle)] = Int32(truncatingIfNeeded: end)
      end += 1
    }
    (ring, head, length) = (next, 0, end)
  }
}
