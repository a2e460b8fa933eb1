/// Finds a handle by its name, in eight bytes for each place: the names themselves stand in the table that it belongs to,
/// and are looked at only where their hash is the same.
///
/// Open addressing with linear probing. What is removed leaves no trace: those behind it move up.
struct NameIndex {
  private struct Place {
    /// The lower half: to be compared, and to be moved by when the table grows.
    var hash: UInt32 = 0
    /// -1: nobody.
    var handle: Int32 = -1

    var isFree: Bool { handle < 0 }
  }

  /// A power of two, at most two thirds of them taken.
  private var places: [Place] = []
  private(set) var count = 0

  /// - Parameter name: of a handle in here.
  func find(_ wanted: EntryName, _ name: (DueHeap.Handle) -> EntryName?) -> DueHeap.Handle? {
    place(of: wanted, name).map { Int(places[$0].handle) }
  }

  /// The name is not in here yet, and belongs to `handle`.
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
      // It may move up if its first place does not lie between the hole and where it is.
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
