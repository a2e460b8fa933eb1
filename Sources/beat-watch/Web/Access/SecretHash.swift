import BeatCore
import BeatLoop

/// What is kept of a secret, in memory and in files: its SHA-256. Whoever reads it cannot log in with it.
struct SecretHash: Hashable, Sendable {
  private let bytes: [UInt8]

  /// Throws: OpenSSL is not installed.
  init(of secret: String) throws(CommandError) {
    do { bytes = try SecretDigest.sha256(Array(secret.utf8)) } catch {
      throw CommandError(.unavailable, "logins need OpenSSL: \(error.reason)")
    }
  }

  /// From 64 hexadecimal digits in lower case; nil: it is something else.
  init?(hexadecimal text: Substring) {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: 64, by: 2) {
      guard let byte = UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16), digits[place] != 43
      else { return nil }
      bytes.append(byte)
    }
    self.bytes = bytes
    guard self.text == text else { return nil }
  }

  var text: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  /// Compares in a time that does not depend on the bytes.
  func matches(_ other: SecretHash) -> Bool { (try? SecretDigest.areEqual(bytes, other.bytes)) ?? false }
}
