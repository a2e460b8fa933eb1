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
    #expect(try next(Sample.document(#""enabled": false"#)) == [10, 20, 30])
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
