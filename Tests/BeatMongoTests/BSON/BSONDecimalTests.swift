import Testing

@testable import BeatMongo

/// Decimal128 against pymongo.
@Suite struct BSONDecimalTests {
  private static let cases = (try? OracleFile.lines("decimals.txt")) ?? []

  @Test func textsArePythons() throws {
    #expect(Self.cases.count > 80)
    for line in Self.cases {
      let words = line.split(separator: " ")
      let high = try #require(UInt64(words[0], radix: 16))
      let low = try #require(UInt64(words[1], radix: 16))
      let decimal = BSONDecimal(high: high, low: low)
      #expect(decimal.text == words[2])
      #expect(decimal.isFinite == !["NaN", "Infinity", "-Infinity"].contains(words[2]))
      let read = try #require(BSONDecimal(String(words[2])), "\(line)")
      #expect(read.text == words[2])
      // Numbers whose digits are too many are read as the zero that they are.
      if high >> 61 & 3 != 3 || !decimal.isFinite { #expect(read == decimal, "\(line)") }
    }
  }

  @Test(arguments: [
    ("10E-6177", "1E-6176"), ("0E+7000", "0E+6111"), ("0E-7000", "0E-6176"), ("+1.5", "1.5"), (".5", "0.5"),
    ("5.", "5"),
    ("1e3", "1E+3"), ("-inf", "-Infinity"), ("000000000000000000000000000000000000001", "1"),
  ]) func otherSpellings(_ text: String, _ same: String) { #expect(BSONDecimal(text)?.text == same) }

  @Test(arguments: [
    "", "-", ".", "e5", "1e", "1e+", "1e1000000", "1E+6145", "1E-6177", "12345678901234567890123456789012345", "0x5",
    "1 ",
    "1.2.3", "--1", "1e5e5", "é",
  ]) func whatIsNone(_ text: String) { #expect(BSONDecimal(text) == nil) }

  @Test func anyBitsHaveAText() throws {
    var chance = SeededChance(seed: 3)
    for _ in 0..<2_000 {
      let text = BSONDecimal(high: chance.next(), low: chance.next()).text
      let again = try #require(BSONDecimal(text), "\(text)")
      #expect(again.text == text)
    }
  }
}
