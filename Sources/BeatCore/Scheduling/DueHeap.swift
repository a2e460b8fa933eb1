/// A min-heap of due times with one node per schedule. An edit finds the node by its handle, and moves or removes it in
/// O(log n), so no stale node stays behind. Disabled and finished schedules are not in the heap.
package struct DueHeap {
  /// A small number that identifies a schedule. Handles are reused, and their owner must keep them dense.
  package typealias Handle = Int

  /// A node of twelve bytes. With an `Int64` in it, it would take sixteen.
  struct Node {
    private let high: Int32
    private let low: UInt32
    private let place: Int32

    init(due: UnixTime, handle: Handle) {
      high = Int32(truncatingIfNeeded: due.microseconds >> 32)
      low = UInt32(truncatingIfNeeded: due.microseconds)
      place = Int32(truncatingIfNeeded: handle)
    }

    var due: UnixTime { UnixTime(microseconds: Int64(high) << 32 | Int64(low)) }
    var handle: Handle { Handle(place) }
  }

  var nodes: [Node] = []
  /// The index of each handle's node; -1: it has none. It takes four bytes, as in `NameIndex`.
  var positions: [Int32] = []

  package init() {}

  package var count: Int { nodes.count }

  /// The earliest node. If several are due at the same time, it is the one with the smallest handle. O(1).
  package var top: (handle: Handle, due: UnixTime)? { nodes.first.map { ($0.handle, $0.due) } }

  /// The due time of a handle; nil: it is not in the heap. O(1).
  package func due(of handle: Handle) -> UnixTime? {
    guard positions.indices.contains(handle), positions[handle] >= 0 else { return nil }
    return nodes[Int(positions[handle])].due
  }

  /// Inserts the handle, or moves it. O(log n).
  package mutating func set(_ handle: Handle, due: UnixTime) {
    precondition(handle >= 0 && handle < Int(Int32.max), "a handle is an index, 0 or more, that fits into four bytes")
    while positions.count <= handle { positions.append(-1) }
    let node = Node(due: due, handle: handle)
    let position = Int(positions[handle])
    if position < 0 {
      nodes.append(node)
      positions[handle] = Int32(truncatingIfNeeded: nodes.count - 1)
      siftUp(nodes.count - 1)
    } else {
      let isEarlier = Self.precedes(node, nodes[position])
      nodes[position] = node
      if isEarlier { siftUp(position) } else { siftDown(position) }
    }
  }

  /// Removes the handle. It does nothing if the handle is not in the heap. O(log n).
  package mutating func remove(_ handle: Handle) {
    guard positions.indices.contains(handle), positions[handle] >= 0 else { return }
    let position = Int(positions[handle])
    positions[handle] = -1
    let last = nodes.removeLast()
    guard position < nodes.count else { return }
    nodes[position] = last
    positions[last.handle] = Int32(truncatingIfNeeded: position)
    siftUp(position)
    siftDown(Int(positions[last.handle]))
  }

  private static func precedes(_ a: Node, _ b: Node) -> Bool {
    let (first, second) = (a.due.microseconds, b.due.microseconds)
    return first < second || first == second && a.handle < b.handle
  }

  private mutating func siftUp(_ start: Int) {
    var position = start
    let node = nodes[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard Self.precedes(node, nodes[parent]) else { break }
      place(nodes[parent], at: position)
      position = parent
    }
    place(node, at: position)
  }

  private mutating func siftDown(_ start: Int) {
    var position = start
    let node = nodes[position]
    while true {
      var child = 2 * position + 1
      guard child < nodes.count else { break }
      if child + 1 < nodes.count, Self.precedes(nodes[child + 1], nodes[child]) { child += 1 }
      guard Self.precedes(nodes[child], node) else { break }
      place(nodes[child], at: position)
      position = child
    }
    place(node, at: position)
  }

  private mutating func place(_ node: Node, at position: Int) {
    nodes[position] = node
    positions[node.handle] = Int32(truncatingIfNeeded: position)
  }
}

extension DueHeap {
  /// Whether each parent precedes its children, and each handle knows its node. O(n); for tests.
  var invariantsHold: Bool {
    for (position, node) in nodes.enumerated() {
      guard Int(positions[node.handle]) == position else { return false }
      guard position == 0 || !Self.precedes(node, nodes[(position - 1) / 2]) else { return false }
    }
    return positions.count { $0 >= 0 } == nodes.count
  }
}
