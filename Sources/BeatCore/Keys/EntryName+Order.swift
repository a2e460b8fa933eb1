extension EntryName {
  /// Sorts names by their bytes and drops repeats: a walk through a store may find a name twice.
  package static func inOrder(_ names: [EntryName]) -> [EntryName] {
    guard let first = names.first else { return [] }
    // Thousands of names often begin alike. The sixteen bytes after the common part nearly always decide, and are
    // compared as two numbers.
    var common = first.bytes.count
    for name in names {
      common = min(common, name.bytes.count)
      var same = 0
      while same < common, name.bytes[same] == first.bytes[same] { same += 1 }
      common = same
      if common == 0 { break }
    }
    func word(_ bytes: [UInt8], _ start: Int) -> UInt64 {
      var word: UInt64 = 0
      for index in start..<(start + 8) { word = word << 8 | UInt64(index < bytes.count ? bytes[index] : 0) }
      return word
    }
    var keys = names.indices.map { (word(names[$0].bytes, common), word(names[$0].bytes, common + 8), $0) }
    keys.sort { left, right in
      if (left.0, left.1) != (right.0, right.1) { return (left.0, left.1) < (right.0, right.1) }
      return names[left.2].bytes.lexicographicallyPrecedes(names[right.2].bytes)
    }
    var ordered: [EntryName] = []
    ordered.reserveCapacity(names.count)
    for key in keys where ordered.last != names[key.2] { ordered.append(names[key.2]) }
    return ordered
  }
}
