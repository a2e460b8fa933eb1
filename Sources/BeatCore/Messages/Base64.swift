/// The transfer encoding of message bodies on kombu's virtual transports, and of bytes that are no text in an export
/// (RFC 4648, section 4).
///
/// Our own because Foundation's costs an idle daemon memory, and nothing else in the core needs Foundation.
package enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func encode(_ bytes: [UInt8]) -> String {
    var text = [UInt8](repeating: 0, count: length(of: bytes.count))
    var span = text.mutableSpan
    encode(bytes, to: &span)
    return String(decoding: text, as: UTF8.self)
  }

  /// How long so many bytes are in Base64.
  package static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

  /// - Parameter text: as long as the bytes are in Base64.
  package static func encode(_ bytes: [UInt8], to text: inout MutableSpan<UInt8>) {
    let digits = digits
    func digit(_ bits: UInt32) -> UInt8 { digits[Int(bits & 63)] }
    var (index, place) = (0, 0)
    while index + 2 < bytes.count {
      let bits = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      text[place] = digit(bits >> 18)
      text[place + 1] = digit(bits >> 12)
      text[place + 2] = digit(bits >> 6)
      text[place + 3] = digit(bits)
      index += 3
      place += 4
    }
    let left = bytes.count - index
    guard left > 0 else { return }
    let bits = UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
    text[place] = digit(bits >> 18)
    text[place + 1] = digit(bits >> 12)
    text[place + 2] = left > 1 ? digit(bits >> 6) : UInt8(ascii: "=")
    text[place + 3] = UInt8(ascii: "=")
  }

  /// Nil for what is none: another character, or an end that is cut off or not filled up.
  package static func decode(_ text: String) -> [UInt8]? {
    var digits = Array(text.utf8)
    guard digits.count % 4 == 0 else { return nil }
    for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    for (index, digit) in digits.enumerated() {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | value
      if index & 3 > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index & 3)))) }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
