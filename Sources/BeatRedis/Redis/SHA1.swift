import BeatCore

/// SHA-1 (FIPS 180-4), which Redis uses to name scripts and RFC 9562 to derive UUIDs. It identifies, and protects
/// nothing.
///
/// It is written here because a cryptographic library costs an idle daemon 1.6 MB, and nothing else here needs one.
package enum SHA1 {
  /// The digest of `bytes`, 20 bytes.
  package static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var state = State()
    bytes.withUnsafeBytes { input in
      let rest = input.count % 64
      for start in stride(from: 0, to: input.count - rest, by: 64) { state.add(input, at: start) }
      // The last blocks are the rest, a 1 bit, zeros up to the last 8 bytes of a block, and in those the length in bits.
      let size = rest < 56 ? 64 : 128
      withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { tail in
        tail.initializeMemory(as: UInt8.self, repeating: 0)
        tail.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[(input.count - rest)...]))
        tail[rest] = 0x80
        tail.storeBytes(of: (UInt64(input.count) &* 8).bigEndian, toByteOffset: size - 8, as: UInt64.self)
        for start in stride(from: 0, to: size, by: 64) { state.add(UnsafeRawBufferPointer(tail), at: start) }
      }
    }
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
    mutating func add(_ bytes: UnsafeRawBufferPointer, at start: Int) {
      // The last 16 words of the message schedule, in a ring.
      var schedule = InlineArray<16, UInt32> { index in
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start &+ index &* 4, as: UInt32.self))
      }
      var (a, b, c, d, e) = words
      // Each of these closures is one of the four kinds of rounds. They are apart so that no round has to choose.
      rounds(0, &a, &b, &c, &d, &e, &schedule, 0x5A82_7999) { $0 & $1 | ~$0 & $2 }
      rounds(20, &a, &b, &c, &d, &e, &schedule, 0x6ED9_EBA1) { $0 ^ $1 ^ $2 }
      rounds(40, &a, &b, &c, &d, &e, &schedule, 0x8F1B_BCDC) { $0 & $1 | $0 & $2 | $1 & $2 }
      rounds(60, &a, &b, &c, &d, &e, &schedule, 0xCA62_C1D6) { $0 ^ $1 ^ $2 }
      words = (words.0 &+ a, words.1 &+ b, words.2 &+ c, words.3 &+ d, words.4 &+ e)
    }

    /// Twenty rounds. Five of them in a row leave each word in its own place again.
    @inline(__always)
    private func rounds(
      _ first: Int, _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32, _ e: inout UInt32,
      _ schedule: inout InlineArray<16, UInt32>, _ constant: UInt32, _ mix: (UInt32, UInt32, UInt32) -> UInt32
    ) {
      var round = first
      while round < first &+ 20 {
        e = rotate(a, 5) &+ mix(b, c, d) &+ e &+ constant &+ word(round, &schedule)
        b = rotate(b, 30)
        d = rotate(e, 5) &+ mix(a, b, c) &+ d &+ constant &+ word(round &+ 1, &schedule)
        a = rotate(a, 30)
        c = rotate(d, 5) &+ mix(e, a, b) &+ c &+ constant &+ word(round &+ 2, &schedule)
        e = rotate(e, 30)
        b = rotate(c, 5) &+ mix(d, e, a) &+ b &+ constant &+ word(round &+ 3, &schedule)
        d = rotate(d, 30)
        a = rotate(b, 5) &+ mix(c, d, e) &+ a &+ constant &+ word(round &+ 4, &schedule)
        c = rotate(c, 30)
        round &+= 5
      }
    }

    /// The message schedule's word of a round.
    @inline(__always)
    private func word(_ round: Int, _ schedule: inout InlineArray<16, UInt32>) -> UInt32 {
      let slot = round & 15
      if round >= 16 {
        schedule[slot] = rotate(
          schedule[(round &+ 13) & 15] ^ schedule[(round &+ 8) & 15] ^ schedule[(round &+ 2) & 15] ^ schedule[slot], 1)
      }
      return schedule[slot]
    }

    /// The state as 20 bytes, the most significant first.
    var bytes: [UInt8] {
      [UInt8](capacity: 20) { bytes in
        let all: InlineArray<5, UInt32> = [words.0, words.1, words.2, words.3, words.4]
        for index in all.indices {
          for shift in stride(from: 24 as UInt32, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: all[index] >> shift))
          }
        }
      }
    }

    private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 &- count) }
  }
}
