import Testing

@testable import BeatCore

@Suite("JSONText: text as Python's json.dumps writes it")
struct JSONTextTests {
  @Test(arguments: [
    ("", #""""#), ("proj.tasks.add", #""proj.tasks.add""#), ("a/b", #""a/b""#), (#"a"b\c"#, #""a\"b\\c""#),
    ("\u{8}\u{C}\n\r\t", #""\b\f\n\r\t""#), ("\u{0}\u{1F}\u{7F}", #""\u0000\u001f\u007f""#), ("☃é", #""\u2603\u00e9""#),
    ("🎉", #""\ud83c\udf89""#),
  ])
  func text(_ text: String, _ json: String) { #expect(JSONText.string(text) == json) }

  @Test func nilIsNull() { #expect(JSONText.string(nil) == "null") }

  @Test func everyScalarIsWrittenAsInPython() throws {
    var scalars = Array(UInt32(0)...0x0300).compactMap(Unicode.Scalar.init)
    scalars += stride(from: UInt32(0x0301), through: 0x10FFFF, by: 257).compactMap(Unicode.Scalar.init)
    // Each scalar is between letters, so that it cannot join with its neighbour to one character.
    let texts = scalars.map { "a\(Character($0))z" }
    let answers = try WireOracle.ask(texts.map { WireOracle.request("dumps", Array($0.utf8)) })
    for (text, answer) in zip(texts, answers) { #expect(JSONText.string(text) == answer) }
  }
}
