/// Numbers: where they end. Their value is read by `DocumentNumber`, but for short whole ones.
extension JSONScanner {
  /// The value of a number that is a few digits and nothing else, as most are.
  static func digits(of slice: JSONSlice, in bytes: [UInt8]) -> Int64? {
    guard slice.kind == .number, slice.range.count <= 18 else { return nil }
    var value: Int64 = 0
    for index in slice.range {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
      value = value &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0"))
    }
    return value
  }

  /// Whether the whole text is a number as JSON writes it, or one of Python's `NaN` and `Infinity`.
  static func isNumber(_ bytes: [UInt8]) -> Bool {
    var scanner = JSONScanner(bytes)
    guard let slice = try? scanner.value(depth: 1) else { return false }
    return slice.kind == .number && scanner.peek == nil
  }

  mutating func number() throws(JSONError) {
    let start = offset
    if take(UInt8(ascii: "-")), peek == UInt8(ascii: "I") {
      if identifier() == "Infinity" { return }
      offset = start
      throw problem("is not a number")
    }
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
  }

  private mutating func digits() throws(JSONError) {
    guard let first = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      throw problem("expected a digit")
    }
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { advance() }
  }
}
