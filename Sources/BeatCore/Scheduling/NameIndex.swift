/// Finds a handle by its name, in four bytes for each place: the names themselves stand in the table that it belongs to.
///
/// Open addressing with linear probing. What is removed leaves no trace: those behind it move up.
struct NameIndex {
  private static let nobody: Int32 = -1

  /// A power of two, at most two thirds of them taken.
  private var places: [Int32] = []
  private(set) var count = 0

  /// - Parameter name: of a handle in here.
  func find(_ wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> DueHeap.Handle? {
    place(of: wanted, name).map { Int(places[$0]) }
  }

  /// The name is not in here yet, and belongs to `handle`.
  mutating func insert(_ new: EntryName, _ handle: DueHeap.Handle, _ name: (DueHeap.Handle) -> EntryName?) {
    if 3 * (count + 1) > 2 * places.count { grow(name) }
    fill(new, Int32(clamping: handle))
    count += 1
  }

  mutating func remove(_ wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> DueHeap.Handle? {
    guard var hole = place(of: wanted, name) else { return nil }
    let handle = Int(places[hole])
    let mask = places.count - 1
    var next = hole
    while true {
      next = (next + 1) & mask
      guard places[next] != Self.nobody, let other = name(Int(places[next])) else { break }
      // It may move up if its first place does not lie between the hole and where it is.
      if (next &- first(other)) & mask >= (next &- hole) & mask {
        places[hole] = places[next]
        hole = next
      }
    }
    places[hole] = Self.nobody
    count -= 1
    return handle
  }

  private func first(_ name: EntryName) -> Int { name.hashValue & (places.count - 1) }

  private func place(of wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> Int? {
    guard !places.isEmpty else { return nil }
    var place = first(wanted)
    while places[place] != Self.nobody {
      if name(Int(places[place])) == wanted { return place }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  private mutating func fill(_ name: EntryName, _ handle: Int32) {
    var place = first(name)
    while places[place] != Self.nobody { place = (place + 1) & (places.count - 1) }
    places[place] = handle
  }

  private mutating func grow(_ name: (DueHeap.Handle) -> EntryName?) {
    let old = places
    places = Array(repeating: Self.nobody, count: max(16, 2 * old.count))
    for handle in old where handle != Self.nobody {
      if let name = name(Int(handle)) { fill(name, handle) }
    }
  }
}
