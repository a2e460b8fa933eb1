import Testing

@testable import BeatCore

/// Text as JSON for people: on one line, with only the necessary escapes.
@Suite struct JSONLineTests {
  @Test(arguments: [
    ("", #""""#), ("plain text", #""plain text""#), (#"a "b" \c"#, #""a \"b\" \\c""#), ("größe ☃ 🙂", #""größe ☃ 🙂""#),
    ("\n\r\t", #""\n\r\t""#), ("\0\u{7}\u{1B}\u{7F}", #""\u0000\u0007\u001b\u007f""#),
    ("\u{2028}\u{2029}", #""\u2028\u2029""#), ("\r\n", #""\r\n""#),
    ("\u{85}\u{9b}\u{202e}\u{2066}\u{feff}", #""\u0085\u009b\u202e\u2066\ufeff""#), ("\u{e0001}", #""\udb40\udc01""#),
  ])
  func onlyWhatMustBeIsEscaped(_ text: String, _ json: String) {
    #expect(JSONLine.quoted(text) == json)
  }

  /// For any text the result is JSON, has no line end, and reads back as the text.
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
      #expect(!json.unicodeScalars.contains { [.control, .format].contains($0.properties.generalCategory) })
    }
  }

  /// JSON that another program has written means the same afterwards.
  @Test func printableReadsBack() throws {
    let json = "{\"a\": \"\u{9b}31m \u{202e}x\u{7f} größe \\\\u009b\"}"
    let printable = JSONLine.printable(json)
    #expect(printable == #"{"a": "\u009b31m \u202ex\u007f größe \\u009b"}"#)
    #expect(try DocumentLayout(Array(printable.utf8)).text("a") == DocumentLayout(Array(json.utf8)).text("a"))
    #expect(JSONLine.printable(printable) == printable)
  }

  /// A document with characters that a terminal would not show as they are is exported, and its bytes come back.
  @Test(arguments: ["\u{9b}2J", "\u{202e}", "\u{7f}", "\u{2028}"]) func anExportHidesNothing(_ text: String) throws {
    let document = Array(#"{"name": "\#(text)", "task": "t"}"#.utf8)
    let line = String(decoding: ExportLine.text(EntryName("n\(text)"), document), as: UTF8.self)
    #expect(!line.contains(text) && line.hasPrefix("{\"key\": \"n\\u"))
    let read = try #require(ImportFile.schedules(Array(line.utf8), form: nil, ImportSample.settings).first)
    #expect(read.name == EntryName("n\(text)") && read.document == document)
  }
}
