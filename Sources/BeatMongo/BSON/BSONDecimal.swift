/// A Decimal128: up to 34 decimal digits and a power of ten.
/// (Source: the specification "BSON Decimal128"; IEEE 754-2008, binary integer decimal)
package struct BSONDecimal: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  private static let bias = 6_176
  private static let mostDigits = 34
  private static let mostExponent = 6_111
  private static let largest = UInt128(10_000_000_000_000_000) * 1_000_000_000_000_000_000 - 1

  package var isFinite: Bool { high >> 59 & 0xF != 0xF }

  /// The number as Python's `str(Decimal)` writes it, such as `0.10` or `1E+3`; `NaN`, `Infinity`, `-Infinity`. A finite
  /// one is a number of JSON, too.
  package var text: String {
    let sign = high >> 63 == 1 ? "-" : ""
    guard isFinite else { return high >> 58 & 1 == 1 ? "NaN" : sign + "Infinity" }
    // A coefficient in the form that these two bits mean has more than 34 digits, which counts as zero.
    let isLarge = high >> 61 & 3 == 3
    let exponent = Int(high >> (isLarge ? 47 : 49) & 0x3FFF) - Self.bias
    let coefficient = isLarge ? 0 : UInt128(high & 0x1_FFFF_FFFF_FFFF) << 64 | UInt128(low)
    let digits = String(coefficient <= Self.largest ? coefficient : 0)
    let point = digits.utf8.count + exponent
    if exponent <= 0, point > -6 {
      if exponent == 0 { return sign + digits }
      if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }
    let fraction = digits.utf8.count > 1 ? "." + digits.dropFirst() : ""
    return sign + digits.prefix(1) + fraction + "E" + (point > 0 ? "+" : "") + "\(point - 1)"
  }

  /// Nil for a text that is no number, or one that has more digits or another size than a Decimal128.
  package init?(_ text: String) {
    let isNegative = text.hasPrefix("-")
    let number = isNegative || text.hasPrefix("+") ? text.utf8.dropFirst() : text.utf8[...]
    let sign: UInt64 = isNegative ? 1 << 63 : 0
    switch String(number)?.lowercased() {
    case "nan": self.init(high: 0x7C << 56, low: 0)
    case "inf", "infinity": self.init(high: sign | 0x78 << 56, low: 0)
    default:
      guard let (coefficient, exponent) = Self.parts(number) else { return nil }
      let high = UInt64(truncatingIfNeeded: coefficient >> 64)
      self.init(high: sign | UInt64(exponent + Self.bias) << 49 | high, low: UInt64(truncatingIfNeeded: coefficient))
    }
  }

  /// The digits as a whole number, and the power of ten.
  private static func parts(_ text: Substring.UTF8View) -> (UInt128, Int)? {
    // A longer one has needless zeros.
    guard text.count <= 8_192 else { return nil }
    var coefficient: UInt128 = 0
    var (places, digits) = (0, 0)
    var isBehindPoint = false
    var rest = text
    while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: "."), !isBehindPoint {
        isBehindPoint = true
        continue
      }
      guard let digit = value(of: byte) else { return nil }
      digits += 1
      if isBehindPoint { places += 1 }
      coefficient = coefficient * 10 + UInt128(digit)
      guard coefficient <= largest else { return nil }
    }
    guard digits > 0 else { return nil }
    var exponent = -places
    if !rest.isEmpty {
      let power = rest.dropFirst()
      // A power of more digits is beyond all that can be written.
      guard (1...6).contains(power.count), let power = Int(String(power) ?? "") else { return nil }
      exponent += power
    }
    // A power that is too high becomes zeros at the end, as in Python; zero has no digits to keep.
    while exponent > mostExponent, coefficient > 0 {
      coefficient *= 10
      exponent -= 1
      guard coefficient <= largest else { return nil }
    }
    while exponent < -bias, coefficient > 0 {
      guard coefficient.isMultiple(of: 10) else { return nil }
      coefficient /= 10
      exponent += 1
    }
    return (coefficient, min(max(exponent, -bias), mostExponent))
  }

  private static func value(of digit: UInt8) -> UInt8? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) ? digit - UInt8(ascii: "0") : nil
  }
}
