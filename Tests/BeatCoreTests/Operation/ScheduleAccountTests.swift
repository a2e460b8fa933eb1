import Testing

@testable import BeatCore

/// What `explain` reports of a schedule: from when it counts, and why it is due or not.
@Suite struct ScheduleAccountTests {
  private static let now = UnixTime(seconds: 1_790_000_000)

  private func account(_ fields: String, watermark: Watermark? = nil) throws -> ScheduleAccount {
    let bytes = Array(#"{"name": "a", "task": "t", "enabled": true, \#(fields)}"#.utf8)
    let read = Scheduler.DocumentRead(.document(bytes), watermark: watermark)
    let context = DocumentContext(defaultZone: .utc) { _ throws(ZoneError) in .utc }
    let preview = SchedulePreview(EntryName("a"), read, context: context, now: Self.now)
    return try #require(ScheduleAccount(preview, read, context: context))
  }

  private func time(_ text: String) throws -> UnixTime { try #require(UnixTime(iso8601: text)) }

  @Test func tellsWhatItCountsFrom() throws {
    let interval = #""interval": {"every": 1, "period": "hours"}"#
    let earlier = Self.now.advanced(by: -600_000_000)
    let seen = Watermark(due: earlier, taskID: nil, totalRunCount: 0)
    let run = Watermark(due: earlier, taskID: TaskID(text: "x"), totalRunCount: 3)
    #expect(try account(interval).origin == .unseen)
    #expect(try account(interval, watermark: seen).origin == .seen)
    #expect(try account(interval, watermark: run).origin == .run)
    #expect(try account(interval, watermark: run).base == earlier)
    let written = #", "last_run_at": "\#(earlier.advanced(by: 5_000_000).iso8601)""#
    #expect(try account(interval + written, watermark: run).origin == .document)
  }

  @Test func anIntervalGoesOnIntoThePast() throws {
    let base = UnixTime(seconds: 1_790_000_000 - 100)
    let account = try account(
      #""interval": {"every": 60, "period": "seconds"}"#,
      watermark: Watermark(due: base, taskID: TaskID(text: "x"), totalRunCount: 1))
    let past = base.advanced(by: -3_600_000_000)
    #expect(account.due(atOrBefore: past.advanced(by: 1)) == past)
    #expect(account.due(after: past) == past.advanced(by: 60_000_000))
    #expect(account.due(at: past.advanced(by: 500_000)) == past)
    #expect(account.due(at: past.advanced(by: 2_000_000)) == nil)
    #expect(account.due(after: base) == base.advanced(by: 60_000_000))
  }

  /// Two occurrences fall into one second: the one that is named counts.
  @Test func theMomentItselfWins() throws {
    let account = try account(#""interval": {"every": 0.5, "period": "seconds"}"#)
    let due = account.base.advanced(by: 500_000)
    #expect(account.due(at: due) == due && account.due(at: due.advanced(by: 500_000)) == due.advanced(by: 500_000))
  }

  @Test func aCrontabIsDueWithinItsMinute() throws {
    let account = try account(
      #""crontab": {"minute": "30", "hour": "2"}, "start_after": "2026-09-01", "expires_at": "2026-10-01""#)
    let due = try time("2026-09-10T02:30:00Z")
    #expect(try account.due(at: time("2026-09-10T02:30:59Z")) == due)
    #expect(try account.due(at: time("2026-09-10T02:31:00Z")) == nil)
    #expect(account.bound(at: due) == nil)
    #expect(try account.bound(at: time("2026-08-10T02:30:00Z"))?.hasPrefix("start_after") == true)
    #expect(try account.bound(at: time("2026-10-10T02:30:00Z"))?.hasPrefix("expires_at") == true)
    #expect(
      try account.dues(from: time("2026-09-10T00:00:00Z"), to: time("2026-09-12T02:30:00Z"), limit: 9).count == 2)
  }

  @Test func namesTheFieldsThatDoNotMatch() throws {
    let crontab = try Crontab(line: "30 2 1-7 * mon", zone: .utc)
    #expect(try crontab.mismatches(at: time("2026-06-01T02:30:00Z")).isEmpty)
    let mismatches = try crontab.mismatches(at: time("2026-06-09T03:31:00Z"))
    #expect(mismatches.map(\.field) == ["minute", "hour", "day_of_month", "day_of_week"])
    #expect(mismatches.map(\.shown) == [31, 3, 9, 2])
    #expect(mismatches.map(\.taken) == ["30", "2", "1-7", "1"])
    let days = try Crontab(
      minute: .number(0), hour: nil, dayOfWeek: nil, dayOfMonth: nil, monthOfYear: nil, dayOfYear: .number(366),
      zone: .utc)
    #expect(try days.mismatches(at: time("2027-12-31T01:00:00Z")).map(\.shown) == [365])
    #expect(try days.mismatches(at: time("2028-12-31T01:00:00Z")).isEmpty)
  }

  /// A time that is due has no mismatch, for any crontab.
  @Test func agreesWithWhatIsDue() throws {
    for line in ["*/7 3-5 * 2 *", "0 0 29 2 *", "15,45 * 1-10/3 */2 fri-mon", "59 23 31 12 *"] {
      let crontab = try Crontab(line: line, zone: .utc)
      var time = Self.now
      for _ in 0..<50 {
        time = try #require(crontab.nextDue(after: time))
        #expect(crontab.mismatches(at: time).isEmpty, "\(line) \(time.iso8601)")
        #expect(
          crontab.mismatches(at: time.advanced(by: 60_000_000)).isEmpty
            == (crontab.nextDue(after: time) == time.advanced(by: 60_000_000)), "\(line)")
      }
    }
  }
}
