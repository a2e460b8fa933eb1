/// Sorts only the part of an array that is asked for. The rest is left in some order, on the right side of that part.
enum PartialSort {
  struct Item {
    var key: Int64
    /// It decides where the keys are equal, so that no two items are.
    var rank: Int32
    var slot: Int32

    static func < (left: Item, right: Item) -> Bool {
      left.key != right.key ? left.key < right.key : left.rank < right.rank
    }
  }

  /// The items that a whole sort would put into `range`, in their order.
  static func page(_ items: inout [Item], _ range: Range<Int>) -> ArraySlice<Item> {
    let range = min(range.lowerBound, items.count)..<min(range.upperBound, items.count)
    guard !range.isEmpty else { return [] }
    var parts = [0..<items.count]
    var chooser = SystemRandomNumberGenerator()
    while let part = parts.popLast() {
      if part.count <= 32 {
        items[part].sort(by: <)
        continue
      }
      // A pivot at random: no order of schedules that somebody has made is a slow one.
      let pivot = items[Int.random(in: part, using: &chooser)]
      var (low, high) = (part.lowerBound, part.upperBound - 1)
      while low <= high {
        while items[low] < pivot { low += 1 }
        while pivot < items[high] { high -= 1 }
        guard low <= high else { break }
        items.swapAt(low, high)
        (low, high) = (low + 1, high - 1)
      }
      for rest in [part.lowerBound..<(high + 1), low..<part.upperBound] where rest.overlaps(range) && rest.count > 1 {
        parts.append(rest)
      }
    }
    return items[range]
  }
}
