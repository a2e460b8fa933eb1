import Testing

@testable import BeatCore

@Suite("JSON of documents: what is read is what Python reads")
struct JSONScannerTests {
  /// A text that a document may hold as a value.
  static let accepted: [String] = [
    "null", "true", "false", "0", "-0", "0.0", "-0.5", "1e5", "1E+5", "1e-5", "10.25e2",
    "1234567890123456789012345678901234567890", "1e400", "-1e400", "NaN", "Infinity", "-Infinity",
    #""""#, #""a/b""#, #""\"\\\/\b\f\n\r\t""#, #""\u2603""#, #""☃""#, #""\ud83d\ude00""#, "\"\u{7F}\"",
    #""\ud800""#, #""\udc00\ud800""#, "[]", "{}", "[ ]", "{ }", "[1,2 , 3]", #"{"a":1,"a":2}"#,
    "\t1\r\n", #"{"a": {"b": [{"c": null}]}}"#, #"{"": ""}"#,
  ]

  /// A text that no document may hold.
  static let refused: [String] = [
    "", "nul", "nullx", "True", "None", "undefined", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x10",
    "1_000",
    "-NaN", "+Infinity", "-Infinit", "nan", "inf", "'a'", #""a"#, #""a\"#, #""\x41""#, #""\u12""#, #""\u12g4""#,
    #""\U0041""#,
    "\"\n\"", "\"\t\"", "\"\u{0}\"", "\"\u{1F}\"", "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "]", "{", "{]", #"{"a"}"#,
    #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{1:1}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, "{,}", "1 2", "// c\n1", "/* c */1",
    "\u{A0}1", "\u{2028}1", "\u{FEFF}1",
  ]

  private func isAccepted(_ bytes: [UInt8]) -> Bool { (try? JSONScanner.document(bytes)) != nil }

  @Test(arguments: accepted) func acceptsAsAValue(_ value: String) {
    #expect(isAccepted(Array(#"{"value": \#(value)}"#.utf8)))
  }

  @Test(arguments: refused) func refusesAsAValue(_ value: String) {
    #expect(!isAccepted(Array(#"{"value": \#(value)}"#.utf8)))
  }

  @Test func thisTableIsPythons() throws {
    let values = Self.accepted + Self.refused
    let answers = try WireOracle.ask(values.map { WireOracle.request("loads", Array(#"{"value": \#($0)}"#.utf8)) })
    for (value, answer) in zip(values, answers) {
      #expect((answer == "object") == Self.accepted.contains(value), "\(value)")
    }
  }

  @Test func aDocumentIsOneObject() {
    for text in ["{}", " {} ", "\r\n{}\r\n", #"{"a": 1}"#] { #expect(isAccepted(Array(text.utf8)), "\(text)") }
    for text in ["", " ", "[]", "1", "null", #""a""#, "{}{}", "{} x", "{},", "x{}"] {
      #expect(!isAccepted(Array(text.utf8)), "\(text)")
    }
  }

  /// Documents with a few bytes changed, left out, doubled or added are accepted exactly where Python accepts them. The
  /// comparison leaves out the mongo shell's constructors, which only this reader knows, and nesting beyond its limit.
  @Test func randomChangesAreJudgedAsByPython() throws {
    var chance = SeededChance(seed: 19)
    var texts: [[UInt8]] = []
    while texts.count < 4_000 {
      let bytes = SampleDocuments.mutated(chance.one(of: SampleDocuments.all), with: &chance)
      guard String(validating: bytes, as: UTF8.self) != nil, !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { continue }
      let members = (try? JSONScanner.document(bytes))?.members ?? []
      if !members.contains(where: \.value.holdsShellCall) { texts.append(bytes) }
    }
    let answers = try WireOracle.ask(texts.map { WireOracle.request("loads", $0) })
    var refusals = 0
    for (text, answer) in zip(texts, answers) {
      #expect(isAccepted(text) == (answer == "object"), "\(String(text))")
      if answer != "object" { refusals += 1 }
    }
    #expect(refusals > 400 && texts.count - refusals > 400, "both verdicts are met often: \(refusals) refusals")
  }

  // MARK: hostile texts

  @Test func nestingIsLimitedTo64Levels() {
    func nested(_ levels: Int, _ open: String, _ close: String) -> [UInt8] {
      // The document itself is the first level.
      let inner = String(repeating: open, count: levels - 1) + "1" + String(repeating: close, count: levels - 1)
      return Array(#"{"a": \#(inner)}"#.utf8)
    }
    for (open, close) in [("[", "]"), (#"{"b":"#, "}"), ("Call(", ")")] {
      #expect(isAccepted(nested(64, open, close)))
      #expect(!isAccepted(nested(65, open, close)))
      #expect(!isAccepted(nested(100_000, open, close)))
      #expect(!isAccepted(nested(100_000, open, "")))
    }
    #expect(
      Sample.problem(nested(100_000, "[", "]"))
        == "not a readable document, line 1 column 70: is nested deeper than 64 levels")
  }

  @Test(arguments: SampleDocuments.all) func aTextCutAnywhereIsRefused(_ text: String) throws {
    let bytes = Array(text.utf8)
    let end = try JSONScanner.document(bytes).range.upperBound
    for length in 0..<end {
      #expect(!isAccepted(Array(bytes[..<length])), "\(length) bytes")
      #expect(Sample.problem(Array(bytes[..<length])) != nil)
    }
  }

  @Test func nothingTrapsOnBytesOfChance() {
    var chance = SeededChance(seed: 22)
    for _ in 0..<20_000 {
      var bytes = SampleDocuments.mutated(chance.one(of: SampleDocuments.all), with: &chance)
      for _ in 0..<chance.number(0...3) where !bytes.isEmpty {
        bytes[chance.number(0...(bytes.count - 1))] = UInt8(chance.number(0...255))
      }
      // A document that is read can also be written back and sent.
      guard let document = try? ScheduleDocument(bytes, context: Sample.context),
        let layout = try? DocumentLayout(bytes)
      else { continue }
      let fired = layout.fired(due: Sample.noon, count: document.totalRunCount &+ 1).bytes
      #expect((try? ScheduleDocument(fired, context: Sample.context))?.lastRunAt != nil, "\(String(bytes))")
      _ = PythonRepr.arguments(layout["args"], in: bytes) + PythonRepr.keywords(layout["kwargs"], in: bytes)
    }
  }

  // MARK: keys and values

  @Test func keysAreDecodedBeforeTheyAreCompared() throws {
    let text =
      #"{"\u006eame": "report", "task": "t", "ena\u0062led": true, "interval": {"\u0065very": 1, "period": "hours"}}"#
    #expect(try Sample.read(text).definition.name == "report")
  }

  @Test func ofAKeyThatComesTwiceTheLastCounts() throws {
    let document = try Sample.read(
      #"{"enabled": false, "name": "first", "task": "t", "name": "last", "enabled": true, "#
        + #""interval": {"every": 1, "every": 2, "period": "hours"}}"#)
    #expect(document.definition.name == "last")
    #expect(document.definition.enabled)
    #expect(document.definition.schedule.inWords == "every 2 hours")
  }

  @Test func escapesAreDecoded() throws {
    let name = try Sample.read(Sample.document(#""name": "\"\\\/\b\f\n\r\t\u2603\ud83d\ude00☃""#)).definition.name
    #expect(name == "\"\\/\u{8}\u{C}\n\r\t\u{2603}\u{1F600}☃")
  }

  @Test func constructorsOfTheMongoShellAreRead() throws {
    let bytes = Array(
      #"{"a": ObjectId("4f"), "b": ISODate("2014-08-30T08:10:06Z"), "c": [NumberLong(5)], "d": Timestamp(1, 2), "e": X()}"#
        .utf8)
    let members = try JSONScanner.document(bytes).members
    #expect(members.map(\.value.kind) == [.shellCall, .shellCall, .array, .shellCall, .shellCall])
    #expect(members.allSatisfy { $0.value.holdsShellCall })
    let call = try #require(JSONScanner.shellCall(members[0].value, in: bytes))
    #expect(call.name == "ObjectId")
    #expect(call.argument.flatMap { JSONScanner.text(of: $0, in: bytes) } == "4f")
    for text in ["Object Id(1)", "A(", "A(1", "A(1,)", "A(1 2)", "A)", "(1)", "A.B(1)", "new Date(1)"] {
      #expect(!isAccepted(Array(#"{"a": \#(text)}"#.utf8)), "\(text)")
    }
  }

  // MARK: places

  /// The place is counted in lines and characters, as editors count them.
  @Test(arguments: [
    ("", "line 1 column 1: is empty; expected a JSON object"),
    ("  ", "line 1 column 1: is empty; expected a JSON object"),
    ("[1]", "line 1 column 1: is not a JSON object; expected it to begin with '{'"),
    ("\n\n  x", "line 3 column 3: is not a JSON object; expected it to begin with '{'"),
    (#"{"a": 1,}"#, "line 1 column 9: expected a key in double quotes"),
    (#"{'a': 1}"#, "line 1 column 2: expected a key in double quotes"),
    (#"{"a" 1}"#, "line 1 column 6: expected ':' after the key"),
    (#"{"a": True}"#, "line 1 column 7: a value cannot begin with 'T'"),
    (#"{"a": "#, "line 1 column 7: ends in the middle; a value is missing"),
    (#"{"a": 1"#, "line 1 column 8: expected ',' or '}'"),
    (#"{"a": [1"#, "line 1 column 9: expected ',' or ']'"),
    (#"{"a": "b}"#, "line 1 column 7: a string is not closed"),
    (#"{"a": "\x41"}"#, #"line 1 column 9: a backslash must be followed by one of " \ / b f n r t u"#),
    (#"{"a": "\u12"}"#, #"line 1 column 12: \u needs four hexadecimal digits"#),
    (#"{"a": 1.}"#, "line 1 column 9: expected a digit"),
    (#"{"a": -}"#, "line 1 column 8: expected a digit"),
    (#"{"a": 01}"#, "line 1 column 8: expected ',' or '}'"),
    ("{\n  \"a\": 1,\n  \"b\": tru\n}", "line 3 column 8: a value cannot begin with 't'"),
    ("{\r\n\"a\": 1\r\n\"b\": 2}", "line 3 column 1: expected ',' or '}'"),
    ("{\"a\": \"x\ny\"}", "line 1 column 9: a string holds the control character byte 10; write it as an escape"),
    (#"{"ä": "☃", b}"#, "line 1 column 12: expected a key in double quotes"),
    (#"{} {}"#, "line 1 column 4: something follows the end of the object"),
    ("\u{FEFF}{}", "line 1 column 1: starts with a byte order mark; save it as UTF-8 without one"),
  ])
  func aProblemSaysWhere(_ text: String, _ expected: String) {
    #expect(Sample.problem(text) == "not a readable document, " + expected)
  }

  @Test func bytesThatAreNotUTF8AreRefusedWithTheirPlace() {
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
      let text = Array("{\n\"a\": \"".utf8) + bytes + Array("\"}".utf8)
      #expect(Sample.problem(text) == "not a readable document, line 2 column 7: is not UTF-8")
    }
  }
}
