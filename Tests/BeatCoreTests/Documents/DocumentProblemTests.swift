import Testing

@testable import BeatCore

@Suite("Problems: the reason names the field, its value, and what would be right")
struct DocumentProblemTests {
  private static let periods = "expected one of weeks, days, hours, minutes, seconds, milliseconds, microseconds"
  private static let fields = "expected minute, hour, day_of_week, day_of_month, month_of_year, day_of_year"
  private static let date =
    #"expected a date: {"__type__": "datetime", "year": …}, {"$date": …}, ISODate("…"), ISO 8601 text or seconds since 1970"#

  @Test(arguments: [
    (#""name": null"#, "name: is missing"),
    (#""name": """#, #"name "": is empty"#),
    (#""name": 5"#, "name 5: expected text in double quotes"),
    (#""name": "\ud800""#, #"name "\ud800": holds half of a surrogate pair, which is no text"#),
    (#""task": ["t"]"#, #"task ["t"]: expected text in double quotes"#),
    (#""enabled": "true""#, #"enabled "true": expected true or false, without quotes"#),
    (#""enabled": 1"#, "enabled 1: expected true or false, without quotes"),
    (#""run_immediately": "yes""#, #"run_immediately "yes": expected true or false, without quotes"#),
    (#""one_off": 1"#, "one_off 1: expected true or false, without quotes"),
    (#""max_run_count": -1"#, "max_run_count -1: expected a whole number, 0 or more"),
    (#""total_run_count": "5""#, #"total_run_count "5": expected a whole number, 0 or more"#),
    (#""last_run_at": "never""#, #"last_run_at "never": "# + date),
    (#""start_after": "tomorrow""#, #"start_after "tomorrow": "# + date),
    (#""expires_at": 1e300"#, "expires_at 1e300: " + date),
    (#""jitter": -1"#, "jitter -1: expected seconds, 0 or more"),
    (#""catchup": "some""#, #"catchup "some": expected "latest", "none" or "all""#),
    (#""catchup": true"#, "catchup true: expected text in double quotes"),
    (#""catchup_window": "1h""#, #"catchup_window "1h": expected seconds, 0 or more"#),
    (#""args": {"a": 1}"#, #"args {"a": 1}: expected a list such as [2, 3]"#),
    (#""args": "[1]""#, #"args "[1]": expected a list such as [2, 3]"#),
    (#""kwargs": [1]"#, #"kwargs [1]: expected an object such as {"x": 2}"#),
    (
      #""args": [[ObjectId("5")]]"#,
      #"args [[ObjectId("5")]]: holds a mongo shell constructor, which no worker can read; write it as text or a number"#
    ),
    (
      #""kwargs": {"a": {"b": ISODate("2014-08-30")}}"#,
      #"kwargs {"a": {"b": ISODate("2014-08-30")}}: holds a mongo shell constructor, which no worker can read; "#
        + "write it as text or a number"
    ),
    (#""options": []"#, #"options []: expected an object such as {"queue": "reports"}"#),
    (#""queue": 5"#, "queue 5: expected text in double quotes"),
    (#""options": {"queue": ["a"]}"#, #"options.queue ["a"]: expected text in double quotes"#),
    (
      #""exchange_type": "fanout""#,
      #"exchange_type "fanout": only "direct" and "topic" exchanges are supported; name the "queue" instead"#
    ),
    (
      #""options": {"serializer": "pickle"}"#,
      #"options.serializer "pickle": only "json" is supported; leave the field out"#
    ),
    (#""compression": "gzip""#, #"compression "gzip": only "none" is supported; leave the field out"#),
    (#""priority": "high""#, #"priority "high": expected a whole number"#),
    (#""options": {"priority": 5.5}"#, "options.priority 5.5: expected a whole number"),
    (#""expires": "soon""#, #"expires "soon": expected seconds after sending, or a date: "# + date.dropFirst(17)),
    (#""expires": 1e300"#, "expires 1e300: expected seconds after sending"),
    (#""expire_seconds": "60""#, #"expire_seconds "60": expected seconds, 0 or more"#),
    (#""time_limit": "60""#, #"time_limit "60": expected seconds, 0 or more"#),
    (#""soft_time_limit": NaN"#, "soft_time_limit NaN: expected seconds, 0 or more"),
    (#""options": {"soft_time_limit": 1e400}"#, "options.soft_time_limit 1e400: expected seconds, 0 or more"),
    (#""time_limit": {"$numberLong": "0x10"}"#, #"time_limit {"$numberLong": "0x10"}: expected seconds, 0 or more"#),
    (#""headers": []"#, #"headers []: expected an object such as {"tenant": "acme"}"#),
    (
      #""headers": {"a": ObjectId("5")}"#,
      #"headers {"a": ObjectId("5")}: expected an object such as {"tenant": "acme"}"#
    ),
    (#""headers": {"id": "x"}"#, "headers.id: is a header that Celery sets itself; choose another name"),
    (
      #""options": {"headers": {"\u0069d": 1}}"#,
      "options.headers.id: is a header that Celery sets itself; choose another name"
    ),
  ])
  func inAField(_ field: String, _ expected: String) {
    #expect(Sample.problem(Sample.document(field)) == expected)
  }

  @Test(arguments: [
    (#""solar": {"event": "dawn_civil"}"#, "solar: is not supported; write a crontab"),
    (#""x": 1"#, #"has no schedule; add "interval": {"every": 5, "period": "minutes"} or "crontab": {"minute": "0"}"#),
    (
      #""interval": {"every": 1, "period": "days"}, "crontab": {}"#,
      "has more than one schedule (interval, crontab); keep one"
    ),
    (#""crontab": {}, "schedule": {}"#, "has more than one schedule (crontab, schedule); keep one"),
    (#""interval": [5]"#, "interval [5]: expected an object"),
    (#""schedule": 60"#, "schedule 60: expected an object"),
    (#""interval": {}"#, "interval.every: is missing; expected a number"),
    (#""interval": {"every": 5}"#, "interval.period: is missing; " + periods),
    (#""schedule": {"every": 5}"#, "schedule.period: is missing; " + periods),
    (#""interval": {"every": "5", "period": "minutes"}"#, #"interval.every "5": expected a number"#),
    (#""interval": {"every": 5, "period": "minuts"}"#, #"interval.period "minuts": "# + periods),
    (#""interval": {"every": 5, "period": 60}"#, "interval.period 60: " + periods),
    (#""interval": {"every": 5, "period": "days", "relative": 1}"#, "interval.relative 1: expected true or false"),
    (
      #""interval": {"every": 5, "period": "days", "relative": true, "align": true}"#,
      "interval.align: cannot be joined with relative; keep one of the two"
    ),
    (#""crontab": "0 5 * * *""#, #"crontab "0 5 * * *": expected an object"#),
    (#""crontab": {"minutes": "0"}"#, "crontab.minutes: is not a crontab field; " + fields),
    (#""schedule": {"evry": 5, "period": "days"}"#, "schedule.evry: is not a crontab field; " + fields),
    (#""crontab": {"hour": true}"#, #"crontab.hour true: expected a number, text such as "*/5", or a list of numbers"#),
    (#""crontab": {"hour": [[1]]}"#, #"crontab.hour [1]: expected a number, text such as "*/5", or a list of numbers"#),
    (#""crontab": {"hour": 1.5}"#, #"crontab.hour 1.5: expected a number, text such as "*/5", or a list of numbers"#),
    (#""crontab": {}, "timezone": 2"#, #"timezone 2: expected a zone such as "Europe/Berlin""#),
    (#""crontab": {"timezone": ""}"#, #"crontab.timezone "": expected a zone such as "Europe/Berlin""#),
    (#""clocked": {}"#, "clocked.clocked_time: is missing; expected a date"),
    (#""clocked": {"clocked_time": "soon"}"#, #"clocked.clocked_time "soon": "# + date),
  ])
  func inTheSchedule(_ field: String, _ expected: String) {
    #expect(Sample.problem(#"{"name": "n", "task": "t", "enabled": true, \#(field)}"#) == expected)
  }

  /// The schedules make these texts. Here it counts that the field and its value come before them.
  @Test(arguments: [
    (#""interval": {"every": 0, "period": "seconds"}"#, "interval.every 0: "),
    (#""interval": {"every": -5, "period": "seconds"}"#, "interval.every -5: "),
    (#""interval": {"every": 1e-9, "period": "seconds"}"#, "interval.every 1e-9: "),
    (#""interval": {"every": 1e308, "period": "days"}"#, "interval.every 1e308: "),
    (#""interval": {"every": 1e400, "period": "days"}"#, "interval.every 1e400: "),
    (#""interval": {"every": NaN, "period": "days"}"#, "interval.every NaN: "),
    (#""interval": {"every": 9223372036854775807, "period": "weeks"}"#, "interval.every 9223372036854775807: "),
    (#""interval": {"every": 1, "period": "milliseconds"}"#, "interval.every 1: "),
    (#""crontab": {"minute": "60"}"#, #"crontab.minute "60": "#),
    (#""crontab": {"minute": "*/0"}"#, #"crontab.minute "*/0": "#),
    (#""crontab": {"minute": "0-99999999"}"#, #"crontab.minute "0-99999999": "#),
    (#""crontab": {"hour": []}"#, "crontab.hour []: "),
    (#""crontab": {"hour": ["1"]}"#, #"crontab.hour ["1"]: "#),
    (#""schedule": {"day_of_week": "7"}"#, #"schedule.day_of_week "7": "#),
    (#""crontab": {"day_of_month": "30", "month_of_year": "2"}"#, "crontab: no day matches "),
    (#""crontab": {}, "timezone": "Europe/Atlantis""#, #"timezone "Europe/Atlantis": "#),
    (#""crontab": {"timezone": "Europe/Atlantis"}"#, #"crontab.timezone "Europe/Atlantis": "#),
    (#""interval": {"every": 1, "period": "days", "relative": true}, "timezone": "x""#, #"timezone "x": "#),
  ])
  func whatCannotBeAScheduleIsRefused(_ field: String, _ beginning: String) throws {
    let problem = try #require(Sample.problem(#"{"name": "n", "task": "t", "enabled": true, \#(field)}"#))
    #expect(problem.hasPrefix(beginning) && problem.count > beginning.count + 10, "\(problem)")
  }

  // MARK: quoted parts of a document

  @Test func aLongValueIsCut() {
    let long = String(repeating: "☃", count: 100)
    #expect(
      Sample.problem(Sample.document("\"catchup\": \"\(long)\""))
        == "catchup \"\(String(repeating: "☃", count: 59))…: expected \"latest\", \"none\" or \"all\"")
  }

  /// No part of a document can end a log line, colour a terminal or turn the direction of its text.
  @Test(arguments: [
    "\n", "\r", "\t", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{AD}", "\u{200B}", "\u{202E}", "\u{2028}",
    "\u{2066}", "\u{FEFF}",
  ])
  func nothingForgesALogLine(_ evil: String) throws {
    let scalar = try #require(evil.unicodeScalars.first)
    let hex = String(scalar.value, radix: 16)
    let escape = "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    let spellings = scalar.value < 0x20 ? [escape] : [evil, escape]
    for spelling in spellings {
      let documents = [
        Sample.document("\"catchup\": \"x\(spelling)y\""),
        Sample.document(
          "\"timezone\": \"x\(spelling)y\"", #""interval": {"every": 1, "period": "days", "align": true}"#),
        Sample.crontab("{\"minute\": \"x\(spelling)y\"}"),
        Sample.crontab("{\"x\(spelling)y\": 1}"),
        Sample.crontab("{\"month_of_year\": \"1\(spelling)x,\"}"),
        Sample.document(
          "\"options\": {\"x\(spelling)y\": 1}",
          "\"interval\": {\"every\": 1, \"period\": \"days\", \"x\(spelling)\": 2}"),
        Sample.crontab("{\"day_of_week\": \"mon\(spelling)\"}"),
      ]
      for document in documents {
        let texts = try Sample.problem(document).map { [$0] } ?? Sample.read(document).warnings
        for text in texts { #expect(!text.unicodeScalars.contains(scalar), "\(text.debugDescription)") }
      }
    }
  }

  @Test func namesOfEntriesAreEscapedToo() {
    #expect("\(EntryName("nightly report/1"))" == "nightly report/1")
    #expect("\(EntryName("☃ grüße"))" == "☃ grüße")
    #expect("\(EntryName("a\nb\u{1B}[31m\u{202E}"))" == #"a\u{a}b\u{1b}[31m\u{202e}"#)
    #expect("\(EntryName([0x61, 0xFF, 0x0A, 0x7F]))" == #"a\xff\x0a\x7f"#)
    #expect("\(EntryName([]))" == "")
  }

  // MARK: warnings

  @Test(arguments: [
    (#""interval": {"every": 5, "period": "Minute"}"#, [#"interval.period: period "Minute" is read as "minutes""#]),
    (
      #""interval": {"every": 5, "period": "days", "evry": 2, "_cls": "X"}"#,
      ["interval.evry is not known and has no effect"]
    ),
    (
      #""interval": {"every": 5, "period": "days"}, "options": {"retry": true, "link": [], "queue": "a", "colour": 7}"#,
      ["options.colour is not supported and has no effect", "options.retry has no effect here"]
    ),
    (
      #""crontab": {"day_of_month": "13", "day_of_week": "fri"}"#,
      ["crontab: day_of_month and day_of_week must both match (cron would run when either does)"]
    ),
  ])
  func warnings(_ fields: String, _ expected: [String]) throws {
    #expect(try Sample.read(#"{"name": "n", "task": "t", "enabled": true, \#(fields)}"#).warnings == expected)
  }
}
