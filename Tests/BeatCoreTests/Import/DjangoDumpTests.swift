import Testing

@testable import BeatCore

/// Rows that a real django-celery-beat seldom dumps. Its usual rows are tested with the real one.
@Suite struct DjangoDumpTests {
  private func imported(_ fields: String, _ rows: String...) throws -> ImportedSchedule {
    let task =
      #"{"model": "django_celery_beat.periodictask", "pk": 1, "fields": {"name": "a", "task": "t", \#(fields)}}"#
    return try #require(try ImportSample.read("[" + (rows + [task]).joined(separator: ", ") + "]").first)
  }

  private static let hourly =
    #"{"model": "django_celery_beat.intervalschedule", "pk": 3, "fields": {"every": 1, "period": "hours"}}"#
  private static let clocked =
    #"{"model": "django_celery_beat.clockedschedule", "pk": 3, "fields": {"clocked_time": "2026-03-01T00:00:00Z"}}"#

  @Test(arguments: [
    (#""solar": 1"#, "a solar schedule cannot be expressed"), (#""interval": 4"#, "its interval is not in the dump"),
    (#""interval": null"#, "has no schedule"), (#""interval": 3, "crontab": 1"#, "has more than one schedule"),
    (#""interval": 3, "args": "[1""#, "args [1: is not JSON"),
    (#""interval": 3, "args": "1], [2""#, "args 1], [2: is not JSON"),
    (#""interval": 3, "headers": "[]""#, "headers are no JSON object"),
    (#""interval": 3, "expires": "soon""#, #"expires "soon" is no date"#),
  ])
  func whatCannotComeIsTold(_ fields: String, _ message: String) throws {
    let schedule = try imported(fields, Self.hourly)
    #expect(schedule.problem?.hasPrefix(message) == true, "\(schedule.problem ?? "accepted")")
  }

  @Test func withoutALastRunItCountsFromTheLastChange() throws {
    let schedule = try imported(#""interval": 3, "date_changed": "2026-03-02T11:30:00.5Z""#, Self.hourly)
    #expect(schedule.read?.lastRunAt == time("2026-03-02T11:30:00.5Z"))
    // A disabled schedule rests, and begins when it is enabled.
    let off = try imported(#""interval": 3, "date_changed": "2026-03-02T11:30:00.5Z", "enabled": false"#, Self.hourly)
    #expect(off.read?.lastRunAt == nil)
    #expect(off.read?.definition.runImmediately == false)
  }

  @Test func aStartThatHasPassedIsDueAtOnce() throws {
    let past = try imported(#""interval": 3, "start_time": "2026-03-01T00:00:00Z""#, Self.hourly)
    #expect(past.read?.definition.runImmediately == true)
    let future = try imported(#""interval": 3, "start_time": "2026-03-03T00:00:00Z""#, Self.hourly)
    #expect(future.read?.definition.runImmediately == false)
    #expect(future.read?.definition.startAfter == time("2026-03-03T00:00:00Z"))
  }

  @Test func aClockedOneThatWasMissedIsStillOpen() throws {
    let open = try imported(#""clocked": 3, "one_off": true, "total_run_count": 0"#, Self.clocked)
    #expect(open.read?.lastRunAt == time("2026-02-28T23:59:59Z"))
    let done = try imported(#""clocked": 3, "one_off": true, "total_run_count": 1"#, Self.clocked)
    #expect(done.read?.totalRunCount == 1)
    #expect(done.read?.definition.oneOff == true)
  }

  @Test func datesWithoutAZoneAreToldOf() throws {
    let schedule = try imported(#""interval": 3, "last_run_at": "2026-03-02T11:30:00""#, Self.hourly)
    #expect(schedule.notes.first == "its dates have no zone (USE_TZ is off) and are read as UTC")
  }

  @Test func theHeaderOfDjangoCeleryBeatStays() throws {
    let schedule = try imported(#""interval": 3, "headers": "{\"tenant\": \"acme\"}""#, Self.hourly)
    #expect(schedule.text.contains(#""headers": {"tenant": "acme", "periodic_task_name": "a"}"#))
  }
}
