import BeatCore

/// SHA-1 (FIPS 180-4), which Redis uses to name scripts and RFC 9562 to derive UUIDs. It identifies, and protects
/// nothing.
///
/// It is written here because a cryptographic library costs an idle daemon 1.6 MB, and nothing else here needs one.
package enum SHA1 {
  /// The digest of `bytes`, 20 bytes.
  package static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var state = State()
    let wholeBlocks = bytes.count / 64 * 64
    for start in stride(from: 0, to: wholeBlocks, by: 64) { state.add(bytes, at: start) }
    // The last blocks are the rest, a 1 bit, zeros up to the last 8 bytes of a block, and in those the length in bits.
    var tail = Array(bytes[wholeBlocks...])
    tail.append(0x80)
    while tail.count % 64 != 56 { tail.append(0) }
    let bits = UInt64(bytes.count) &* 8
    for shift in stride(from: 56, through: 0, by: -8) { tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    for start in stride(from: 0, to: tail.count, by: 64) { state.add(tail, at: start) }
    return state.bytes
  }

  /// The digest as 40 lower-case hex digits.
  package static func hex(_ bytes: [UInt8]) -> String { hex(digest: digest(bytes)) }

  /// A digest as 40 lower-case hex digits.
  static func hex(digest: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private struct State {
    private var words: (UInt32, UInt32, UInt32, UInt32, UInt32) =
      (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)

    /// Takes in the block of 64 bytes that begins at `start`.
    mutating func add(_ bytes: [UInt8], at start: Int) {
      // The last 16 words of the message schedule, in a ring.
      var schedule = InlineArray<16, UInt32>(repeating: 0)
      for index in 0..<16 {
        let first = start &+ index &* 4
        schedule[index] =
          UInt32(bytes[first]) << 24 | UInt32(bytes[first &+ 1]) << 16 | UInt32(bytes[first &+ 2]) << 8
          | UInt32(bytes[first &+ 3])
      }
      var (a, b, c, d, e) = words
      for round in 0..<80 {
        let slot = round & 15
        if round >= 16 {
          schedule[slot] = rotate(
            schedule[(round &+ 13) & 15] ^ schedule[(round &+ 8) & 15] ^ schedule[(round &+ 2) & 15] ^ schedule[slot], 1
          )
        }
        let (mix, constant): (UInt32, UInt32) =
          switch round {
          case 0..<20: (b & c | ~b & d, 0x5A82_7999)
          case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
          case 40..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
          default: (b ^ c ^ d, 0xCA62_C1D6)
          }
        let next = rotate(a, 5) &+ mix &+ e &+ constant &+ schedule[slot]
        (a, b, c, d, e) = (next, a, rotate(b, 30), c, d)
      }
      words = (words.0 &+ a, words.1 &+ b, words.2 &+ c, words.3 &+ d, words.4 &+ e)
    }

    /// The state as 20 bytes, the most significant first.
    var bytes: [UInt8] {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(20)
      func append(_ word: UInt32) {
        bytes.append(UInt8(truncatingIfNeeded: word >> 24))
        bytes.append(UInt8(truncatingIfNeeded: word >> 16))
        bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        bytes.append(UInt8(truncatingIfNeeded: word))
      }
      append(words.0)
      append(words.1)
      append(words.2)
      append(words.3)
      append(words.4)
      return bytes
    }

    private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 &- count) }
  }
}
