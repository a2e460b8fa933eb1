/// A queue of handles, in which each has one place.
///
/// It is a ring. A handle that is taken out of the middle leaves a hole, so each operation is O(1), amortized.
struct HandleRing {
  private static let hole: Int32 = -1

  /// The places of the ring: their number is a power of two, or 0.
  private var ring: [Int32] = []
  private var head = 0
  /// The number of places in use from the head on, holes included.
  private var length = 0
  /// The place of each handle in the ring; `hole`: it has none. It is as long as the largest handle that was ever in
  /// the ring.
  private var places: [Int32] = []
  private(set) var count = 0

  func contains(_ handle: DueHeap.Handle) -> Bool { places.indices.contains(handle) && places[handle] >= 0 }

  /// Adds a handle at the end. A handle that is in the ring keeps its place.
  mutating func append(_ handle: DueHeap.Handle) {
    guard !contains(handle) else { return }
    if length == ring.count { makeRoom() }
    if places.count <= handle {
      places.append(contentsOf: repeatElement(Self.hole, count: handle + 1 - places.count))
    }
    let place = (head + length) & (ring.count - 1)
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

  /// - Returns: whether the handle was in the ring.
  @discardableResult mutating func remove(_ handle: DueHeap.Handle) -> Bool {
    guard count > 0, contains(handle) else { return false }
    ring[Int(places[handle])] = Self.hole
    leave(handle)
    return true
  }

  private mutating func leave(_ handle: DueHeap.Handle) {
    places[handle] = Self.hole
    count -= 1
    if count == 0 { (head, length) = (0, 0) }
  }

  /// Closes the holes. If the ring is more than half full of handles, it doubles.
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
