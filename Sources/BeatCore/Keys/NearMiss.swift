/// What was probably meant by a word that is none of those that are known.
public enum NearMiss {
  /// How many letters must be put in, taken out, replaced, or exchanged with their neighbour.
  public static func distance(_ one: [UInt8], _ two: [UInt8]) -> Int {
    // Nobody mistypes more than that, and the time grows with the square.
    guard one.count <= 100, two.count <= 100 else { return one == two ? 0 : max(one.count, two.count) }
    var before: [Int] = []
    var last = Array(0...two.count)
    for (i, letter) in one.enumerated() {
      var row = [i + 1]
      for (j, other) in two.enumerated() {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter == other ? 0 : 1))
        if i > 0, j > 0, letter == two[j - 1], one[i - 1] == other { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      (before, last) = (last, row)
    }
    return last[two.count]
  }

  /// The word that is nearest to `text`, if it is near enough to be a slip of the finger.
  public static func of(_ text: String, among words: [String]) -> String? {
    let limit = max(1, min(3, text.utf8.count / 3))
    let near = words.map { ($0, distance(Array(text.lowercased().utf8), Array($0.lowercased().utf8))) }
      .filter { $0.1 <= limit }
    return near.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }
}
