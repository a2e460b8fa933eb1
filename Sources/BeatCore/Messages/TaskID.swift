/// A task id that is the same however often an occurrence is sent: UUIDv5 (RFC 9562, section 5.5) of the schedule
/// and the due time.
package struct TaskID: Hashable, Sendable, CustomStringConvertible {
  /// 36 characters, lower case.
  package let description: String

  /// The SHA-1 digest, 20 bytes, of some bytes. The core has no cryptography of its own.
  package typealias SHA1 = @Sendable ([UInt8]) -> [UInt8]

  /// The namespace of all ids made here.
  static let namespace: [UInt8] = [
    0x5d, 0x0e, 0x2b, 0x1c, 0x7a, 0x43, 0x4f, 0x6b, 0x9c, 0x58, 0x26, 0xe1, 0xb7, 0x90, 0xd3, 0x14,
  ]

  /// - Parameters:
  ///   - key: what the schedule is known by among those of all stores (`TaskIDNamespace.bytes(of:)`).
  ///   - due: the occurrence's nominal time.
  package init(key: [UInt8], due: UnixTime, sha1: SHA1) {
    var name = Self.namespace
    name.reserveCapacity(Self.namespace.count + key.count + 24)
    name += key
    name.append(0)
    if due.microseconds < 0 { name.append(UInt8(ascii: "-")) }
    name.append(due.microseconds.magnitude, width: 1)
    self.init(digest: sha1(name))
  }

  /// The id of a run that a user has asked for.
  ///
  /// - Parameter request: names the request; the id is never that of an occurrence.
  init(key: [UInt8], request: String, sha1: SHA1) {
    self.init(namespace: Self.namespace, name: key + [0] + Array("manual \(request)".utf8), sha1: sha1)
  }

  init(namespace: [UInt8], name: [UInt8], sha1: SHA1) {
    self.init(digest: sha1(namespace + name))
  }

  /// An id that was read from a watermark.
  package init(text: some StringProtocol) { description = String(text) }

  /// The first 16 bytes with version 5 and the variant of RFC 9562 in their places.
  private init(digest: [UInt8]) {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for index in 0..<16 {
      var byte = index < digest.count ? digest[index] : 0
      if index == 6 { byte = byte & 0x0F | 0x50 }
      if index == 8 { byte = byte & 0x3F | 0x80 }
      if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
      text.append(Self.digit(byte >> 4))
      text.append(Self.digit(byte & 15))
    }
    description = String(decoding: text, as: UTF8.self)
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
}
