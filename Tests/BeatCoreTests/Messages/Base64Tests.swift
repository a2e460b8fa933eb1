import Foundation
import Testing

@testable import BeatCore

@Suite struct Base64Tests {
  /// The result is Foundation's. The daemon itself does not load Foundation.
  @Test func bytesOfEachLength() {
    var random = SystemRandomNumberGenerator()
    for count in 0...200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let text = Base64.encode(bytes)
      #expect(text == Data(bytes).base64EncodedString())
      #expect(Base64.decode(text) == bytes)
    }
  }

  @Test(arguments: ["A", "AA", "AAA", "AA=", "A===", "====", "AA=A", "AA==AAAA", "AAA\n", "AA-_", "Äé=="])
  func isNone(_ text: String) { #expect(Base64.decode(text) == nil) }
}
