/// Finds a handle by its name, in eight bytes for each place. The names themselves are in the table that the index
/// belongs to. They are compared only if their hashes are the same.
///
/// It uses open addressing with linear probing. A removed handle leaves no mark: the handles behind it move up.
struct NameIndex {
  private struct Place {
    /// The lower half of the name's hash, for comparisons, and to find the place again when the table grows.
    var hash: UInt32 = 0
    /// The handle; -1: the place is free.
    var handle: Int32 = -1

    var isFree: Bool { handle < 0 }
  }

  /// The places: their number is a power of two, and at most two thirds of them are taken.
  private var places: [Place] = []
  private(set) var count = 0

  /// - Parameter name: returns the name of a handle of this index.
  func find(_ wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> DueHeap.Handle? {
    place(of: wanted, name).map { Int(places[$0].handle) }
  }

  /// Adds a name with its handle. The name must not be in the index.
  mutating func insert(_ new: EntryName, _ handle: DueHeap.Handle) {
    if 3 * (count + 1) > 2 * places.count { grow() }
    fill(Place(hash: Self.hash(new), handle: Int32(clamping: handle)))
    count += 1
  }

  mutating func remove(_ wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> DueHeap.Handle? {
    guard var hole = place(of: wanted, name) else { return nil }
    let handle = Int(places[hole].handle)
    let mask = places.count - 1
    var next = hole
    while true {
      next = (next + 1) & mask
      guard !places[next].isFree else { break }
      // This handle may move up if its first place does not lie between the hole and its present place.
      if (next &- first(places[next].hash)) & mask >= (next &- hole) & mask {
        places[hole] = places[next]
        hole = next
      }
    }
    places[hole] = Place()
    count -= 1
    return handle
  }

  private static func hash(_ name: EntryName) -> UInt32 { UInt32(truncatingIfNeeded: name.hashValue) }

  private func first(_ hash: UInt32) -> Int { Int(hash) & (places.count - 1) }

  private func place(of wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> Int? {
    guard !places.isEmpty else { return nil }
    let hash = Self.hash(wanted)
    var place = first(hash)
    while !places[place].isFree {
      if places[place].hash == hash, name(Int(places[place].handle)) == wanted { return place }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  private mutating func fill(_ new: Place) {
    var place = first(new.hash)
    while !places[place].isFree { place = (place + 1) & (places.count - 1) }
    places[place] = new
  }

  private mutating func grow() {
    let old = places
    places = Array(repeating: Place(), count: max(16, 2 * old.count))
    for place in old where !place.isFree { fill(place) }
  }
}
