import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("FirePlan.unchangedLength: what SETRANGE need not write") struct UnchangedLengthTests {
  private func length(_ old: [UInt8], _ new: [UInt8]) -> Int {
    FirePlan(
      entry: EntryName("a"), task: "t", taskID: TaskID(text: "x"), due: UnixTime(microseconds: 1), oldDocument: old,
      newDocument: new, message: [], route: .queue("q"), priority: 0,
      watermark: Watermark(due: UnixTime(microseconds: 1), taskID: nil, totalRunCount: 1), reason: .schedule
    ).unchangedLength
  }

  @Test(arguments: [
    ("", "", 0), ("a", "", 0), ("", "a", 0), ("a", "b", 0), ("ab", "ac", 1), ("abc", "abcd", 3), ("abcd", "ab", 1),
    ("12345678", "12345679", 7), ("123456780", "123456790", 7), ("12345678x", "12345678y", 8),
  ])
  func some(_ old: String, _ new: String, _ expected: Int) {
    #expect(length(Array(old.utf8), Array(new.utf8)) == expected)
  }

  /// A byte is written though nothing has changed: a fire that raised no event would be missed where events are counted.
  @Test(arguments: [1, 8, 9, 16, 300]) func oneByteIsAlwaysWritten(_ count: Int) {
    let document = [UInt8](repeating: 7, count: count)
    #expect(length(document, document) == count - 1)
  }

  @Test func asByteByByte() {
    var chance = SeededChance(seed: 1)
    for _ in 0..<5_000 {
      let old = (0..<chance.number(0...40)).map { _ in UInt8(chance.number(0...1)) }
      var new = old
      if !new.isEmpty, chance.once(in: 2) { new[chance.number(0...(new.count - 1))] ^= 1 }
      if chance.once(in: 3) { new += [UInt8(chance.number(0...1))] }
      if chance.once(in: 3) { new = Array(new.prefix(chance.number(0...40))) }
      let common = zip(old, new).prefix { $0 == $1 }.count
      #expect(length(old, new) == max(0, min(common, new.count - 1)))
    }
  }
}
