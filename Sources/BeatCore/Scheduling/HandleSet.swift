/// A set of handles, with one bit for each.
struct HandleSet {
  private var words: [UInt64] = []

  func contains(_ handle: DueHeap.Handle) -> Bool {
    let place = handle >> 6
    return place < words.count && words[place] >> UInt64(handle & 63) & 1 == 1
  }

  mutating func insert(_ handle: DueHeap.Handle) {
    let place = handle >> 6
    if place >= words.count { words.append(contentsOf: repeatElement(0, count: place + 1 - words.count)) }
    words[place] |= 1 << UInt64(handle & 63)
  }

  mutating func remove(_ handle: DueHeap.Handle) {
    let place = handle >> 6
    if place < words.count { words[place] &= ~(1 << UInt64(handle & 63)) }
  }
}
