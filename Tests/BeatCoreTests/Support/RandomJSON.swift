@testable import BeatCore

/// Random JSON values as text, with the parts that are hard for Celery's representations: long texts, quotes, floats of
/// all sizes, deep nesting.
struct RandomJSON {
  var chance: SeededChance

  init(seed: UInt64) { chance = SeededChance(seed: seed) }

  mutating func value(depth: Int = 0) -> String {
    switch chance.number(0...(depth > 4 ? 6 : 10)) {
    case 0: return "null"
    case 1: return chance.once(in: 2) ? "true" : "false"
    case 2: return integer()
    case 3: return float()
    case 4, 5, 6: return string()
    case 7, 8: return list(depth: depth)
    default: return object(depth: depth)
    }
  }

  mutating func list(depth: Int = 0) -> String {
    let count = length(depth)
    return "[" + (0..<count).map { _ in value(depth: depth + 1) }.joined(separator: comma()) + "]"
  }

  mutating func object(depth: Int = 0) -> String {
    let count = length(depth)
    return "{" + (0..<count).map { _ in string() + ":" + value(depth: depth + 1) }.joined(separator: comma()) + "}"
  }

  private mutating func length(_ depth: Int) -> Int {
    chance.once(in: 12) && depth < 2 ? chance.number(10...60) : chance.number(0...(depth < 3 ? 5 : 2))
  }

  private mutating func comma() -> String { chance.one(of: [",", ", ", " ,\n"]) }

  mutating func integer() -> String {
    switch chance.number(0...4) {
    case 0: return String(chance.number(-3...3))
    case 1: return "-0"
    case 2: return (chance.once(in: 2) ? "-" : "1") + (0..<chance.number(1...60)).map { _ in "9" }.joined()
    default: return String(Int64(truncatingIfNeeded: chance.next()))
    }
  }

  /// Doubles with any bits, round ones, and decimal texts that no double represents.
  mutating func float() -> String {
    switch chance.number(0...7) {
    case 0:
      return chance.one(of: ["NaN", "Infinity", "-Infinity", "0.0", "-0.0", "1e400", "-1e400", "5e-324", "1e-400"])
    case 1: return "\(chance.number(-9...9))e\(chance.number(-30...30))"
    case 2: return "\(chance.number(-99999...99999)).\(chance.number(0...99999))"
    case 3: return "1\(String(repeating: "0", count: chance.number(0...24))).0"
    case 4: return "0.\(String(repeating: "0", count: chance.number(0...12)))\(chance.number(1...999))"
    case 5:
      return
        "\(chance.number(0...9)).\((0..<30).map { _ in String(chance.number(0...9)) }.joined())E+\(chance.number(0...25))"
    default:
      let value = Double(bitPattern: chance.next())
      return value.isFinite ? "\(value)" : "1.5"
    }
  }

  mutating func string() -> String {
    var text = "\""
    for _ in 0..<(chance.once(in: 40) ? chance.number(200...1_100) : chance.number(0...12)) { text += character() }
    return text + "\""
  }

  private mutating func character() -> String {
    switch chance.number(0...24) {
    case 0: return "'"
    case 1: return #"\""#
    case 2: return #"\\"#
    case 3: return chance.one(of: [#"\n"#, #"\t"#, #"\r"#, #"\b"#, #"\f"#, #"\/"#, #"\u0000"#, #"\u001b"#, #"\u007f"#])
    case 4:
      return chance.one(of: [
        "☃", #"\u2603"#, "é", "e\u{301}", "🎉", #"\ud83c\udf89"#, "\u{2028}", "\u{FEFF}", "\u{7F}", "\u{202E}",
      ])
    case 5, 6, 7: return " "
    default: return String(UnicodeScalar(UInt8(chance.number(0x61...0x7A))))
    }
  }
}
