import Testing

@testable import BeatCore

/// After a fire the daemon writes the document back. Its author must find every byte again, except in the fields that a
/// fire changes.
@Suite("Bookkeeping: a fire changes last_run_at, total_run_count and run_immediately, and no other byte")
struct BookkeepingTests {
  private static let slots = ["last_run_at", "total_run_count", "run_immediately"]
  private static let due = time("2026-03-02T12:00:00.123456Z")

  private func fired(_ text: String, due: UnixTime = due, count: Int64 = 6) throws -> String {
    String(try DocumentLayout(Array(text.utf8)).fired(due: due, count: count).bytes)
  }

  /// The document without the values of the bookkeeping fields.
  private func remainder(_ text: String) throws -> String {
    let layout = try DocumentLayout(Array(text.utf8))
    var splice = Splice()
    for slot in Self.slots {
      if let slice = layout.value(slot) { splice.replace(slice.range, with: "") }
    }
    return String(splice.applied(to: layout.bytes))
  }

  /// Each sample with each form of a date, of a count and of the flag, first in the document, and last in it.
  private static let corpus: [String] = {
    let dates =
      DocumentDateTests.forms + [
        #"{"$date": 1409386206123}"#, #"{"$date": {"$numberLong": "1409386206123"}}"#, #""2014-08-30""#, "1409386206",
        "null",
      ]
    let counts = ["5", "5.0", #"{"$numberLong": "5"}"#, "NumberLong(5)", #"NumberInt("5")"#, "null"]
    var texts = SampleDocuments.all
    for (index, date) in dates.enumerated() {
      let fields = [
        #""last_run_at" : \#(date)"#, #""total_run_count":\#(counts[index % counts.count])"#,
        #""run_immediately": \#(["true", "false", "null"][index % 3])"#,
      ].joined(separator: " ,\n")
      texts.append(Sample.document(fields))
      texts.append("{\(fields), " + Sample.document().dropFirst())
    }
    return texts
  }()

  /// A long run of white space is not copied for a new field: 400 kB twice would make the document too long to be read.
  @Test func whiteSpaceThatIsNoColumnIsNotCopied() throws {
    let space = String(repeating: " ", count: 400_000)
    let text = Sample.document().dropLast() + ",\(space)\"x\"\(space): 1}"
    #expect(try fired(String(text)).utf8.count < text.utf8.count + 300)
    var editor = try DocumentEditor(Array(text.utf8))
    editor.set("queue", to: "\"q\"")
    #expect(editor.bytes.count < text.utf8.count + 30)
    #expect(String(editor.bytes).hasSuffix(#": 1, "queue": "q"}"#))
  }

  @Test(arguments: corpus) func noOtherByteChanges(_ text: String) throws {
    let after = try fired(text)
    // Missing fields are added behind the last one: everything up to the last brace stays.
    let before = try remainder(text)
    let rest = try remainder(after)
    let missing = try Self.slots.dropLast().filter { try DocumentLayout(Array(text.utf8)).value($0) == nil }
    if missing.isEmpty {
      #expect(rest == before)
    } else {
      let end = try #require(before.lastIndex(of: "}"))
      let body = before[..<end].reversed().drop { $0.isWhitespace }.reversed()
      #expect(rest.hasPrefix(String(body)))
      #expect(rest.hasSuffix(String(before[before.index(before.startIndex, offsetBy: body.count)...])))
    }
  }

  @Test(arguments: corpus) func whatIsWrittenIsReadBack(_ text: String) throws {
    let before = try Sample.read(text)
    let after = try Sample.read(fired(text))
    // The `$date` forms with a number have milliseconds only. The watermark keeps the exact time.
    let isMilliseconds =
      text.contains(#"{"$date": 14"#) || text.contains(#"{"$date": {"$number"#) || text.contains(#"{"$date":{"$number"#)
    #expect(after.lastRunAt == (isMilliseconds ? time("2026-03-02T12:00:00.123Z") : Self.due))
    #expect(after.totalRunCount == 6)
    #expect(!after.definition.runImmediately)
    var definition = before.definition
    definition.runImmediately = false
    #expect(after.definition == definition)
    #expect(after.warnings == before.warnings)
  }

  @Test(arguments: corpus) func theFormIsKeptFromFireToFire(_ text: String) throws {
    let once = try fired(text)
    #expect(try fired(once) == once)
    let layouts = try [text, once].map { try DocumentLayout(Array($0.utf8)) }
    let dates = layouts.map { layout in layout["last_run_at"].flatMap { DocumentDate($0, in: layout.bytes)?.form } }
    if let form = dates[0] { #expect(dates[1] == form) }
    let counts = layouts.map { layout in
      layout["total_run_count"].flatMap { DocumentNumber($0, in: layout.bytes)?.form }
    }
    if let form = counts[0] { #expect(counts[1] == form) }
  }

  // MARK: forms

  @Test(arguments: [
    (#""2014-08-30T08:10:06Z""#, #""2026-03-02T12:00:00.123456Z""#),
    (#""2014-08-30T08:10:06""#, #""2026-03-02T12:00:00.123456""#),
    (#""2014-08-30 08:10:06""#, #""2026-03-02 12:00:00.123456""#),
    (#""2014-08-30T08:10:06+02:00""#, #""2026-03-02T14:00:00.123456+02:00""#),
    (#""2014-08-30 08:10:06-0330""#, #""2026-03-02 08:30:00.123456-0330""#),
    (#""2014-08-30""#, #""2026-03-02T12:00:00.123456""#),
    (#"{"$date": "2014-08-30T08:10:06Z"}"#, #"{"$date": "2026-03-02T12:00:00.123456Z"}"#),
    (#"{"$date": 1409386206123}"#, #"{"$date": 1772452800123}"#),
    (#"{"$date": {"$numberLong": "1409386206123"}}"#, #"{"$date": {"$numberLong": "1772452800123"}}"#),
    (#"ISODate("2014-08-30T08:10:06Z")"#, #"ISODate("2026-03-02T12:00:00.123456Z")"#),
    ("1409386206", "1772452800.123456"), ("1409386206.5", "1772452800.123456"),
    (
      "null",
      #"{"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 12, "minute": 0, "second": 0, "#
        + #""microsecond": 123456}"#
    ),
    (
      #"{"__type__":"datetime","year":2014,"month":8,"day":30}"#,
      #"{"__type__":"datetime","year":2026,"month":3,"day":2,"hour":12,"minute":0,"second":0,"microsecond":123456}"#
    ),
  ])
  func datesKeepTheirForm(_ old: String, _ new: String) throws {
    let text = #"{"last_run_at": \#(old), "total_run_count": 5}"#
    #expect(try fired(text) == #"{"last_run_at": \#(new), "total_run_count": 6}"#)
  }

  @Test(arguments: [
    ("5", "6"), ("5.0", "6"), ("null", "6"), (#"{"$numberLong": "5"}"#, #"{"$numberLong": "6"}"#),
    (#"{"$numberInt":"5"}"#, #"{"$numberInt": "6"}"#), ("NumberLong(5)", "NumberLong(6)"),
    (#"NumberLong("5")"#, #"NumberLong("6")"#),
  ])
  func countsKeepTheirForm(_ old: String, _ new: String) throws {
    let text = #"{"last_run_at": 1, "total_run_count": \#(old)}"#
    #expect(try fired(text, due: Sample.noon) == #"{"last_run_at": 1772452800, "total_run_count": \#(new)}"#)
  }

  @Test func ofAFieldThatComesTwiceTheLastIsChanged() throws {
    let text =
      #"{"last_run_at": 1, "total_run_count": 2, "last_run_at": 3, "total_run_count": 4, "run_immediately": false, "run_immediately": true}"#
    #expect(
      try fired(text, due: Sample.noon)
        == #"{"last_run_at": 1, "total_run_count": 2, "last_run_at": 1772452800, "total_run_count": 6, "run_immediately": false, "run_immediately": false}"#
    )
  }

  @Test func runImmediatelyIsWrittenOnlyWhereItIsTrue() throws {
    for value in ["false", "null"] {
      let text = #"{"run_immediately": \#(value), "last_run_at": 1, "total_run_count": 5}"#
      #expect(try fired(text).contains(#""run_immediately": \#(value), "#))
    }
    #expect(try !fired(#"{"last_run_at": 1, "total_run_count": 5}"#).contains("run_immediately"))
  }

  @Test func onlyFieldsOfTheDocumentItselfAreMeant() throws {
    let text =
      #"{"kwargs": {"last_run_at": 1, "total_run_count": 2, "run_immediately": true}, "last_run_at": 1, "total_run_count": 5}"#
    #expect(
      try fired(text, due: Sample.noon)
        == #"{"kwargs": {"last_run_at": 1, "total_run_count": 2, "run_immediately": true}, "last_run_at": 1772452800, "total_run_count": 6}"#
    )
  }

  // MARK: fields that are added

  private static let spaced =
    #"{"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 12, "minute": 0, "second": 0, "microsecond": 0}"#
  private static let compact = spaced.filter { $0 != " " }

  @Test(arguments: [
    (#"{"a": 1, "b": 2}"#, #"{"a": 1, "b": 2, "last_run_at": \#(spaced), "total_run_count": 6}"#),
    (#"{"a": 1}"#, #"{"a": 1, "last_run_at": \#(spaced), "total_run_count": 6}"#),
    (#"{"a":1,"b":2}"#, #"{"a":1,"b":2,"last_run_at":\#(compact),"total_run_count":6}"#),
    (#"{"a":1}"#, #"{"a":1,"last_run_at":\#(compact),"total_run_count":6}"#),
    (#"{ "a": 1, "b": 2 }"#, #"{ "a": 1, "b": 2, "last_run_at": \#(spaced), "total_run_count": 6 }"#),
    ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"last_run_at\": \(spaced),\n  \"total_run_count\": 6\n}\n"),
    (
      "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}",
      "{\n\t\"a\": {\n\t\t\"b\": 1\n\t},\n\t\"last_run_at\": \(spaced),\n\t\"total_run_count\": 6\n}"
    ),
    (
      "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n",
      "{\r\n  \"a\": 1,\r\n  \"b\": 2,\r\n  \"last_run_at\": \(spaced),\r\n  \"total_run_count\": 6\r\n}\r\n"
    ),
    (#"{"last_run_at": null, "a": 1}"#, #"{"last_run_at": \#(spaced), "a": 1, "total_run_count": 6}"#),
    (#"{"a": 1, "total_run_count": 5}"#, #"{"a": 1, "total_run_count": 6, "last_run_at": \#(spaced)}"#),
    (#"{"a":1,"last_run_at":null}"#, #"{"a":1,"last_run_at":\#(compact),"total_run_count":6}"#),
  ])
  func areAddedInTheDocumentsOwnStyle(_ before: String, _ after: String) throws {
    #expect(try fired(before, due: Sample.noon) == after)
  }

  // MARK: random documents

  /// Over a year of fires each document has exactly its last run, and no other byte changes.
  @Test func aLongLifeChangesNothingElse() throws {
    var chance = SeededChance(seed: 29)
    for text in SampleDocuments.all {
      var current = try fired(text)
      let rest = try remainder(current)
      for count in Int64(7)...60 {
        let due = UnixTime(microseconds: Int64.random(in: 0...4_000_000_000_000, using: &chance) * 1_000)
        current = try fired(current, due: due, count: count)
        let document = try Sample.read(current)
        #expect(document.lastRunAt == due)
        #expect(document.totalRunCount == count)
        #expect(try remainder(current) == rest)
      }
    }
  }
}
