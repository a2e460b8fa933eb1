import BeatLoop

/// How text is written in a MongoDB URL.
enum MongoURLText {
  static let encoding = "in a user name or password write : / ? # [ ] @ % as %3A %2F %3F %23 %5B %5D %40 %25"

  static let strayAt = error("an '@' stands behind the hosts of the MongoDB URL: \(encoding)")

  static func error(_ message: String) -> MongoError { MongoError(.client, message) }

  /// Percent-decodes; nil where that gives no UTF-8, or a zero.
  static func decoded(_ text: some StringProtocol) -> String? { try? URLText.decoded(text, what: "") }

  /// `name`, `name:port`, `[address]:port`, or the encoded path of a unix socket. Nothing else is put into a URL, also of
  /// what a server says of itself.
  static func isHost(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count < 512 else { return false }
    if text.hasSuffix(".sock") {
      return decoded(text)?.hasPrefix("/") == true
        && bytes.allSatisfy { URLText.isPlain($0) || $0 == UInt8(ascii: "%") }
    }
    var name = bytes[...]
    var port: ArraySlice<UInt8>?
    if bytes[0] == UInt8(ascii: "[") {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
      name = bytes[1..<end]
      let rest = bytes[(end + 1)...]
      guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { return false }
      port = rest.isEmpty ? nil : rest.dropFirst()
      guard name.allSatisfy({ URLText.hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else {
        return false
      }
    } else {
      if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
        name = bytes[..<colon]
        port = bytes[(colon + 1)...]
      }
      guard name.allSatisfy(URLText.isPlain) else { return false }
    }
    guard let port else { return !name.isEmpty }
    return !name.isEmpty && port.allSatisfy { (0x30...0x39).contains($0) }
      && (UInt16(String(decoding: port, as: UTF8.self)) ?? 0) > 0
  }
}
