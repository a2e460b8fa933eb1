/// The name of a member that is written.
struct TableKey {
  /// Without its quotes, as JSON has it.
  let spelling: ArraySlice<UInt8>
  /// What it is compared by.
  let bytes: ArraySlice<UInt8>
  /// Where it stands in the output, with its length.
  let range: Range<Int>
}

/// The members of a table that is written: where each stands in the output.
struct TableMembers {
  let start: Int
  private var ranges: [(key: Range<Int>, value: Range<Int>)] = []
  private var indices: [ArraySlice<UInt8>: Int] = [:]
  private var holdsRepeats = false

  init(start: Int) { self.start = start }

  mutating func add(_ key: TableKey, value: Range<Int>) {
    if let index = indices[key.bytes] {
      ranges[index].value = value
      holdsRepeats = true
    } else {
      indices[key.bytes] = ranges.count
      ranges.append((key.range, value))
    }
  }

  func finish(_ output: inout [UInt8]) {
    if holdsRepeats {
      var members: [UInt8] = []
      for (key, value) in ranges {
        members += output[key]
        members += output[value]
      }
      output.replaceSubrange(start..., with: members)
    }
    output.endLength(at: start)
  }
}
