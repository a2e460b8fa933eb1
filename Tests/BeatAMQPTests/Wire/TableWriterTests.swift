import BeatCore
import Testing

@testable import BeatAMQP

@Suite("Headers: JSON becomes the table that py-amqp makes of it")
struct TableWriterTests {
  /// Oracles/tables.py has asked py-amqp.
  @Test func asPyAMQPWritesThem() throws {
    let rows = try OracleFile.rows("tables.txt")
    #expect(rows.count > 300 && rows.count { $0.last == "!" } > 10)
    var infinite = 0
    for row in rows {
      let (json, answer) = (row[0], row[1])
      let table = Self.table(json)
      switch table {
      case .success(let bytes): #expect(bytes.hexadecimal == answer, "\(json)")
      // py-amqp writes these, and RabbitMQ does not take them.
      case .failure(let problem) where problem.description.contains("not finite"): infinite += 1
      case .failure(let problem): #expect(answer == "!", "\(json): \(problem)")
      }
    }
    #expect((10..<100).contains(infinite))
  }

  /// Read again, they are written alike: the reader knows what the writer writes.
  @Test func readAgain() throws {
    for row in try OracleFile.rows("tables.txt") where row[1] != "!" {
      let bytes = try #require([UInt8](hexadecimal: row[1]))
      var reader = AMQPReader(bytes[...])
      let table = try AMQPTable(from: &reader)
      try reader.finish()
      var written: [UInt8] = []
      written.append(table)
      #expect(written == bytes, "\(row[0])")
    }
  }

  /// However many members there are, each name is there once, in its first place and with its last value.
  @Test(arguments: [1, 31, 32, 33, 34, 200]) func manyNames(_ count: Int) throws {
    let members = (0..<count).map { #""k\#($0)": 0"# } + (0..<count).map { #""k\#($0)": \#($0)"# }
    let bytes = try Self.table("{" + members.joined(separator: ", ") + "}").get()
    var reader = AMQPReader(bytes[...])
    let table = try AMQPTable(from: &reader)
    #expect(table.members.map(\.name.text) == (0..<count).map { "k\($0)" })
    #expect(table.members.map(\.value) == (0..<count).map { .integer(Int64($0)) })
  }

  @Test(
    "What AMQP has no form for is refused with its place, and what to do",
    arguments: [
      (
        #"{"a": {"big": 9223372036854775808}}"#,
        "headers.a.big 9223372036854775808: a whole number may have 64 bits in AMQP: write it as a text"
      ),
      (
        #"{"a": [{"\#(String(repeating: "k", count: 256))": 1}]}"#,
        "headers.a.\(String(repeating: "k", count: 60))…: a name has 256 bytes, and AMQP takes 255 at most: shorten it"
      ),
      (#"{"a": 1e400}"#, "headers.a 1e400: RabbitMQ ends the connection for a number that is not finite"),
      (#"{"CC": "other"}"#, "headers.CC: RabbitMQ takes a list of further queues here"),
      (#"{"a": 1, "\u0042C\u0043": 1}"#, #"headers.\u0042C\u0043: RabbitMQ takes a list"#),
      (#"{"a": [NaN]}"#, "headers.a NaN: RabbitMQ ends the connection"),
      (#"{"a": -Infinity}"#, "headers.a -Infinity: RabbitMQ ends the connection"),
      (#"{"\u0000\u001b[1m": 99999999999999999999}"#, #"headers.\u0000\u001b[1m 99999999999999999999: a whole number"#),
    ])
  func refused(_ json: String, _ words: String) {
    guard case .failure(let problem) = Self.table(json) else {
      return #expect(Bool(false), "\(json) is written")
    }
    #expect(problem.description.hasPrefix(words))
  }

  @Test(
    "Damaged JSON is refused",
    arguments: [
      "", " ", "[", "[1", "[1,", "[1 2]", "{", #"{"a""#, #"{"a" 1}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", #"""#, #""\"#,
      #""\u00"#, #""\u-0ab""#, #""\ud83d\u12""#, "nul", "truer", "1 2", "-", "1e", "0x10", "0x1p3", "1.5e+", "++1",
      "inf", "nan",
      "--Infinity", "]", "}", ",",
    ])
  func damaged(_ json: String) {
    var writer = TableWriter()
    #expect { try writer.append("headers", [(ArraySlice(#""k""#.utf8), ArraySlice(json.utf8))]) } throws: {
      "\($0)".contains("it is no JSON")
    }
  }

  @Test(arguments: ["", "a", #""a"#, #""a" "#, #""a"b"#, #""\ud""#]) func damagedNames(_ name: String) {
    var writer = TableWriter()
    #expect { try writer.append("headers", [(ArraySlice(name.utf8), ArraySlice("1".utf8))]) } throws: {
      "\($0)".contains("it is no JSON")
    }
  }

  @Test(
    arguments: [
      "{}", "{ }", #"{"a": 1, "b": [true, {}], "c": {"d": "e"}, "a": null}"#, #"{ "a" :1.5 , "\u0062" : "\n" }"#,
    ])
  func anObjectIsWrittenAsItsMembers(_ json: String) throws {
    var writer = TableWriter()
    try writer.append("headers", object: ArraySlice(json.utf8))
    #expect(try Self.table(json).get() == writer.output)
  }

  @Test(arguments: ["", " {}", "[]", "{", #"{"a": 1"#, #"{"a": 1,}"#, #"{"a" 1}"#, "{}}", "{} ", #"{"a": 1}2"#])
  func damagedObjects(_ json: String) {
    var writer = TableWriter()
    #expect { try writer.append("headers", object: ArraySlice(json.utf8)) } throws: {
      "\($0)".contains("it is no JSON")
    }
  }

  @Test func nestingIsBounded() {
    func nested(_ levels: Int) -> ArraySlice<UInt8> {
      ArraySlice((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
    }
    var writer = TableWriter()
    #expect(throws: Never.self) { try writer.append("headers", [(ArraySlice(#""k""#.utf8), nested(128))]) }
    #expect(throws: ImpossibleMessage.self) { try writer.append("headers", [(ArraySlice(#""k""#.utf8), nested(129))]) }
  }

  static func table(_ json: String) -> Result<[UInt8], ImpossibleMessage> {
    let bytes = Array(json.utf8)
    let slice = (try? JSONScanner.records(bytes))?.first
    let members = slice.map { JSONScanner.members(of: $0, in: bytes) } ?? []
    return Result { () throws(ImpossibleMessage) -> [UInt8] in
      var writer = TableWriter()
      try writer.append("headers", members.map { (bytes[$0.keyRange], bytes[$0.value.range]) })
      return writer.output
    }
  }
}
