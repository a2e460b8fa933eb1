import Testing

@testable import BeatCore

/// A client that may write a document must not take more of the daemon's time than the document's length justifies.
@Suite("Work grows as its input does") struct GrowthTests {
  static let fillings = Filling.all

  private let size = 1_024

  @Test(arguments: fillings) func textIsMadePrintable(_ filling: Filling) {
    Growth.expectLinear(size, filling.text) { _ = $0.printable }
    Growth.expectLinear(size, { EntryName(filling.text($0)) }) { _ = $0.description }
    Growth.expectLinear(size, { EntryName(Array(filling.text($0).utf8) + [0xFF]) }) { _ = $0.description }
    Growth.expectLinear(size, filling.text) { _ = JSONLine.quoted($0) }
    Growth.expectLinear(size, filling.text) { _ = JSONText.string($0) }
    Growth.expectLinear(size, filling.text) { _ = quoted($0) }
  }

  /// The text is put into each field of a document: as text, as a name, and as it is.
  @Test(arguments: fillings) func documentsAreRead(_ filling: Filling) {
    func read(_ document: @escaping (String) -> String) {
      Growth.expectLinear(size, { Array(document(filling.text($0)).utf8) }) { bytes in
        _ = try? ScheduleDocument(bytes, context: Sample.context)
      }
    }
    let fields = [
      "task", "enabled", "args", "kwargs", "queue", "timezone", "expires", "priority", "headers", "last_run_at",
      "time_limit",
      "link", "options",
    ]
    for field in fields {
      read { Sample.document("\"\(field)\": \(JSONLine.quoted($0))") }
      read { Sample.document("\"\(field)\": \($0)") }
    }
    for field in ["minute", "day_of_week", "day_of_year"] {
      read { Sample.crontab("{\"\(field)\": \(JSONLine.quoted($0))}") }
      read { Sample.crontab("{\"\(field)\": [\($0)]}") }
    }
    for key in ["every", "period", "x"] {
      read { Sample.document(interval: "{\"every\": 1, \"period\": \"days\", \"\(key)\": \(JSONLine.quoted($0))}") }
    }
    read { Sample.document(#""args": ["# + JSONLine.quoted($0) + "]") }
    read { Sample.document("\(JSONLine.quoted($0)): 1") }
    read { Sample.document("\"options\": {\(JSONLine.quoted($0)): 1}") }
    read { Sample.document("\"kwargs\": {\(JSONLine.quoted($0)): 1}") }
    read { Sample.document("\"last_run_at\": {\"__type__\": \"datetime\", \(JSONLine.quoted($0)): 1}") }
    read { Sample.document("\"last_run_at\": {\"$date\": \(JSONLine.quoted($0))}") }
    read { Sample.document("\"last_run_at\": ISODate(\(JSONLine.quoted($0)))") }
    read { $0 }
    read { "{" + $0 }
  }

  /// Documents have many fields, which are all different or all the same.
  @Test(arguments: [true, false]) func documentsOfManyFieldsAreRead(areDistinct: Bool) {
    let fields = { (count: Int) in
      (0..<count).map { "\"k\(areDistinct ? $0 : 0)\": \($0)" }.joined(separator: ", ")
    }
    let documents: [(Int) -> String] = [
      { Sample.document(fields($0)) }, { Sample.document("\"options\": {\(fields($0))}") },
      { Sample.document("\"kwargs\": {\(fields($0))}") }, { Sample.document("\"headers\": {\(fields($0))}") },
      { Sample.crontab("{\(fields($0))}") },
      { Sample.document("\"last_run_at\": {\"__type__\": \"datetime\", \(fields($0))}") },
      { Sample.document(String(repeating: "\"last_run_at\": null, ", count: $0) + "\"x\": 1") },
    ]
    for document in documents {
      let bytes = { Array(document($0).utf8) }
      Growth.expectLinear(250, bytes) { bytes in
        _ = try? ScheduleDocument(bytes, context: Sample.context)
        if let layout = try? DocumentLayout(bytes) { _ = layout.fired(due: Sample.noon, count: 7) }
      }
      Growth.expectLinear(250, bytes) { _ = DocumentReview($0, context: Sample.context, now: Sample.noon) }
      Growth.expectLinear(250, bytes) { bytes in
        guard var editor = try? DocumentEditor(bytes) else { return }
        _ = editor.keys
        editor.remove("last_run_at")
        editor.remove("k0")
        editor.set("args", to: "[]")
      }
      Growth.expectLinear(250, bytes) { bytes in
        _ = Bookkeeping.isAllThatChanged(from: bytes, to: bytes + [0x20])
        _ = Bookkeeping.carried(from: bytes, to: bytes + [0x20], into: bytes)
        _ = ScheduleDocument.differInBookkeepingOnly(bytes, bytes + [0x20])
      }
    }
  }

  /// The daemon's own keys are read by daemons and commands, and other clients may write them.
  @Test(arguments: fillings) func repliesAreRead(_ filling: Filling) {
    // Each reader is measured by itself: an expensive linear one would hide one that is not linear.
    let readers: [([UInt8]) -> Void] = [
      { _ = WatermarkState($0) }, { _ = EditReceipt($0) }, { _ = DaemonRecord($0) },
      { _ = ManualRequest($0) }, { _ = FireRecord(fields: [$0, $0, Array("due".utf8), $0]) },
      { _ = Base64.decode(Base64.encode($0)) },
      { _ = UnixTime(iso8601: String(decoding: $0, as: UTF8.self)) }, { _ = NamePattern("*a*b").matches($0[...]) },
    ]
    func record(_ text: [UInt8]) -> [[UInt8]] {
      [("name", "a"), ("due", "1"), ("late", "1")].flatMap { [Array($0.utf8), Array($1.utf8)] }
        + [Array("id".utf8), text, Array("why".utf8), text]
    }
    Growth.expectLinear(size, { FireRecord(fields: record(Array(filling.text($0).utf8))) }) {
      _ = $0?.reason == "schedule"
      _ = $0?.taskID == "x"
    }
    for read in readers { Growth.expectLinear(size, { Array(filling.text($0).utf8) }, read) }
    Growth.expectLinear(size, { filling.text($0) }) { text in
      for record in [
        #"{"state": "rejected", "heard": "2026-01-01T00:00:00Z", "reason": \#(JSONLine.quoted(text))}"#,
        #"{"state": "accepted", "heard": \#(JSONLine.quoted(text)), "warnings": [\#(text)]}"#,
      ] {
        _ = EditReceipt(Array(record.utf8))
        _ = DaemonRecord(Array(record.utf8))
      }
    }
  }

  @Test(arguments: fillings) func importsAreRead(_ filling: Filling) {
    let settings = ImportSettings(documents: Sample.context, now: Sample.noon)
    for file in [
      { (text: String) in text }, { "[\($0)" }, { #"{"name": "a", "args": [\#($0)"# },
      { #"{"key": "a", "text": \#(JSONLine.quoted($0))}"# }, { "{ _id: ObjectId('\($0)'), name: '\($0)' }" },
      { #"{"model": "django_celery_beat.periodictask", "pk": 1, "fields": {"name": \#(JSONLine.quoted($0))}}"# },
    ] {
      Growth.expectLinear(size, { Array(file(filling.text($0)).utf8) }) {
        _ = try? ImportFile.schedules($0, form: nil, settings)
      }
    }
  }

  /// More than thirty combining marks in a row are separated. Text of any language stays as it is.
  @Test func marksAreParted() {
    let vietnamese = String(repeating: "e\u{323}\u{302} ", count: 100)
    #expect(vietnamese.streamSafe.utf8.elementsEqual(vietnamese.utf8))
    let marks = String(repeating: "\u{301}", count: 31)
    #expect(
      Array(("a" + marks).streamSafe.unicodeScalars) == Array(
        String("a" + marks.unicodeScalars.dropLast().map { String($0) }.joined()).unicodeScalars) + [
          "\u{34F}", "\u{301}",
        ])
    // Bytes that are copied stay as they are, too.
    let document = Array("{\n\"x\": \"\(marks)\"}".utf8)
    let line = ExportLine.text(EntryName(marks), document)
    let schedule = (try? DocumentLayout(line)).flatMap { ExportLine.schedule($0) }
    #expect(schedule?.document == document && schedule?.name == EntryName(marks))
  }
}
