/// How text is written in a Redis URL.
enum RedisURLText {
  /// What has to be encoded before an '@', and in a query.
  static let encoding = "in a user name or password write / ? # % @ ; as %2F %3F %23 %25 %40 %3B"

  /// Percent-decodes. The result is UTF-8 without NUL, as the calls of the server and of the system require.
  static func decoded(_ text: Substring, what: String) throws(RedisURLError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
        throw RedisURLError("in the \(what) of the Redis URL a '%' is not followed by two hex digits: write it as %25")
      }
      bytes.append(high << 4 | low)
    }
    guard let result = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw RedisURLError("the \(what) of the Redis URL is not UTF-8 text when its %-codes are decoded")
    }
    return result
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }

  static func isHostCharacter(_ character: Character) -> Bool {
    guard character.isASCII else { return false }
    return character.isLetter || character.isNumber || character == "." || character == "-" || character == "_"
  }

  static func isPlainName(_ name: Substring) -> Bool {
    !name.isEmpty && name.utf8.count <= 64 && name.allSatisfy(isHostCharacter)
  }
}
