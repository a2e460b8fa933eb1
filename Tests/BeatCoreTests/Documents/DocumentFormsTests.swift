import Testing

@testable import BeatCore

@Suite("Documents: every form that users already have is read")
struct DocumentFormsTests {
  @Test func theDocumentedFormOfCelerybeatRedis() throws {
    let document = try Sample.read(SampleDocuments.redisDocumented)
    #expect(document.definition.name == "interval test schedule")
    #expect(document.definition.task == "task-name-goes-here")
    #expect(document.definition.enabled)
    #expect(document.definition.schedule.inWords == "every 5 minutes")
    #expect(document.lastRunAt == time("2014-08-30T08:10:06Z"))
    #expect(document.totalRunCount == 5)
    #expect(document.warnings == [])
  }

  @Test func theFormThatCelerybeatRedisWrites() throws {
    let document = try Sample.read(SampleDocuments.redisWritten)
    #expect(document.definition.schedule.inWords == "every 30 seconds")
    #expect(document.definition.options.queue == "math")
    #expect(document.definition.options.priority == 5)
    #expect(document.lastRunAt == nil)
    #expect(document.totalRunCount == 0)
  }

  @Test func celerybeatMongoInTheShell() throws {
    let document = try Sample.read(SampleDocuments.mongoShell)
    #expect(document.definition.schedule.inWords == "crontab 30 2 * * * (m/h/dom/mon/dow) UTC")
    #expect(document.definition.options.queue == "reports")
    #expect(document.definition.maxRunCount == nil)
    #expect(document.lastRunAt == time("2014-08-30T08:10:06.123Z"))
    #expect(document.totalRunCount == 17)
  }

  @Test func celerybeatMongoThroughMongoexport() throws {
    let document = try Sample.read(SampleDocuments.mongoExport)
    #expect(document.definition.schedule.inWords == "every hour")
    #expect(document.definition.options.expires == .at(time("2099-01-01T00:00:00Z")))
    #expect(document.definition.options.softTimeLimit == nil)
    #expect(document.definition.startAfter == time("2014-08-30T06:10:06Z"))
    #expect(document.lastRunAt == time("2014-08-30T06:10:06.123Z"))
    #expect(document.totalRunCount == 17)
    #expect(document.warnings == [])
  }

  // MARK: schedules

  /// The shape of `schedule` decides whether it is an interval or a crontab.
  @Test(arguments: [
    (#""schedule": {"every": 2.5, "period": "hours"}"#, "every 150 minutes"),
    (#""schedule": {"minute": "0", "hour": "*/6"}"#, "crontab 0 */6 * * * (m/h/dom/mon/dow) UTC"),
    (#""schedule": {"__type__": "interval", "every": 90, "relative": false}"#, "every 90 seconds"),
    (
      #""schedule": {"_cls": "Interval", "every": 1, "period": "days"}, "interval": null, "crontab": null"#, "every day"
    ),
    (#""interval": {"every": {"$numberLong": "3"}, "period": "minutes"}"#, "every 3 minutes"),
    (#""interval": {"every": NumberInt(3), "period": "minutes"}"#, "every 3 minutes"),
    (#""interval": {"every": 250, "period": "milliseconds"}"#, "every 250 milliseconds"),
    (#""crontab": {}"#, "crontab * * * * * (m/h/dom/mon/dow) UTC"),
    (
      #""crontab": {"minute": 30, "hour": [2, 14], "day_of_week": null, "day_of_month": "1", "month_of_year": "jan-mar"}"#,
      "crontab 30 2,14 1 1-3 * (m/h/dom/mon/dow) UTC"
    ),
    (
      #""crontab": {"minute": "0", "hour": "0", "day_of_year": "100"}"#,
      "crontab 0 0 * * * day_of_year 100 (m/h/dom/mon/dow) UTC"
    ),
    (
      #""crontab": {"minute": "0", "hour": "3"}, "timezone": "Europe/Berlin""#,
      "crontab 0 3 * * * (m/h/dom/mon/dow) Europe/Berlin"
    ),
    (
      #""crontab": {"minute": "0", "hour": "3", "timezone": "Asia/Tokyo"}, "timezone": "Europe/Berlin""#,
      "crontab 0 3 * * * (m/h/dom/mon/dow) Asia/Tokyo"
    ),
    (#""clocked": {"clocked_time": "2026-03-08T02:30:00Z"}"#, "once at 2026-03-08T02:30:00Z"),
  ])
  func schedules(_ field: String, _ words: String) throws {
    let text = #"{"name": "n", "task": "t", "enabled": true, \#(field)}"#
    #expect(try Sample.read(text).definition.schedule.inWords == words)
  }

  // MARK: null

  /// A field that may be missing may also be null.
  @Test func nullIsAsGoodAsAbsent() throws {
    let fields = [
      "args", "kwargs", "options", "queue", "exchange", "exchange_type", "routing_key", "priority", "expires",
      "expire_seconds", "time_limit", "soft_time_limit", "headers", "serializer", "compression", "run_immediately",
      "one_off", "max_run_count", "start_after", "expires_at", "jitter", "catchup", "catchup_window", "timezone",
      "crontab",
      "schedule", "clocked", "last_run_at", "total_run_count",
    ]
    let nulls = fields.map { #""\#($0)": null"# }.joined(separator: ", ")
    let document = try Sample.read(Sample.document(nulls))
    #expect(document == (try Sample.read(Sample.document())))
    #expect(document.totalRunCount == 0)
    #expect(document.definition.catchup == Catchup(policy: .latest, window: nil))
  }

  /// A required field may not be null.
  @Test(arguments: ["name", "task", "enabled"]) func nullIsNotEnough(_ field: String) throws {
    #expect(try #require(Sample.problem(Sample.document(#""\#(field)": null"#))).hasPrefix("\(field): is missing"))
  }

  @Test func unknownFieldsAreNobodysBusiness() throws {
    let document = try Sample.read(
      Sample.document(#""owner": {"team": [1, 2]}, "_id": ObjectId("53a91dfd455d1c1a4345fb59"), "note": "\ud800""#))
    #expect(document.warnings == [])
  }

  // MARK: numbers

  @Test(arguments: [
    ("0", 0), ("5", 5), ("5.0", 5), ("5e2", 500), ("9223372036854775807", Int64.max), (#"{"$numberLong": "7"}"#, 7),
    (#"{"$numberInt": "7"}"#, 7), (#"{"$numberDouble": "7.0"}"#, 7), ("NumberLong(7)", 7), (#"NumberLong("7")"#, 7),
    ("NumberInt(7)", 7),
  ])
  func counts(_ value: String, _ count: Int64) throws {
    #expect(try Sample.read(Sample.document(#""total_run_count": \#(value)"#)).totalRunCount == count)
  }

  @Test(arguments: [
    "-1", "5.5", "1e400", "NaN", "-Infinity", "9223372036854775808", "true", #""5""#, "[5]", "{}",
    #"{"$numberLong": 7}"#,
    #"{"$numberLong": ""}"#, #"{"$numberLong": "0x7"}"#, #"{"$numberLong": "+7"}"#, #"{"$numberLong": " 7"}"#,
    #"{"$numberLong": "07"}"#, #"{"$numberDouble": "7."}"#, #"NumberLong("0x7")"#, "NumberLong()", "Long(7)",
  ])
  func noCounts(_ value: String) {
    #expect(
      Sample.problem(Sample.document(#""total_run_count": \#(value)"#))
        == "total_run_count \(value): expected a whole number, 0 or more")
  }
}
