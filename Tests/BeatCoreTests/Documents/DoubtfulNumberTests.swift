import Testing

@testable import BeatCore

/// Numbers that are accepted as they are, and probably mean something else.
@Suite struct DoubtfulNumberTests {
  private static func warnings(_ more: String, schedule: String = #""crontab": {"minute": "0"}"#) throws -> [String] {
    let text = #"{"name": "n", "task": "t", "enabled": true, \#(schedule)\#(more)}"#
    return try ScheduleDocument(Array(text.utf8), context: Sample.context).warnings
  }

  @Test(arguments: [
    (#", "expires": 0.0001"#, "expires 0.0001: the message may be void before a worker can take it"),
    (#", "options": {"expires": 0.5}"#, "options.expires 0.5: the message may be void"),
    (#", "expire_seconds": 0.9"#, "expire_seconds 0.9: the message may be void"),
    (
      #", "expires": 1577836800"#,
      "expires 1577836800: looks like a time since 1970, and is taken for a number of seconds, 50"
    ),
    (#", "expires": 1577836800000"#, "seconds, 49999 years"),
    (#", "expire_seconds": 1577836800"#, "expire_seconds 1577836800: looks like"),
    (#", "options": {"time_limit": 1577836800}"#, "options.time_limit 1577836800: looks like"),
    (#", "soft_time_limit": 1577836800"#, "soft_time_limit 1577836800: looks like"),
    (#", "catchup_window": 1577836800"#, "catchup_window 1577836800: looks like"),
    (#", "jitter": 1577836800"#, "jitter 1577836800: looks like"),
    (#", "catchup_window": 5"#, "catchup_window of 5 s is shorter than the 10 s"),
    (#", "time_limit": 10, "soft_time_limit": 10"#, "soft_time_limit is not shorter than time_limit"),
    (
      #", "start_after": 3600"#,
      "start_after 3600: looks like a length of time, and is taken for the date 1970-01-01T01:00:00Z"
    ),
    (#", "expires_at": 86400"#, "expires_at 86400: looks like a length of time"),
    // Ten years of 365 days are the first doubtful number.
    (#", "expires": 315360000"#, "expires 315360000: looks like a time since 1970"),
    (#", "options": {"expires": 315360000}"#, "options.expires 315360000: looks like a time since 1970"),
    (#", "catchup_window": 315360000"#, "taken for a number of seconds, 10 years"),
    (#", "time_limit": 315360000"#, "time_limit 315360000: looks like"),
  ])
  func doubtful(_ more: String, _ text: String) throws {
    let warnings = try Self.warnings(more)
    #expect(warnings.contains { $0.contains(text) }, "\(warnings)")
  }

  /// A clocked time is checked as well, in each form that is a number of seconds.
  @Test func aClockedTime() throws {
    for (time, isDoubtful) in [
      ("3600", true), ("0", true), ("99999999", true), ("100000000", false), ("1893456000", false),
      (#""1970-01-01T01:00:00Z""#, false), (#"{"$date": 3600}"#, false),
    ] {
      let warnings = try Self.warnings("", schedule: #""clocked": {"clocked_time": \#(time)}"#)
      let found = warnings.contains { $0.hasPrefix("clocked.clocked_time \(time): looks like a length of time") }
      #expect(found == isDoubtful, "\(time): \(warnings)")
    }
  }

  @Test func aYear() throws {
    for (every, period) in [(365, "days"), (53, "weeks"), (1_577_836_800, "seconds")] {
      let interval = #""interval": {"every": \#(every), "period": "\#(period)"}"#
      #expect(try Self.warnings("", schedule: interval).contains { $0.hasPrefix("interval.every: a run comes after") })
    }
  }

  /// Usual numbers raise no warning.
  @Test(arguments: [
    #", "expires": 1"#, #", "expires": 3600, "time_limit": 300, "soft_time_limit": 240"#,
    #", "expires": "2030-01-01T00:00:00Z""#, #", "catchup_window": 10"#, #", "catchup": "none", "catchup_window": 1"#,
    #", "start_after": 1577836800, "expires_at": 1893456000"#, #", "jitter": 0, "catchup_window": 86400"#,
    #", "expires": 315359999"#, #", "expire_seconds": 315359999.5"#,
    #", "soft_time_limit": 10"#, #", "time_limit": 0, "soft_time_limit": 10"#, #", "options": {"jitter": 1577836800}"#,
  ])
  func plain(_ more: String) throws {
    #expect(try Self.warnings(more).filter { !$0.hasPrefix("options.jitter") } == [])
    #expect(try Self.warnings("", schedule: #""interval": {"every": 364, "period": "days"}"#) == [])
  }

  /// Milliseconds where seconds belong are no date at all, and the reason says so.
  @Test(arguments: ["start_after", "expires_at"]) func milliseconds(_ field: String) {
    #expect {
      _ = try Self.warnings(#", "\#(field)": 1798761600000"#)
    } throws: {
      "\($0)".contains("are these milliseconds?")
    }
  }
}
