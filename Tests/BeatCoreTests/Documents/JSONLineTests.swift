import Testing

@testable import BeatCore

/// Text as JSON for people: on one line, with nothing escaped that need not be.
@Suite struct JSONLineTests {
  @Test(arguments: [
    ("", #""""#), ("plain text", #""plain text""#), (#"a "b" \c"#, #""a \"b\" \\c""#), ("größe ☃ 🙂", #""größe ☃ 🙂""#),
    ("\n\r\t", #""\n\r\t""#), ("\0\u{7}\u{1B}\u{7F}", #""\u0000\u0007\u001b\u007f""#),
    ("\u{2028}\u{2029}", #""\u2028\u2029""#), ("\r\n", #""\r\n""#),
  ])
  func onlyWhatMustBeIsEscaped(_ text: String, _ json: String) {
    #expect(JSONLine.quoted(text) == json)
  }

  /// Whatever it is, it is JSON, has no line end, and reads back.
  @Test func readsBack() throws {
    for _ in 0..<2_000 {
      let scalars = (0..<Int.random(in: 0...12)).compactMap { _ in
        Unicode.Scalar(Bool.random() ? UInt32.random(in: 0...0xFF) : UInt32.random(in: 0...0x10FFFF))
      }
      var text = ""
      text.unicodeScalars.append(contentsOf: scalars)
      let json = JSONLine.quoted(text)
      let layout = try DocumentLayout(Array("{\"a\": \(json)}".utf8))
      #expect(layout.text("a") == text && !json.utf8.contains { $0 < 0x20 || $0 == 0x7F })
    }
  }
}
