/// A task id that is the same however often an occurrence is sent: UUIDv5 (RFC 9562, section 5.5) of the schedule
/// and the due time.
package struct TaskID: Hashable, Sendable, CustomStringConvertible {
  /// The id in two halves; 0 for a text that is no UUID as it is made here.
  private let high, low: UInt64
  /// A text that is no UUID; nil: the halves are the id.
  private let foreign: String?

  /// The length of an id that is made here, in bytes of UTF-8.
  package static let length = 36

  /// 36 characters, lower case; of a foreign id its text.
  package var description: String { foreign ?? String(decoding: utf8, as: UTF8.self) }

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
    var name: [UInt8] = []
    name.reserveCapacity(Self.namespace.count + key.count + 24)
    name += Self.namespace
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
  package init(text: some StringProtocol) {
    let text = String(text)
    if let (high, low) = Self.halves(of: Array(text.utf8)) {
      (self.high, self.low, foreign) = (high, low, nil)
    } else {
      (high, low, foreign) = (0, 0, text)
    }
  }

  /// The first 16 bytes with version 5 and the variant of RFC 9562 in their places.
  private init(digest: [UInt8]) {
    var halves: (UInt64, UInt64) = (0, 0)
    for index in 0..<8 {
      halves.0 = halves.0 << 8 | UInt64(index < digest.count ? digest[index] : 0)
      halves.1 = halves.1 << 8 | UInt64(index + 8 < digest.count ? digest[index + 8] : 0)
    }
    high = halves.0 & ~0xF000 | 0x5000
    low = halves.1 & ~(0xC0 << 56) | 0x80 << 56
    foreign = nil
  }

  package var utf8Count: Int { foreign?.utf8.count ?? Self.length }

  /// The text in UTF-8.
  package var utf8: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(Self.length)
    text.append(self)
    return text
  }

  /// The characters of an id that is no foreign one.
  private var characters: InlineArray<36, UInt8> {
    var text = InlineArray<36, UInt8>(repeating: UInt8(ascii: "-"))
    for part in 0..<4 {
      let half = part < 2 ? high : low
      let digits = Self.hexadecimal(part & 1 == 0 ? half >> 32 : half & 0xFFFF_FFFF)
      for index in 0..<8 {
        let number = part &* 8 &+ index
        let hyphens =
          (number >= 8 ? 1 : 0) &+ (number >= 12 ? 1 : 0) &+ (number >= 16 ? 1 : 0) &+ (number >= 20 ? 1 : 0)
        text[number &+ hyphens] = UInt8(truncatingIfNeeded: digits >> UInt64(56 &- 8 &* index))
      }
    }
    return text
  }

  /// The eight hexadecimal digits of 32 bits, the first one in the highest byte. All are made together: the nibbles move
  /// apart, each into a byte, and those beyond 9 are moved up to the letters.
  private static func hexadecimal(_ value: UInt64) -> UInt64 {
    var nibbles = value << 16 & 0xFFFF_0000_0000 | value & 0xFFFF
    nibbles = (nibbles << 8 | nibbles) & 0x00FF_00FF_00FF_00FF
    nibbles = (nibbles << 4 | nibbles) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
  }

  /// Appends the text to others.
  fileprivate func append(to text: inout [UInt8]) {
    if let foreign { return text.append(foreign) }
    let characters = characters
    unsafe characters.span.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
  }

  /// The halves of a text as `description` writes it; nil for any other text.
  private static func halves(of text: [UInt8]) -> (UInt64, UInt64)? {
    guard text.count == length else { return nil }
    var (halves, digits): ((UInt64, UInt64), Int) = ((0, 0), 0)
    for (index, byte) in text.enumerated() {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let value = value(of: byte) else { return nil }
      if digits < 16 { halves.0 = halves.0 << 4 | value } else { halves.1 = halves.1 << 4 | value }
      digits += 1
    }
    return halves
  }

  private static func value(of digit: UInt8) -> UInt64? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit - UInt8(ascii: "a") + 10)
    default: nil
    }
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
}

extension [UInt8] {
  /// Appends the id's text.
  package mutating func append(_ id: TaskID) { id.append(to: &self) }
}
