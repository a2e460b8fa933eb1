/// How text is written in a MongoDB URL.
enum MongoURLText {
  static let encoding = "in a user name or password write : / ? # [ ] @ % as %3A %2F %3F %23 %5B %5D %40 %25"

  static let strayAt = error("an '@' stands behind the hosts of the MongoDB URL: \(encoding)")

  static func error(_ message: String) -> MongoError { MongoError(.client, message) }

  /// Percent-decodes; nil where that gives no UTF-8, or a zero.
  static func decoded(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
  }

  static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      isPlain(byte)
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  /// `name`, `name:port`, `[address]:port`, or the encoded path of a unix socket. Nothing else is put into a URL, also of
  /// what a server says of itself.
  static func isHost(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count < 512 else { return false }
    if text.hasSuffix(".sock") {
      return decoded(text)?.hasPrefix("/") == true && bytes.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "%") }
    }
    var name = bytes[...]
    var port: ArraySlice<UInt8>?
    if bytes[0] == UInt8(ascii: "[") {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
      name = bytes[1..<end]
      let rest = bytes[(end + 1)...]
      guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { return false }
      port = rest.isEmpty ? nil : rest.dropFirst()
      guard name.allSatisfy({ hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
        return false
      }
    } else {
      if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
        name = bytes[..<colon]
        port = bytes[(colon + 1)...]
      }
      guard name.allSatisfy(isPlain) else { return false }
    }
    guard let port else { return !name.isEmpty }
    return !name.isEmpty && port.allSatisfy { (0x30...0x39).contains($0) }
      && (UInt16(String(decoding: port, as: UTF8.self)) ?? 0) > 0
  }

  static func isPlainName(_ name: Substring) -> Bool {
    !name.isEmpty && name.utf8.count <= 64 && name.utf8.allSatisfy(isPlain)
  }

  /// A character that means nothing in a URL.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }
}
