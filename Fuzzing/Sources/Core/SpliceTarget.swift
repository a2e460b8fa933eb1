@testable import BeatCore

extension FuzzTarget {
  /// Replacements: made together, in any order, they must give what they give one after the other from the end.
  static let splice = FuzzTarget(
    "splice", seeds: { [Array("\u{2}\u{0}\u{1}\u{0}\u{2}abcdefgh".utf8), Array(0...40)] },
    check: { bytes in
      var input = FuzzInput(bytes)
      var edits: [(range: Range<Int>, text: String)] = []
      let count = Int(input.byte() % 8)
      var gaps: [(Int, Int, String)] = []
      for _ in 0..<count {
        gaps.append(
          (Int(input.byte() % 16), Int(input.byte() % 16), String(repeating: "x", count: Int(input.byte() % 5))))
      }
      let order = input.byte()
      let text = Array(input.rest)
      var place = 0
      for (gap, length, new) in gaps where place + gap + length <= text.count {
        edits.append((place + gap..<place + gap + length, new))
        // Two empty places at the same spot have no order.
        place += gap + max(1, length)
      }
      var expected = text
      for edit in edits.reversed() { expected.replaceSubrange(edit.range, with: edit.text.utf8) }
      var splice = Splice()
      let turn = edits.isEmpty ? 0 : Int(order) % edits.count
      for edit in edits[turn...] + edits[..<turn] { splice.replace(edit.range, with: edit.text) }
      try hold(splice.applied(to: text) == expected, "\(edits) in another order gives something else")
    })
}
