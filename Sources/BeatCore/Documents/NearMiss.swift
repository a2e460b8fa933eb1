/// Words that were probably meant.
package enum NearMiss {
  /// Bytes. A longer word is no slip of the keyboard.
  private static let longest = 40

  /// Those of `words` that `word` is nearest to, in their order; none if it is near to none. The beginning of a word is
  /// near to it.
  package static func words(for word: String, among words: [String]) -> [String] {
    let letters = Array(word.lowercased().utf8)
    guard letters.count >= 2, letters.count <= longest else { return [] }
    let limit = letters.count < 5 ? 1 : 2
    let distances = words.map { candidate in
      let other = Array(candidate.utf8)
      return other.starts(with: letters) ? 1 : distance(letters, other)
    }
    guard let least = distances.min(), least <= limit else { return [] }
    return zip(words, distances).filter { $0.1 == least }.map(\.0)
  }

  /// Whether one differs from the other by two letters at most. What is longer than a name has room for is not looked at.
  package static func isSlip(_ one: [UInt8], of other: [UInt8]) -> Bool {
    guard abs(one.count - other.count) <= 2, one.count <= 256 else { return false }
    return distance(one, other) <= 2
  }

  /// Letters added, left out, changed, or swapped with their neighbour. Takes the product of both lengths in steps.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var (older, old) = ([Int](), Array(0...right.count))
    for i in left.indices {
      var new = [i + 1]
      for j in right.indices {
        var best = min(old[j + 1] + 1, new[j] + 1, old[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { best = min(best, older[j - 1] + 1) }
        new.append(best)
      }
      (older, old) = (old, new)
    }
    return old[right.count]
  }
}
