import Testing

@testable import BeatCore

/// Dates without an offset are UTC, and are told of where a document's own zone was probably meant.
@Suite struct DoubtfulDateTests {
  private static func warnings(_ fields: String...) throws -> [String] {
    let text = #"{"name": "n", "task": "t", "enabled": true, "# + fields.joined(separator: ", ") + "}"
    return try ScheduleDocument(Array(text.utf8), context: Sample.context).warnings
  }

  private static let berlin = #""timezone": "Europe/Berlin""#
  private static let nightly = #""crontab": {"minute": "0", "hour": "2"}"#

  @Test func aClockedTimeBesideAZone() throws {
    #expect(
      try Self.warnings(#""clocked": {"clocked_time": "2027-01-01T10:00:00"}"#, Self.berlin) == [
        #"clocked.clocked_time "2027-01-01T10:00:00": has no offset and is read as UTC, whatever timezone says: "#
          + #"write "2027-01-01T10:00:00Z", or "2027-01-01T10:00:00+01:00" for the clock of Europe/Berlin"#
      ])
  }

  /// All dates that a person writes, in each way to say it, and with the offset of their own day.
  @Test(arguments: [
    (nightly, #""start_after": "2027-07-01T10:00""#, berlin, #"start_after "2027-07-01T10:00": "#, "T10:00:00+02:00"),
    (nightly, #""expires_at": "2027-07-01""#, berlin, #"expires_at "2027-07-01": "#, "2027-07-01T00:00:00+02:00"),
    (nightly, #""expires": "2027-07-01 10:00:00.5""#, berlin, "expires ", "2027-07-01T10:00:00.5+02:00"),
    (
      nightly, #""options": {"expires": "2027-07-01T10:00:00"}"#, berlin, "options.expires ", "T10:00:00+02:00"
    ),
    (
      #""crontab": {"minute": "0", "timezone": "America/New_York"}"#, #""start_after": "2027-07-01T10:00:00""#,
      #""timezone": "UTC""#, "start_after ", "2027-07-01T10:00:00-04:00"
    ),
    // Never shown, and shown twice.
    (nightly, #""expires_at": "2027-03-28T02:30:00""#, berlin, "expires_at ", "2027-03-28T03:30:00+02:00"),
    (nightly, #""expires_at": "2027-10-31T02:30:00""#, berlin, "expires_at ", "2027-10-31T02:30:00+02:00"),
    // An offset of seconds as well, which ISO 8601 has not.
    (nightly, #""expires_at": "1890-01-01T00:53:28""#, berlin, "expires_at ", #"or "1890-01-01T00:00:00Z""#),
    (
      nightly, #""expires_at": "9999-12-31T23:30:00""#, #""timezone": "America/New_York""#, "expires_at ", "read as UTC"
    ),
  ])
  func otherDates(_ schedule: String, _ field: String, _ zone: String, _ start: String, _ end: String) throws {
    let warnings = try Self.warnings(schedule, field, zone)
    #expect(warnings.contains { $0.hasPrefix(start) && $0.contains(end) }, "\(warnings)")
    #expect(warnings.count { $0.contains("has no offset") } == 1, "\(warnings)")
  }

  /// There is no doubt where an offset stands, where the document names no zone, where its zone's clock shows UTC on
  /// that day, and in the forms of other programs, which write UTC.
  @Test(arguments: [
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00Z"}"#, berlin),
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00+01"}"#, berlin),
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00"}"#, #""description": "no zone""#),
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00"}"#, #""timezone": "UTC""#),
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00"}"#, #""timezone": "Europe/London""#),
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00"}"#, #""timezone": "No/Where""#),
    (#""clocked": {"clocked_time": "2027-01-01T10:00:00"}"#, #""timezone": null"#),
    (#""clocked": {"clocked_time": {"$date": "2027-01-01T10:00:00"}}"#, berlin),
    (#""clocked": {"clocked_time": ISODate("2027-01-01T10:00:00")}"#, berlin),
    (#""clocked": {"clocked_time": {"__type__": "datetime", "year": 2027, "month": 1, "day": 1}}"#, berlin),
    (#""clocked": {"clocked_time": 1893456000}"#, berlin),
    (nightly, #""last_run_at": "2026-01-01T10:00:00", "# + berlin),
    (nightly, #""expires": 60, "# + berlin),
  ])
  func noDoubt(_ schedule: String, _ more: String) throws {
    #expect(try Self.warnings(schedule, more).filter { $0.contains("offset") } == [])
  }

  @Test(arguments: [
    ("2027-01-01T10:00:00", "2027-01-01T09:00:00Z", "2027-01-01T10:00:00+01:00"),
    ("2027-07-01", "2027-06-30T22:00:00Z", "2027-07-01T00:00:00+02:00"),
    ("2027-01-01T10:00:00Z", "2027-01-01T10:00:00Z", "2027-01-01T11:00:00+01:00"),
    ("2027-01-01T10:00:00-05:00", "2027-01-01T15:00:00Z", "2027-01-01T16:00:00+01:00"),
    ("2027-03-28T02:30:00", "2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00"),
    ("2027-10-31T02:30:00", "2027-10-31T00:30:00Z", "2027-10-31T02:30:00+02:00"),
  ])
  func aTimeOfAZone(_ text: String, _ utc: String, _ shown: String) throws {
    let zone = try TimeTesting.zone("Europe/Berlin")
    let time = try #require(UnixTime(iso8601: text, in: zone))
    #expect(time.iso8601 == utc)
    #expect(time.localISO8601(in: zone) == shown)
    #expect(UnixTime(iso8601: time.localISO8601(in: zone)) == time)
  }

  @Test func zonesOfAllKinds() throws {
    let time = time("2027-01-01T10:00:00Z")
    #expect(time.localISO8601(in: .utc) == "2027-01-01T10:00:00Z")
    #expect(time.localISO8601(in: try TimeTesting.zone("Asia/Kathmandu")) == "2027-01-01T15:45:00+05:45")
    #expect(time.localISO8601(in: try TimeTesting.zone("America/St_Johns")) == "2027-01-01T06:30:00-03:30")
    let kiritimati = try TimeTesting.zone("Pacific/Kiritimati")
    #expect(UnixTime.latest.localISO8601(in: kiritimati) == UnixTime.latest.iso8601)
    #expect(UnixTime(iso8601: "9999-12-31T23:59:59", in: try TimeTesting.zone("America/New_York")) == nil)
    #expect(UnixTime(iso8601: "noon", in: kiritimati) == nil)
  }
}
