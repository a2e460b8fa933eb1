import Testing

@testable import BeatCore

@Suite("Dates in documents: each form is read, and written back as it was found")
struct DocumentDateTests {
  static let instant = "2014-08-30T08:10:06.123456Z"

  /// One instant in each form, as precise as the form allows.
  static let forms: [String] = [
    #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "hour": 8, "minute": 10, "second": 6, "microsecond": 123456}"#,
    #"{"__type__":"datetime","year":2014,"month":8,"day":30,"hour":8,"minute":10,"second":6,"microsecond":123456}"#,
    #"{"$date": "2014-08-30T08:10:06.123456Z"}"#,
    #"{"$date": "2014-08-30T10:10:06.123456+0200"}"#,
    #"ISODate("2014-08-30T08:10:06.123456Z")"#,
    #"Date("2014-08-30T08:10:06.123456Z")"#,
    #""2014-08-30T08:10:06.123456""#,
    #""2014-08-30T08:10:06.123456Z""#,
    #""2014-08-30 08:10:06.123456""#,
    #""2014-08-30T10:10:06.123456+02:00""#,
    #""2014-08-30 04:40:06.123456-0330""#,
    #""2014-08-30t08:10:06.123456z""#,
    #""2014-08-30T10:10:06.123456+02""#,
    "1409386206.123456",
  ]

  private func read(_ text: String) -> DocumentDate? {
    let bytes = Array(#"{"d": \#(text)}"#.utf8)
    guard let slice = (try? DocumentLayout(bytes))?.value("d") else { return nil }
    return DocumentDate(slice, in: bytes)
  }

  @Test(arguments: forms) func isReadAndWrittenBackToTheByte(_ text: String) throws {
    let date = try #require(read(text))
    #expect(date.instant == time(Self.instant))
    #expect(DocumentDate.text(date.instant, in: date.form) == text)
  }

  /// BSON has milliseconds only: the date that is written back may be up to 1 ms before the due time.
  @Test(arguments: [#"{"$date": 1409386206123}"#, #"{"$date": {"$numberLong": "1409386206123"}}"#])
  func millisecondsLoseWhatIsFiner(_ text: String) throws {
    let date = try #require(read(text))
    #expect(date.instant == time("2014-08-30T08:10:06.123Z"))
    #expect(DocumentDate.text(time(Self.instant), in: date.form) == text)
  }

  @Test(arguments: [
    (#"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30}"#, "2014-08-30T00:00:00Z"),
    (
      #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "hour": 8, "timezone": "UTC"}"#,
      "2014-08-30T08:00:00Z"
    ),
    (#"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "timezone": null}"#, "2014-08-30T00:00:00Z"),
    (#""2014-08-30""#, "2014-08-30T00:00:00Z"),
    (#""2014-08-30T08:10""#, "2014-08-30T08:10:00Z"),
    (#""2014-08-30T08:10+02:00""#, "2014-08-30T06:10:00Z"),
    (#""2014-08-30T08:10:06,5Z""#, "2014-08-30T08:10:06.5Z"),
    (#""2014-08-30T08:10:06.123456789Z""#, "2014-08-30T08:10:06.123456Z"),
    ("1409386206", "2014-08-30T08:10:06Z"),
    ("1409386206.5", "2014-08-30T08:10:06.5Z"),
    ("1.409386206e9", "2014-08-30T08:10:06Z"),
    ("0", "1970-01-01T00:00:00Z"),
    ("-1.5", "1969-12-31T23:59:58.5Z"),
    ("253402300799", "9999-12-31T23:59:59Z"),
    ("-62135596800", "0001-01-01T00:00:00Z"),
    (#"{"$date": -1}"#, "1969-12-31T23:59:59.999Z"),
    (#"{"$date": {"$numberLong": "-1"}}"#, "1969-12-31T23:59:59.999Z"),
    (#"{"$date": "1969-12-31T23:59:59.999Z"}"#, "1969-12-31T23:59:59.999Z"),
    (#""1969-12-31T23:59:59.999999""#, "1969-12-31T23:59:59.999999Z"),
    (#""2038-01-19T03:14:08Z""#, "2038-01-19T03:14:08Z"),
    (#""2262-04-12T00:00:00Z""#, "2262-04-12T00:00:00Z"),
    (#""9999-12-31T23:59:59.999999Z""#, "9999-12-31T23:59:59.999999Z"),
    (#""0001-01-01T00:00:00""#, "0001-01-01T00:00:00Z"),
  ])
  func otherSpellingsAreRead(_ text: String, _ expected: String) throws {
    #expect(try #require(read(text)).instant == time(expected))
  }

  @Test(arguments: [
    "true", "[]", "{}", #""""#, #""soon""#, #""2014-13-01""#, #""2014-02-29T00:00:00Z""#, #""2014-08-30T24:00:00Z""#,
    #""2016-12-31T23:59:60Z""#, #""2014-08-30T08:10:06 UTC""#, #""10000-01-01T00:00:00Z""#,
    #""0001-01-01T00:00:00+01:00""#,
    "1e400", "NaN", "-Infinity", "1e18", "253402300800", "-62135596801", "9223372036854775807",
    #"{"$date": 1e300}"#, #"{"$date": null}"#, #"{"$date": {}}"#, #"{"$date": {"$numberLong": "x"}}"#,
    #"{"$date": "2014-08-30T08:10:06Z", "x": 1}"#, #"{"__type__": "date", "year": 2014, "month": 8, "day": 30}"#,
    #"{"__type__": "datetime", "year": 2014, "month": 8}"#,
    #"{"__type__": "datetime", "year": 0, "month": 8, "day": 30}"#,
    #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30.5}"#,
    #"{"__type__": "datetime", "year": 1e300, "month": 8, "day": 30}"#,
    #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "timezone": "Mars/Olympus"}"#,
    #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "timezone": 86400}"#,
    #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "timezone": 0.5}"#,
    #"{"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "fold": 1}"#,
    #"ISODate()"#, #"ISODate(5)"#, #"NewDate("2014-08-30T08:10:06Z")"#, #"{"year": 2014, "month": 8, "day": 30}"#,
  ])
  func whatIsNoDateIsRefused(_ text: String) {
    #expect(read(text) == nil)
    #expect(Sample.problem(Sample.document(#""last_run_at": \#(text)"#))?.hasPrefix("last_run_at") == true)
  }

  /// RedBeat's dates have a zone's name, or seconds east of UTC. They are read in every field for a date, and written
  /// back in UTC.
  @Test(arguments: [
    (#""Asia/Shanghai""#, "2026-03-02T04:00:00Z"), (#""Europe/Berlin""#, "2026-03-02T11:00:00Z"),
    (#""UTC""#, "2026-03-02T12:00:00Z"), ("null", "2026-03-02T12:00:00Z"), ("28800", "2026-03-02T04:00:00Z"),
    ("-18000.0", "2026-03-02T17:00:00Z"), ("0", "2026-03-02T12:00:00Z"), ("20700", "2026-03-02T06:15:00Z"),
  ])
  func typedDatesHaveZones(_ zone: String, _ expected: String) throws {
    let date = #"{"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 12, "timezone": \#(zone)}"#
    let document = try Sample.read(
      Sample.document(
        #""last_run_at": \#(date), "start_after": \#(date), "expires_at": \#(date), "expires": \#(date)"#))
    #expect(document.lastRunAt == time(expected))
    #expect(document.definition.startAfter == time(expected))
    #expect(document.definition.expiresAt == time(expected))
    #expect(document.definition.options.expires == .at(time(expected)))
    let clocked = Sample.document(#""clocked": {"clocked_time": \#(date)}"#, interval: nil)
    #expect(try Sample.read(clocked).definition.schedule == .clocked(time(expected)))
    let preview = SchedulePreview(
      EntryName("a"),
      Scheduler.DocumentRead(.document(Array(Sample.document(#""last_run_at": \#(date)"#).utf8)), watermark: nil),
      context: Sample.context, now: time("2026-03-03T00:00:00Z"))
    #expect(preview.lastRun == time(expected))
    let bytes = Array(Sample.document(#""last_run_at": \#(date)"#).utf8)
    let fired = try DocumentLayout(bytes).fired(due: Sample.noon, count: 1).bytes
    #expect(try Sample.read(String(fired)).lastRunAt == Sample.noon)
  }

  /// A time that clocks show twice means the first one, as in Python. A time that they never show is moved on.
  @Test(arguments: [(10, 25, 2, "2026-10-25T00:30:00Z"), (3, 29, 2, "2026-03-29T01:30:00Z")])
  func whereClocksAreChanged(_ month: Int, _ day: Int, _ hour: Int, _ expected: String) throws {
    let date =
      #"{"__type__": "datetime", "year": 2026, "month": \#(month), "day": \#(day), "hour": \#(hour), "minute": 30, "#
      + #""timezone": "Europe/Berlin"}"#
    #expect(try Sample.read(Sample.document(#""start_after": \#(date)"#)).definition.startAfter == time(expected))
  }

  /// The reason names the part that is wrong.
  @Test(arguments: [
    (#""timezone": "Mars/Olympus""#, #"last_run_at.timezone "Mars/Olympus": there is no such zone"#),
    (#""timezone": 90000"#, "last_run_at.timezone 90000: expected whole seconds east of UTC, of less than a day"),
    (#""timezone": []"#, #"last_run_at.timezone []: expected a zone such as "Europe/Berlin", or seconds east of UTC"#),
    (#""minute": "x""#, #"last_run_at.minute "x": expected a whole number"#),
    (#""hour": 24"#, "last_run_at 2026-3-2 24:0:0.0: there is no such time"),
    (
      #""tz": 1"#,
      "last_run_at.tz: is no part of a date; expected year, month, day, hour, minute, second, microsecond, timezone"
    ),
  ])
  func whatIsWrongInATypedDateIsNamed(_ part: String, _ expected: String) {
    let date = #"{"__type__": "datetime", "year": 2026, "month": 3, "day": 2, \#(part)}"#
    #expect(Sample.problem(Sample.document(#""last_run_at": \#(date)"#)) == expected)
  }

  /// Any instant, written in any form and read back, is the same instant in the same form.
  @Test func everyInstantSurvivesEveryForm() throws {
    var chance = SeededChance(seed: 26)
    for text in Self.forms {
      let form = try #require(read(text)).form
      for _ in 0..<300 {
        // Other programs read seconds since 1970 as a binary fraction, which is exact for some centuries.
        let isNumber = form == .epochSeconds
        let instant = UnixTime(
          microseconds: Int64.random(
            in: isNumber ? 0...4_000_000_000_000_000 : -62_000_000_000_000_000...253_000_000_000_000_000, using: &chance
          ))
        let written = DocumentDate.text(instant, in: form)
        let back = read(written)
        #expect(back?.instant == instant && back?.form == form, "\(written)")
      }
    }
  }
}
