import Testing

@testable import BeatCore

/// Hashes that a real RedBeat seldom writes, or that cannot come. Its usual hashes are tested with the real one.
@Suite struct RedBeatEntryTests {
  private func imported(
    schedule: String, meta: String? = nil, more: String = "", score: Double? = 1, timezone: String? = nil
  ) -> ImportedSchedule {
    var settings = ImportSample.settings
    settings.timezone = timezone
    let definition = #"{"name": "a", "task": "t", "schedule": \#(schedule), "enabled": true\#(more)}"#
    return RedBeatEntry(
      name: Array("a".utf8), definition: Array(definition.utf8), meta: meta.map { Array($0.utf8) }, score: score,
      isStatic: false
    ).imported(settings)
  }

  private func meta(_ zone: String, count: Int? = 4) -> String {
    #"{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 12, "minute": 30, "#
      + #""second": 0, "microsecond": 7, "timezone": \#(zone)}\#(count.map { #", "total_run_count": \#($0)"# } ?? "")}"#
  }

  private static let crontab =
    #"{"__type__": "crontab", "minute": 5, "hour": "*", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}"#

  /// A date has its zone as a name, or as seconds east of UTC.
  @Test(arguments: [
    (#""UTC""#, "2026-03-02T12:30:00.000007Z"), (#""Europe/Berlin""#, "2026-03-02T11:30:00.000007Z"),
    ("-18000.0", "2026-03-02T17:30:00.000007Z"), ("null", "2026-03-02T12:30:00.000007Z"),
  ])
  func theLastRunInAnyZone(_ zone: String, _ instant: String) {
    let schedule = imported(schedule: Self.crontab, meta: meta(zone))
    #expect(schedule.read?.lastRunAt == time(instant))
    #expect(schedule.read?.totalRunCount == 4)
  }

  /// A crontab of RedBeat goes by the application's clock, whose zone RedBeat's own dates have.
  @Test func theZoneOfACrontab() {
    func words(_ schedule: ImportedSchedule) -> String? { schedule.read?.definition.schedule.inWords }
    #expect(
      words(imported(schedule: Self.crontab, meta: meta(#""Europe/Berlin""#)))?.hasSuffix("Europe/Berlin") == true)
    #expect(
      words(imported(schedule: Self.crontab, meta: meta(#""UTC""#), timezone: "Asia/Tokyo"))?.hasSuffix("Asia/Tokyo")
        == true)
    // The date of an entry that never ran has the application's zone, too.
    #expect(
      words(imported(schedule: Self.crontab, meta: meta(#""Europe/Berlin""#, count: nil)))?.hasSuffix("Europe/Berlin")
        == true)
    let unknown = imported(schedule: Self.crontab)
    #expect(words(unknown)?.hasSuffix("UTC") == true)
    #expect(
      unknown.notes.contains(
        "names no zone: it follows the clock of the daemon's --timezone; give the application's here"))
  }

  /// One zone is chosen for all entries of a RedBeat: dates that were written at a run count first, and none is used in
  /// doubt.
  @Test(
    arguments: [
      ([(#""Europe/Berlin""#, 4), (#""UTC""#, nil)], "Europe/Berlin"), ([(#""Asia/Tokyo""#, nil)], "Asia/Tokyo"),
      ([(#""Europe/Berlin""#, nil), (#""UTC""#, nil)], nil), ([(#""Europe/Berlin""#, 1), (#""Asia/Tokyo""#, 2)], nil),
      ([("3600.0", 4)], nil), ([], nil),
    ] as [([(String, Int?)], String?)])
  func oneZoneForAllOfThem(_ dates: [(String, Int?)], _ zone: String?) {
    let relative = #"{"__type__": "interval", "every": 3600.0, "relative": true}"#
    func entry(_ schedule: String, _ meta: String?) -> RedBeatEntry {
      RedBeatEntry(
        name: Array("a".utf8),
        definition: Array(#"{"name": "a", "task": "t", "schedule": \#(schedule), "enabled": true}"#.utf8),
        meta: meta.map { Array($0.utf8) }, score: 1, isStatic: false)
    }
    let entries =
      dates.map { entry(Self.crontab, meta($0.0, count: $0.1)) } + [entry(Self.crontab, nil), entry(relative, nil)]
    for schedule in RedBeatEntry.imported(entries, ImportSample.settings) {
      let words = schedule.text.contains(#""timezone": "\#(zone ?? "")""#)
      #expect(words == (zone != nil), "\(schedule.text)")
      #expect(schedule.notes.contains { $0.contains("follows the clock") } == (zone == nil), "\(schedule.notes)")
    }
  }

  @Test func oneThatNeverRanIsDueAtOnce() {
    for meta in [nil, #"{"last_run_at": null}"#] {
      let schedule = imported(schedule: "60", meta: meta)
      #expect(schedule.read?.definition.runImmediately == true)
      #expect(schedule.read?.definition.schedule.inWords == "every minute")
    }
  }

  @Test(arguments: [
    // Every 2 days since a start: the series goes on, whether the last run was late or not.
    (#""freq": 3, "interval": 2, "dtstart": 1771804800"#, ["2026-03-03T00:00:00Z", "2026-03-05T00:00:00Z"]),
    // Three times: 26 February, 1 March, 4 March.
    (#""freq": 3, "interval": 3, "dtstart": 1772064000, "count": 3"#, ["2026-03-04T00:00:00Z"]),
    (#""freq": 4, "dtstart": 1772450000, "until": 1772460000"#, ["2026-03-02T13:13:20Z"]),
    // Once.
    (#""freq": 0, "dtstart": 1772539200, "count": 1"#, ["2026-03-03T12:00:00Z"]),
    // The start is less than one interval away.
    (#""freq": 2, "dtstart": 1772460000"#, ["2026-03-02T14:00:00Z", "2026-03-09T14:00:00Z"]),
  ])
  func recurrenceRulesThatAreIntervals(_ rule: String, _ expected: [String]) throws {
    let schedule = imported(schedule: #"{"__type__": "rrule", \#(rule), "byhour": null}"#, meta: meta(#""UTC""#))
    let after = time("2026-03-02T12:30:00.000007Z")
    let forecast = try ScheduleForecast(schedule.document, context: Sample.context, now: after, after: after)
    #expect(forecast.coming(2).runs.map(\.due.iso8601) == expected)
  }

  @Test(arguments: [
    (#""freq": 3, "dtstart": 1, "byhour": [3], "byminute": 0"#, "its rrule has byhour, byminute, which cannot be"),
    (#""freq": 1, "dtstart": 1"#, "its rrule is monthly or yearly, which cannot be expressed"),
    (#""freq": 4"#, "its rrule has no dtstart"),
    (#""freq": 4, "dtstart": 1, "interval": 0"#, "its rrule has no usable interval"),
    (#""freq": 4, "dtstart": 1, "interval": 9223372036854775807"#, "its rrule has no usable interval"),
  ])
  func recurrenceRulesThatCannotBeExpressedAreTold(_ rule: String, _ message: String) {
    let schedule = imported(schedule: #"{"__type__": "rrule", \#(rule)}"#, meta: meta(#""UTC""#))
    #expect(schedule.problem?.hasPrefix(message) == true, "\(schedule.problem ?? "accepted")")
  }

  @Test func datesReachTheWorkerAsCelerySendsThem() {
    let date = meta(#""Europe/Berlin""#).dropFirst(#"{"last_run_at": "#.count).prefix { $0 != "}" } + "}"
    let schedule = imported(
      schedule: "60", meta: meta(#""UTC""#),
      more: #", "args": null, "kwargs": {"since": \#(date)}, "#
        + #""options": {"queue": "q", "expires": \#(date)}"#)
    #expect(schedule.problem == nil)
    #expect(
      schedule.text.contains(
        #""kwargs": {"since": {"__type__": "datetime", "__value__": "2026-03-02T11:30:00.000007+00:00"}}"#))
    #expect(schedule.read?.definition.options.expires == .at(time("2026-03-02T11:30:00.000007Z")))
    #expect(schedule.read?.definition.options.queue == "q")
  }

  @Test func whatCannotComeIsTold() {
    #expect(imported(schedule: "60", score: nil).problem?.hasPrefix("is not in RedBeat's sorted set") == true)
    #expect(imported(schedule: #"{"__type__": "lunar"}"#).problem?.contains(#"of the type "lunar""#) == true)
    #expect(imported(schedule: "60", meta: "{").problem?.hasPrefix("meta: not a readable document") == true)
    #expect(imported(schedule: "null").problem == "has no schedule")
    #expect(imported(schedule: "0").problem?.hasPrefix("interval.every 0: 0 seconds is not positive") == true)
  }
}
