/// A queue in a ring: adding and taking cost the same however much waits.
///
/// Inlinable, since other modules use it for each command.
package struct FirstInFirstOut<Element> {
  @usableFromInline var ring: [Element?] = []
  @usableFromInline var first = 0
  @usableFromInline var filled = 0

  @inlinable package init() {}

  @inlinable package var count: Int { filled }
  @inlinable package var isEmpty: Bool { filled == 0 }

  /// Amortised O(1).
  @inlinable package mutating func append(_ element: Element) {
    if filled == ring.count { grow() }
    ring[(first + filled) & (ring.count - 1)] = element
    filled += 1
  }

  /// O(1). Nil when the queue is empty.
  @inlinable package mutating func removeFirst() -> Element? {
    guard filled > 0 else { return nil }
    defer {
      ring[first] = nil
      first = (first + 1) & (ring.count - 1)
      filled -= 1
    }
    return ring[first]
  }

  /// Empties the queue and gives its memory back. O(n).
  @inlinable package mutating func removeAll() -> [Element] {
    defer { self = FirstInFirstOut() }
    return (0..<filled).compactMap { ring[(first + $0) & (ring.count - 1)] }
  }

  /// The size is a power of two.
  @inlinable mutating func grow() {
    let size = max(16, ring.count * 2)
    var larger: [Element?] = []
    larger.reserveCapacity(size)
    for offset in 0..<filled { larger.append(ring[(first + offset) & (ring.count - 1)]) }
    larger.append(contentsOf: repeatElement(nil, count: size - filled))
    ring = larger
    first = 0
  }
}
