/// The replies that are owed, in the order of their commands: a ring, so that taking the first costs the same
/// however many wait.
struct RequestQueue {
  typealias Completion = (RedisReply?) -> Void

  private var ring: [Completion?] = []
  private var first = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Amortised O(1).
  mutating func append(_ completion: @escaping Completion) {
    if count == ring.count { grow() }
    ring[(first + count) & (ring.count - 1)] = completion
    count += 1
  }

  /// O(1). Nil when nothing is owed.
  mutating func removeFirst() -> Completion? {
    guard count > 0 else { return nil }
    defer {
      ring[first] = nil
      first = (first + 1) & (ring.count - 1)
      count -= 1
    }
    return ring[first]
  }

  /// O(1). Takes back what was appended last.
  mutating func removeLast() -> Completion? {
    guard count > 0 else { return nil }
    count -= 1
    let last = (first + count) & (ring.count - 1)
    defer { ring[last] = nil }
    return ring[last]
  }

  /// Empties the queue and gives its memory back.
  mutating func removeAll() -> [Completion] {
    defer { self = RequestQueue() }
    return (0..<count).compactMap { ring[(first + $0) & (ring.count - 1)] }
  }

  /// The size is a power of two.
  private mutating func grow() {
    let size = max(16, ring.count * 2)
    var larger: [Completion?] = []
    larger.reserveCapacity(size)
    for offset in 0..<count { larger.append(ring[(first + offset) & (ring.count - 1)]) }
    larger.append(contentsOf: repeatElement(nil, count: size - count))
    ring = larger
    first = 0
  }
}
