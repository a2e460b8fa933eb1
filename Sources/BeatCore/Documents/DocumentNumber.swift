/// A number in a schedule document: JSON's own, mongoexport's `{"$numberLong": "5"}` (also `$numberInt`,
/// `$numberDouble`), or the mongo shell's `NumberLong(5)`; with its form, so that a count is written back in it.
package struct DocumentNumber: Hashable {
  package enum Form: Hashable {
    case json
    case dollar(key: String)
    case shellCall(name: String, quoted: Bool)
  }

  /// The number as it is written, without quotes.
  package var text: String
  package var form: Form

  package init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    // mongoexport's or the shell's forms have some bytes more than the number itself.
    guard slice.kind == .number || !Limit.textLength.isExceeded(by: slice.range.count) else { return nil }
    switch slice.kind {
    case .number:
      guard Self.excess(slice, in: bytes) == nil else { return nil }
      self.init(text: String(decoding: bytes[slice.range], as: UTF8.self), form: .json)
    case .object:
      let members = JSONScanner.members(of: slice, in: bytes)
      guard members.count == 1, let member = members.first,
        ["$numberLong", "$numberInt", "$numberDouble"].contains(member.key),
        let text = JSONScanner.text(of: member.value, in: bytes)
      else { return nil }
      self.init(text: text, form: .dollar(key: member.key))
    case .shellCall:
      guard let (name, argument) = JSONScanner.shellCall(slice, in: bytes), let argument,
        ["NumberLong", "NumberInt", "NumberDouble"].contains(name)
      else { return nil }
      let quoted = JSONScanner.text(of: argument, in: bytes)
      self.init(
        text: quoted ?? String(decoding: bytes[argument.range], as: UTF8.self),
        form: .shellCall(name: name, quoted: quoted != nil))
    default:
      return nil
    }
  }

  init?(text: String, form: Form) {
    guard Self.excess(text.utf8) == nil else { return nil }
    // Swift's own reader takes "0x7" and "+7" too, and some numbers go into messages as they are.
    guard Self.isPlain(text) || JSONScanner.isNumber(Array(text.utf8)) && Double(text) != nil else { return nil }
    self.text = text
    self.form = form
  }

  /// Why a number is not read, however right it is: it would take a second to turn a million digits into a value.
  static func excess(_ slice: JSONSlice, in bytes: [UInt8]) -> String? {
    slice.kind == .number ? excess(bytes[slice.range]) : nil
  }

  /// The same of its text.
  static func excess(_ text: some Collection<UInt8>) -> String? {
    guard Limit.numberDigits.isExceeded(by: text.count) else { return nil }
    // The sign, the point and the exponent are no digits.
    let digits = text.count { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return Limit.numberDigits.isExceeded(by: digits) ? Limit.numberDigits.excess(digits) : nil
  }

  /// Most numbers are: a few digits.
  private static func isPlain(_ text: String) -> Bool {
    let digits = text.utf8
    guard let first = digits.first, digits.count <= 18, first != UInt8(ascii: "0") || digits.count == 1 else {
      return false
    }
    return digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  package var double: Double? { Double(text) }

  /// The whole number it stands for; `5.0` is 5, as mongo writes counts.
  package var integer: Int64? { Int64(text) ?? double.flatMap { Int64(exactly: $0) } }

  /// The number times `perUnit`, to the nearest whole; nil beyond the range of 64 bits. Whole numbers and decimal
  /// fractions come out exact.
  ///
  /// - Parameter perUnit: a power of ten.
  func microseconds(perUnit: Int64) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count <= 2, let whole = Int64(parts[0]), !text.contains(where: { "eE".contains($0) }) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: perUnit)
      let fraction = parts.count == 2 ? Self.fraction(parts[1], of: perUnit) : 0
      let (sum, overflowed) = product.addingReportingOverflow(text.hasPrefix("-") ? -fraction : fraction)
      return overflow || overflowed ? nil : sum
    }
    guard let double else { return nil }
    // With an exponent, as precise as a Double is: a quarter of a microsecond for times of today.
    let whole = double.rounded(.towardZero)
    guard let high = Int64(exactly: whole) else { return nil }
    let (product, overflow) = high.multipliedReportingOverflow(by: perUnit)
    let (sum, overflowed) = product.addingReportingOverflow(Int64(((double - whole) * Double(perUnit)).rounded()))
    return overflow || overflowed ? nil : sum
  }

  /// The digits after the point as parts of `unit`, a power of ten, to the nearest.
  private static func fraction(_ digits: Substring, of unit: Int64) -> Int64 {
    var (value, weight) = (Int64(0), unit)
    for digit in digits.utf8 {
      let digit = Int64(digit &- UInt8(ascii: "0"))
      guard weight > 1 else { return digit >= 5 ? value + 1 : value }
      weight /= 10
      value += digit * weight
    }
    return value
  }

  /// A whole number as it is written into a document; `nil`: as JSON's own.
  static func utf8(_ value: Int64, in form: Form?) -> [UInt8] {
    guard let form, form != .json else {
      var digits: [UInt8] = []
      digits.reserveCapacity(20)
      if value < 0 { digits.append(UInt8(ascii: "-")) }
      digits.append(value.magnitude, width: 1)
      return digits
    }
    return Array(text(value, in: form).utf8)
  }

  static func text(_ value: Int64, in form: Form) -> String {
    switch form {
    case .json: "\(value)"
    case .dollar(let key): #"{"\#(key)": "\#(value)"}"#
    case .shellCall(let name, let quoted): quoted ? #"\#(name)("\#(value)")"# : "\(name)(\(value))"
    }
  }

  /// Seconds with as many digits after the point as microseconds need.
  static func seconds(_ microseconds: Int64) -> String {
    let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    guard fraction != 0 else { return "\(seconds)" }
    let magnitude = String(fraction.magnitude)
    var digits = String(repeating: "0", count: 6 - magnitude.count) + magnitude
    while digits.hasSuffix("0") { digits.removeLast() }
    return (microseconds < 0 && seconds == 0 ? "-" : "") + "\(seconds).\(digits)"
  }
}

extension DocumentNumber.Form {
  /// The form of a number in a document; nil if the value is no number.
  init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    if slice.kind == .number {
      self = .json
    } else if let number = DocumentNumber(slice, in: bytes) {
      self = number.form
    } else {
      return nil
    }
  }
}
