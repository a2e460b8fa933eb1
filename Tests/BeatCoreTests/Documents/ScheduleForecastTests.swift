import Testing

@testable import BeatCore

@Suite("ScheduleForecast: what comes next, before a document is saved")
struct ScheduleForecastTests {
  private func forecast(_ text: String, after: UnixTime? = nil) throws -> ScheduleForecast {
    try ScheduleForecast(Array(text.utf8), context: Sample.context, now: Sample.noon, after: after)
  }

  private func next(_ text: String, _ count: Int = 3, after: UnixTime? = nil) throws -> [Double] {
    try forecast(text, after: after).coming(count).runs.map {
      Double($0.due.microseconds(since: Sample.noon)) / 1_000_000
    }
  }

  @Test func onlyTheScheduleIsNeeded() throws {
    #expect(try next(#"{"interval": {"every": 10, "period": "seconds"}}"#) == [10, 20, 30])
    #expect(try next(#"{"crontab": {"minute": "30"}}"#, 2) == [1_800, 5_400])
    #expect(try next(#"{"clocked": {"clocked_time": "2026-03-02T12:00:05Z"}}"#) == [5])
    #expect(try next(#"{"crontab": {"minute": "30"}, "name": null, "task": null, "enabled": null}"#, 1) == [1_800])
  }

  fileprivate static let every10 = #""interval": {"every": 10, "period": "seconds"}"#

  /// The runs that a daemon would send which loads the document now: first the missed ones and `run_immediately`.
  @Test(
    arguments: [
      // The time has passed, and the schedule has not run.
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}"#, [-3_600]),
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}, "catchup": "all""#, [-3_600]),
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}, "catchup": "none""#, []),
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}, "catchup_window": 3599"#, []),
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}, "catchup_window": 3601"#, [-3_600]),
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}, "total_run_count": 1"#, []),
      (#""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}, "start_after": "2026-03-03""#, []),
      (
        #"\#(ScheduleForecastTests.every10), "run_immediately": true"#, [0.000_001, 10.000_001, 20.000_001, 30.000_001]
      ),
      (#"\#(ScheduleForecastTests.every10), "run_immediately": true, "one_off": true"#, [0.000_001]),
      (
        #"\#(ScheduleForecastTests.every10), "run_immediately": true, "start_after": "2026-03-02T12:00:33Z""#,
        [33, 43, 53, 63]
      ),
      (
        #"\#(ScheduleForecastTests.every10), "last_run_at": "2026-03-02T11:59:17Z", "catchup": "all""#,
        [-33, -23, -13, -3]
      ),
      (
        #"\#(ScheduleForecastTests.every10), "last_run_at": "2026-03-02T11:59:17Z", "catchup": "none""#,
        [-3, 7, 17, 27]
      ),
      (
        #"\#(ScheduleForecastTests.every10), "last_run_at": "2026-03-02T11:59:17Z", "catchup": "all", "catchup_window": 20"#,
        [-13, -3, 7, 17]
      ),
      (#"\#(ScheduleForecastTests.every10), "last_run_at": "2026-03-02T11:00:04Z", "one_off": true"#, [-6]),
      (
        #"\#(ScheduleForecastTests.every10), "last_run_at": "2026-03-02T11:00:04Z", "max_run_count": 9, "total_run_count": 7"#,
        [-6, 4]
      ),
    ] as [(String, [Double])])
  func whatADaemonWouldSend(_ fields: String, _ dues: [Double]) throws {
    #expect(try next("{\(fields)}", 4) == dues)
  }

  /// A forecast from a later time on does not catch up on runs before that time.
  @Test func afterATimeNothingWasMissed() throws {
    let interval = Self.every10
    #expect(try next("{\(interval)}", 2, after: at(-3_600)) == [-3_590, -3_580])
    #expect(
      try next(#"{\#(interval), "last_run_at": "2026-03-02T11:00:04Z", "catchup": "all"}"#, 2, after: at(0)) == [4, 14])
    #expect(
      try next(#"{\#(interval), "run_immediately": true, "after": "2026-03-02T12:00:01Z"}"#, 2) == [
        1.000_001, 11.000_001,
      ])
    #expect(try next(#"{"clocked": {"clocked_time": "2026-03-02T11:00:00Z"}}"#, after: at(-7_200)) == [-3_600])
    #expect(try next(#"{"clocked": {"clocked_time": "2026-03-02T11:00:00Z"}}"#, after: at(-60)) == [])
    // No daemon loads a document before its last run.
    #expect(try next(#"{\#(interval), "last_run_at": "2026-03-02T11:00:04Z"}"#, 1, after: at(-7_200)) == [-3_586])
  }

  /// A document that a daemon would set aside has no forecast, though its schedule is right.
  @Test(arguments: [#""args": {}"#, #""jitter": 10"#, #""countdown": 5"#, #""catchup": "some""#, #""name": 5"#])
  func whatADaemonRefusesIsRefused(_ field: String) {
    #expect(throws: DocumentProblem.self) { try forecast("{\(Self.every10), \(field)}") }
  }

  @Test func aWholeDocumentWillDo() throws {
    #expect(try next(Sample.document(#""owner": "me""#)) == [10, 20, 30])
  }

  @Test func anIntervalCountsFromItsLastRun() throws {
    let interval = #""interval": {"every": 10, "period": "seconds"}"#
    #expect(try next(#"{\#(interval), "last_run_at": "2026-03-02T11:59:57Z"}"#) == [7, 17, 27])
    // The newest missed run comes first.
    #expect(try next(#"{\#(interval), "last_run_at": "2026-03-02T11:00:04Z"}"#) == [-6, 4, 14])
  }

  @Test func beginningAndEndAreKept() throws {
    let fields = #""start_after": "2026-03-02T12:00:33Z", "expires_at": "2026-03-02T12:00:55Z""#
    #expect(try next(#"{"interval": {"every": 10, "period": "seconds"}, \#(fields)}"#, 9) == [33, 43, 53])
  }

  /// The forecast ends where the schedule does.
  @Test(
    arguments: [
      (#""one_off": true"#, [10.0], "one_off has run"),
      (#""one_off": true, "total_run_count": 3"#, [], "one_off has run"),
      (#""max_run_count": 2"#, [10, 20], "max_run_count 2 is reached"),
      (#""max_run_count": 3, "total_run_count": 2"#, [10], "max_run_count 3 is reached"),
      (#""max_run_count": 3, "total_run_count": 3"#, [], "max_run_count 3 is reached"),
      (#""max_run_count": 0, "total_run_count": 9"#, [10, 20, 30], nil), (#""enabled": false"#, [], "it is disabled"),
      (
        #""expires_at": "2026-03-02T12:00:15Z""#, [10],
        "expires_at 2026-03-02T12:00:15Z comes before its next occurrence"
      ),
      (#""expires_at": "2020-01-01""#, [], "expires_at 2020-01-01T00:00:00Z comes before its next occurrence"),
      (#""expires": 0"#, [], "expires leaves its messages no time: a worker would discard them"),
      (
        #""expires": "2026-03-02T12:00:20Z""#, [10],
        "expires 2026-03-02T12:00:20Z comes before its next occurrence: a worker would discard the message"
      ),
    ] as [(String, [Double], String?)])
  func theEndIsTold(_ field: String, _ expected: [Double], _ end: String?) throws {
    #expect(try next(Sample.document(field)) == expected)
    #expect(try forecast(Sample.document(field)).coming(3).end == end)
  }

  /// A last run in the future is not used, as by the daemon: it is probably local time without its zone.
  @Test func aLastRunOfTheFutureIsNotBelieved() throws {
    let doubted = try forecast(Sample.document(#""last_run_at": "2036-01-01T00:00:00Z""#))
    #expect(doubted.coming(1).runs.map(\.due) == [at(10)])
    #expect(doubted.warnings.count == 1)
    // At the time from which the forecast starts, that run may be over.
    let later = Sample.document(#""last_run_at": "2036-01-01T00:00:04Z", "after": "2036-01-01T00:00:06Z""#)
    let believed = try forecast(later)
    #expect(believed.warnings.isEmpty)
    #expect(believed.coming(1).runs.map(\.due) == [time("2036-01-01T00:00:14Z")])
  }

  @Test func theZoneIsThatOfTheSchedule() throws {
    func zone(_ text: String) throws -> String {
      try forecast(text).zone.name
    }
    #expect(try zone(#"{"crontab": {}}"#) == "UTC")
    #expect(try zone(#"{"crontab": {}, "timezone": "Asia/Tokyo"}"#) == "Asia/Tokyo")
    #expect(try zone(#"{"interval": {"every": 1, "period": "days"}, "timezone": "Asia/Tokyo"}"#) == "Asia/Tokyo")
  }

  @Test func whereToBeginMayStandInIt() throws {
    let text = #"{"crontab": {}, "after": "2030-01-01"}"#
    #expect(try forecast(text).after == time("2030-01-01T00:00:00Z"))
  }

  @Test func whatIsWrongIsSaidAsForADocument() {
    for text in [#"{"crontab": {"minute": "60"}}"#, #"{"interval": 5}"#, "{}", "{", #"{"crontab": {}, "after": 1e99}"#]
    {
      do {
        _ = try ScheduleForecast(Array(text.utf8), context: Sample.context, now: Sample.noon)
        Issue.record("\(text) was accepted")
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func warningsAreTheDocuments() throws {
    let text = #"{"interval": {"every": 1, "period": "Hour"}}"#
    #expect(try forecast(text).warnings == [#"interval.period: period "Hour" is read as "hours""#])
  }
}
