/// The name of a member that is written.
struct TableKey {
  /// The name as JSON spells it, without its quotes.
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
  private var keys: [ArraySlice<UInt8>] = []
  /// Filled when there are many, which are not looked through one by one.
  private var indices: [ArraySlice<UInt8>: Int] = [:]
  private var holdsRepeats = false

  private static let few = 32

  init(start: Int) { self.start = start }

  mutating func add(_ key: TableKey, value: Range<Int>) {
    if let index = index(of: key.bytes) {
      ranges[index].value = value
      holdsRepeats = true
      return
    }
    keys.append(key.bytes)
    ranges.append((key.range, value))
    if keys.count == Self.few {
      for (index, key) in keys.enumerated() { indices[key] = index }
    } else if keys.count > Self.few {
      indices[key.bytes] = keys.count - 1
    }
  }

  private func index(of key: ArraySlice<UInt8>) -> Int? {
    keys.count < Self.few ? keys.firstIndex { $0.count == key.count && $0 == key } : indices[key]
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
