import Testing

@testable import BeatCore

/// Files of documents, and lines of an export.
@Suite struct ImportFileTests {
  private static let report = Sample.document()
  private static let second = #"{"name": "b", "task": "t", "enabled": false, "crontab": {"minute": 5}}"#

  @Test(arguments: [
    report + "\n" + second + "\n",
    "[\(report),\n \(second)]",
    #"{"report": \#(report), "b": \#(second)}"#,
    "\u{FEFF}\(report) \(second)",
  ])
  func documentsInEachForm(_ text: String) throws {
    let schedules = try ImportSample.read(text)
    #expect(schedules.map(\.name) == [EntryName("report"), EntryName("b")])
    #expect(schedules.map(\.text) == [Self.report, Self.second])
  }

  @Test func oneDocumentMayStandOnSeveralLines() throws {
    let text = "{\n  \"name\": \"a\",\n  \"task\": \"t\",\n  \"enabled\": true,\n  \"crontab\": {}\n}\n"
    #expect(try ImportSample.read(text).map(\.text) == [String(text.dropLast())])
  }

  @Test func anEmptyListIsNoError() throws { #expect(try ImportSample.read("[]").isEmpty) }

  @Test(arguments: [
    ("", "not a readable document, line 1 column 1: is empty"),
    ("{\"name\": \"a\"}\n{\"name\": ", "not a readable document, line 2 column 10: ends in the middle"),
    ("[1]", "value 1 is not a JSON object: 1"),
    ("hello", "not a readable document, line 1 column 1: a value cannot begin with 'h'"),
  ])
  func whatCannotBeReadIsToldInOneLine(_ text: String, _ message: String) {
    #expect(ImportSample.problem(text)?.hasPrefix(message) == true, "\(ImportSample.problem(text) ?? "accepted")")
  }

  @Test func bytesThatAreNoTextAreTold() {
    #expect(throws: ImportError("not a readable document, line 1 column 3: is not UTF-8")) {
      try ImportFile.schedules([0x5B, 0x22, 0xFF, 0x22, 0x5D], form: nil, ImportSample.settings)
    }
  }

  @Test func oneBadDocumentHarmsOnlyItself() throws {
    let schedules = try ImportSample.read(#"[\#(Self.report), {"task": "t"}, {"name": "c", "task": "t"}]"#)
    #expect(schedules.map { $0.problem == nil } == [true, false, false])
    #expect(schedules[1].problem == #"has no "name" to be known by; write {"NAME": {…document…}} instead"#)
    #expect(schedules[2].problem == "enabled: is missing; expected true or false")
  }

  // MARK: export

  private func back(_ name: EntryName, _ document: [UInt8]) throws -> ImportedSchedule? {
    let line = ExportLine.text(name, document)
    #expect(!line.contains(UInt8(ascii: "\n")))
    return try ImportFile.schedules(line + [UInt8(ascii: "\n")], form: nil, ImportSample.settings).first
  }

  @Test(arguments: [
    report, "{\n  \"name\": \"a\"\n}", " {} ", "", "not json", #"{"a": NaN}"#, #"{"a": ISODate("2014-08-30")}"#,
    #"{"a": 1, "a": 2, "b" : "é\u00e9"}"#, "{\"a\":\r1}", #"{"model": "django_celery_beat.x", "fields": {}}"#,
  ])
  func eachDocumentComesBackToTheSameBytes(_ text: String) throws {
    let schedule = try #require(try back(EntryName("a\"\u{7}ü"), Array(text.utf8)))
    #expect(schedule.text == text)
    #expect(schedule.name == EntryName("a\"\u{7}ü"))
    #expect(schedule.problem == nil)
  }

  @Test func randomBytesComeBack() throws {
    var chance = SeededChance(seed: 3)
    for _ in 0..<2_000 {
      let document = (0..<chance.number(0...40)).map { _ in UInt8(chance.number(0...255)) }
      let name = EntryName((0..<chance.number(0...6)).map { _ in UInt8(chance.number(0...255)) })
      let schedule = try #require(try back(name, document))
      #expect(schedule.document == document)
      #expect(schedule.name == name)
    }
  }

  @Test func aLineIsJSONForOtherProgramsToo() {
    #expect(
      String(ExportLine.text(EntryName("report"), Array(Self.report.utf8)))
        == #"{"key": "report", "document": \#(Self.report)}"#)
    #expect(String(ExportLine.text(EntryName([0xFF]), [0xFE])) == #"{"key_base64": "/w==", "document_base64": "/g=="}"#)
    #expect(String(ExportLine.text(EntryName("a"), Array("{\n}".utf8))) == #"{"key": "a", "text": "{\n}"}"#)
  }
}
