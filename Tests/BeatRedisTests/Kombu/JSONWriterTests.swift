import BeatCore
import Testing

@testable import BeatRedis

@Suite struct JSONWriterTests {
  /// Texts of all lengths around eight bytes, with each ASCII character at each place.
  @Test func aTextIsWrittenAsByTheSlowWay() {
    for length in 1...17 {
      for place in 0..<length {
        for scalar in (0..<128 as Range<UInt8>).map({ Unicode.Scalar($0) }) + ["é", "\u{80}", "€", "😀"] {
          var text = String(repeating: "m", count: length).unicodeScalars.map { $0 }
          text[place] = scalar
          let word = String(String.UnicodeScalarView(text))
          let written = JSONWriter.bytes(room: 1) { $0.append(json: word) }
          #expect(String(decoding: written, as: UTF8.self) == JSONText.string(word))
        }
      }
    }
  }
}
