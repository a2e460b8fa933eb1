/// A queue in a ring: adding and taking cost the same however much waits.
struct FirstInFirstOut<Element> {
  private var ring: [Element?] = []
  private var first = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Amortised O(1).
  mutating func append(_ element: Element) {
    if count == ring.count { grow() }
    ring[(first + count) & (ring.count - 1)] = element
    count += 1
  }

  /// O(1). Nil when the queue is empty.
  mutating func removeFirst() -> Element? {
    guard count > 0 else { return nil }
    defer {
      ring[first] = nil
      first = (first + 1) & (ring.count - 1)
      count -= 1
    }
    return ring[first]
  }

  /// Empties the queue and gives its memory back. O(n).
  mutating func removeAll() -> [Element] {
    defer { self = FirstInFirstOut() }
    return (0..<count).compactMap { ring[(first + $0) & (ring.count - 1)] }
  }

  /// The size is a power of two.
  private mutating func grow() {
    let size = max(16, ring.count * 2)
    var larger: [Element?] = []
    larger.reserveCapacity(size)
    for offset in 0..<count { larger.append(ring[(first + offset) & (ring.count - 1)]) }
    larger.append(contentsOf: repeatElement(nil, count: size - count))
    ring = larger
    first = 0
  }
}
