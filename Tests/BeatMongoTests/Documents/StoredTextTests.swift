import BeatCore
import Testing

@testable import BeatMongo

@Suite struct StoredTextTests {
  @Test func aScheduleIsAsPythonWouldWriteIt() throws {
    #expect(
      try Stored.text(BSONSeeds.schedule)
        == #"{"_cls": "PeriodicTask", "name": "a report", "task": "tasks.report", "interval": {"_cls": "Interval", "#
        + #""every": 10, "period": "seconds"}, "args": ["a", "b"], "kwargs": {"when": {"__type__": "datetime", "#
        + #""__value__": "2026-01-02T03:04:05.678000"}, "rate": 2.5}, "enabled": true, "total_run_count": 1, "#
        + #""last_run_at": {"$date": 1795672772002}, "run_immediately": false}"#)
    #expect(try Stored.text(BSONWriter().document) == "{}")
  }

  /// Outside of what is sent.
  @Test func everyTypeHasAText() throws {
    #expect(
      try Stored.text(BSONSeeds.each)
        == #"{"double": 0.1, "nan": {"$numberDouble": "NaN"}, "string": "a \"\u00e9\u0000\ud83c\udf89\"", "empty": {}, "#
        + #""none": [], "binary": {"$binary": {"base64": "AMj/", "subType": "00"}}, "#
        + #""uuid": {"$binary": {"base64": "AQIDBAUGBwgJCgsMDQ4PEA==", "subType": "04"}}, "undefined": null, "#
        + #""oid": {"$oid": "0102030405060708090a0b0c"}, "yes": true, "no": false, "date": {"$date": 1795672772002}, "#
        + #""null": null, "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}, "#
        + #""pointer": {"$dbPointer": {"$ref": "db.c", "$id": {"$oid": "0102030405060708090a0b0c"}}}, "#
        + #""code": {"$code": "x()"}, "symbol": "s", "scoped": {"$code": "y", "$scope": {}}, "int32": -7, "#
        + #""timestamp": {"$timestamp": {"t": 1795672772, "i": 3}}, "int64": 1099511627776, "decimal": 0.10, "#
        + #""max": {"$maxKey": 1}, "min": {"$minKey": 1}}"#)
  }

  @Test func numbersOutsideAreJSON() throws {
    let document = Stored.document {
      $0.add("a", 1.0)
      $0.add("b", 1e16)
      $0.add("c", 1e-5)
      $0.add("d", -Double.infinity)
      $0.add("e", BSONDecimal("1E+3") ?? BSONDecimal(high: 0, low: 0))
      $0.add("f", BSONDecimal("NaN") ?? BSONDecimal(high: 0, low: 0))
      $0.add("g", date: .min)
    }
    #expect(
      try Stored.text(document)
        == #"{"a": 1.0, "b": 1e+16, "c": 1e-05, "d": {"$numberDouble": "-Infinity"}, "e": 1E+3, "#
        + #""f": {"$numberDecimal": "NaN"}, "g": {"$date": -9223372036854775808}}"#)
  }

  /// Headers of both places are sent, and other options are read.
  @Test func whatIsSent() throws {
    let document = Stored.document { writer in
      writer.add("options") {
        $0.add("expires", date: 0)
        $0.add("headers") { $0.add("a", date: 0) }
        $0.add("args") { $0.add("a", date: 0) }
      }
      writer.add("headers") { $0.add("a", date: 0) }
      writer.add("other") { $0.add("args") { $0.add("headers", date: 0) } }
    }
    let sent = #"{"__type__": "datetime", "__value__": "1970-01-01T00:00:00"}"#
    #expect(
      try Stored.text(document)
        == #"{"options": {"expires": {"$date": 0}, "headers": {"a": \#(sent)}, "args": {"a": {"$date": 0}}}, "#
        + #""headers": {"a": \#(sent)}, "other": {"args": {"headers": {"$date": 0}}}}"#)
  }

  @Test(
    arguments: [
      (
        { @Sendable writer in writer.add("args", array: [1, 2]) { inner, name, _ in inner.add(name, objectID: []) } },
        "holds an ObjectId in args[0], which Celery cannot send as JSON; store its 24 digits as text"
      ),
      (
        { @Sendable writer in writer.add("kwargs") { $0.add("when") { $0.add("x", BSONDecimal(high: 0, low: 0)) } } },
        "holds a Decimal128 in kwargs.when.x, which Celery cannot send as JSON; store it as a Double, or as text"
      ),
      (
        { @Sendable writer in writer.add("options") { $0.add("headers") { $0.addMinKey("a.b") } } },
        "holds MinKey in options.headers.a.b, which Celery cannot send as JSON; leave it out"
      ),
      (
        { @Sendable writer in
          writer.add("args", array: [1]) { outer, name, _ in
            outer.add(name, array: [1]) { inner, name, _ in inner.add(name, -Double.nan) }
          }
        },
        "holds a Double that is no number in args[0][0], and JSON has neither NaN nor Infinity; store null or text"
      ),
      (
        { @Sendable writer in writer.add("args", date: .max) },
        "holds a Date beyond the years 1 to 9999 in args, which Python cannot read; store a date within them, or text"
      ),
      (
        { @Sendable writer in
          writer.add("args", array: [1]) { inner, name, _ in inner.add(name, binary: [1], subtype: 2) }
        },
        "holds BinData of subtype 2 in args[0], whose two lengths differ; store it anew"
      ),
      (
        { @Sendable writer in
          writer.add("args", array: [1]) { inner, name, _ in
            inner.add(name) {
              $0.add("$id", Int32(1))
              $0.add("$ref", "c")
            }
          }
        }, "holds a DBRef in args[0], which Celery cannot send as JSON; store its _id as text"
      ),
      (
        { @Sendable writer in writer.add("other") { $0.add("a\n", utf8: [0xFF]) } },
        #"holds a String in other.a\u{a}, which is not UTF-8; store it anew"#
      ),
    ] as [(@Sendable (inout BSONWriter) -> Void, String)])
  func whatHasNoText(_ body: @Sendable (inout BSONWriter) -> Void, _ problem: String) {
    #expect(Stored.problem(Stored.document(body)) == problem)
  }

  @Test func namesThatAreNoText() throws {
    let document = try BSONDocument([17, 0, 0, 0, 0x03, 0x61, 0, 9, 0, 0, 0, 0x0A, 0xFF, 0x62, 0, 0, 0])
    #expect(Stored.problem(document) == "holds a field's name in a.\u{FFFD}b, which is not UTF-8; store it anew")
  }

  @Test func aFieldThatStandsTwiceIsWrittenTwice() throws {
    let document = Stored.document {
      $0.add("a", Int32(1))
      $0.add("_id", "x")
      $0.add("a", Int32(2))
      $0.add("b") { $0.add("_id", "y") }
    }
    #expect(try Stored.text(document) == #"{"a": 1, "a": 2, "b": {"_id": "y"}}"#)
  }

  /// The limit is kept to the byte, and what is longer is not written to its end.
  @Test func theLimit() throws {
    for document in BSONSeeds.all + [Stored.document { $0.add("a", String(repeating: "\u{1}", count: 300)) }] {
      let text = try? Stored.utf8(document)
      guard let text else { continue }
      for limit in [0, 1, 2, text.count / 2, text.count - 1] where limit < text.count {
        guard case .tooLong(let length) = StoredText.content(of: document, atMost: limit) else {
          Issue.record("\(limit) of \(text.count)")
          continue
        }
        #expect(length > limit)
      }
      guard case .text(text) = StoredText.content(of: document, atMost: text.count) else {
        Issue.record("\(text.count) are not enough")
        continue
      }
    }
  }

  /// The path of a value that lies deep is cut.
  @Test func aDeepPath() {
    var document = Stored.document { $0.addMinKey("x") }
    for _ in 0..<150 {
      let inner = document
      document = Stored.document { $0.add("args", inner) }
    }
    let problem = Stored.problem(document)
    #expect(problem?.hasPrefix("holds MinKey in args.args.args.") == true)
    #expect(problem.map { $0.utf8.count < 400 } == true)
  }
}
