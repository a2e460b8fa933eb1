import Testing

@testable import BeatCore

@Suite("ScheduleForecast: what comes next, before a document is saved")
struct ScheduleForecastTests {
  private func next(_ text: String, _ count: Int = 3) throws -> [Double] {
    let forecast = try ScheduleForecast(Array(text.utf8), context: Sample.context)
    return forecast.next(after: Sample.noon, count: count).map {
      Double($0.microseconds(since: Sample.noon)) / 1_000_000
    }
  }

  @Test func onlyTheScheduleIsNeeded() throws {
    #expect(try next(#"{"interval": {"every": 10, "period": "seconds"}}"#) == [10, 20, 30])
    #expect(try next(#"{"crontab": {"minute": "30"}}"#, 2) == [1_800, 5_400])
    #expect(try next(#"{"clocked": {"clocked_time": "2026-03-02T12:00:05Z"}}"#) == [5])
    #expect(try next(#"{"clocked": {"clocked_time": "2026-03-02T11:00:00Z"}}"#) == [])
  }

  @Test func aWholeDocumentWillDo() throws {
    #expect(try next(Sample.document(#""owner": "me""#)) == [10, 20, 30])
  }

  @Test func anIntervalCountsFromItsLastRun() throws {
    let interval = #""interval": {"every": 10, "period": "seconds"}"#
    #expect(try next(#"{\#(interval), "last_run_at": "2026-03-02T11:59:57Z"}"#) == [7, 17, 27])
    // What was missed is the daemon's business.
    #expect(try next(#"{\#(interval), "last_run_at": "2026-03-02T11:00:04Z"}"#) == [4, 14, 24])
  }

  @Test func beginningAndEndAreKept() throws {
    let fields = #""start_after": "2026-03-02T12:00:33Z", "expires_at": "2026-03-02T12:00:55Z""#
    #expect(try next(#"{"interval": {"every": 10, "period": "seconds"}, \#(fields)}"#, 9) == [33, 43, 53])
  }

  /// What ends a schedule ends its forecast.
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
    let forecast = try ScheduleForecast(Array(Sample.document(field).utf8), context: Sample.context)
    #expect(forecast.coming(after: Sample.noon, count: 3).end == end)
  }

  /// As the daemon: a last run of the future is local time without its zone, or worse.
  @Test func aLastRunOfTheFutureIsNotBelieved() throws {
    let document = Array(Sample.document(#""last_run_at": "2036-01-01T00:00:00Z""#).utf8)
    let forecast = try ScheduleForecast(document, context: Sample.context, now: Sample.noon)
    #expect(forecast.next(after: Sample.noon, count: 1) == [Sample.noon.advanced(by: 10_000_000)])
    #expect(forecast.warnings.count == 1)
    // By the time from which it is asked for, it may have come.
    let later = Array(Sample.document(#""last_run_at": "2036-01-01T00:00:04Z", "after": "2036-01-01T00:00:06Z""#).utf8)
    let believed = try ScheduleForecast(later, context: Sample.context, now: Sample.noon)
    #expect(believed.warnings.isEmpty)
    #expect(believed.next(after: time("2036-01-01T00:00:06Z"), count: 1) == [time("2036-01-01T00:00:14Z")])
  }

  @Test func theZoneIsThatOfTheSchedule() throws {
    func zone(_ text: String) throws -> String {
      try ScheduleForecast(Array(text.utf8), context: Sample.context).zone.name
    }
    #expect(try zone(#"{"crontab": {}}"#) == "UTC")
    #expect(try zone(#"{"crontab": {}, "timezone": "Asia/Tokyo"}"#) == "Asia/Tokyo")
    #expect(try zone(#"{"interval": {"every": 1, "period": "days"}, "timezone": "Asia/Tokyo"}"#) == "Asia/Tokyo")
  }

  @Test func whereToBeginMayStandInIt() throws {
    let text = #"{"crontab": {}, "after": "2030-01-01"}"#
    #expect(try ScheduleForecast(Array(text.utf8), context: Sample.context).after == time("2030-01-01T00:00:00Z"))
  }

  @Test func whatIsWrongIsSaidAsForADocument() {
    for text in [#"{"crontab": {"minute": "60"}}"#, #"{"interval": 5}"#, "{}", "{", #"{"crontab": {}, "after": 1e99}"#]
    {
      do {
        _ = try ScheduleForecast(Array(text.utf8), context: Sample.context)
        Issue.record("\(text) was accepted")
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func warningsAreTheDocuments() throws {
    let text = #"{"interval": {"every": 1, "period": "Hour"}}"#
    let forecast = try ScheduleForecast(Array(text.utf8), context: Sample.context)
    #expect(forecast.warnings == [#"interval.period: period "Hour" is read as "hours""#])
  }
}
