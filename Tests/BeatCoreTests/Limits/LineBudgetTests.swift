import Testing

@testable import BeatCore

@Suite("Log lines of a flood") struct LineBudgetTests {
  private var budget = LineBudget()

  private func at(_ seconds: Double) -> BootTime { BootTime(microseconds: 1_000_000_000 + Int64(seconds * 1_000_000)) }

  private mutating func writes(_ name: String, _ seconds: Double, bytes: Int = 200) -> Bool {
    guard budget.admits(EntryName(name), at: at(seconds)) else { return false }
    budget.wrote(bytes)
    return true
  }

  /// Lines of a user's edits are written, and so are those of a script that makes a few dozen schedules.
  @Test mutating func whatAPersonDoesIsWritten() {
    for second in 0..<600 { #expect(writes("a", Double(second))) }
    for index in 0..<Limit.lineBurst.most { #expect(writes("n\(index)", 700)) }
  }

  /// A flood: many keys, each many times a second.
  @Test mutating func aFloodIsBounded() {
    var lines = 0
    for second in 0..<60 {
      for index in 0..<2_000 where writes("n\(index % 300)", Double(second) + Double(index) / 2_000) { lines += 1 }
    }
    #expect(lines <= Limit.lineBurst.most + 60 * Limit.lineRate.most)
    #expect(lines >= Limit.lineBurst.most + 50 * Limit.lineRate.most)
  }

  /// An operator looks for the first line of a key that is not part of the flood: it is written at any moment.
  @Test mutating func anotherKeyIsReadBesideAFlood() {
    for second in 0..<120 {
      for index in 0..<1_000 { _ = writes("n\(index % 300)", Double(second) + Double(index) / 1_000) }
      if second >= 20, second % 2 == 0 { #expect(writes("by hand \(second)", Double(second) + 0.999_99), "\(second)") }
    }
  }

  @Test mutating func everNewNamesAreBoundedToo() {
    var lines = 0
    for index in 0..<30_000 where writes("n\(index)", Double(index) / 1_000) { lines += 1 }
    #expect(lines <= Limit.lineBurst.most + 30 * Limit.lineRate.most)
  }

  /// The bytes of a flood are bounded, whatever its lines contain.
  @Test mutating func longLinesCountAsSeveral() {
    var bytes = 0
    for index in 0..<30_000 where writes("n\(index)", Double(index) / 1_000, bytes: 8_192) { bytes += 8_192 }
    #expect(bytes <= 512 * (Limit.lineBurst.most + 30 * Limit.lineRate.most) + 8_192)
  }

  @Test mutating func theClockMayStandStill() {
    #expect((0..<1_000).filter { writes("n\($0)", 0) }.count == Limit.lineBurst.most)
    #expect(!writes("m", -5))
  }
}
