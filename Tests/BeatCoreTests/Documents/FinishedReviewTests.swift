import Testing

@testable import BeatCore

/// A schedule that has done what it was made for is in order: the review has a note and no warning.
@Suite struct FinishedReviewTests {
  private static let passed = #""clocked": {"clocked_time": "2026-03-02T11:00:00Z"}"#
  private static let hourly = #""interval": {"every": 1, "period": "hours"}"#

  private func remarks(_ fields: String, watermark: WatermarkState? = nil) -> [DocumentReview.Remark] {
    let text =
      #"{"name": "report", "task": "t", \#(fields)\#(fields.contains("enabled") ? "" : #", "enabled": true"#)}"#
    return DocumentReview(
      Array(text.utf8), context: Sample.context, now: Sample.noon, stored: watermark.map { (EntryName("report"), $0) }
    ).remarks
  }

  private static let ran = #""last_run_at": "2026-03-02T11:00:00Z", "total_run_count": 1"#

  @Test(arguments: [
    "\(passed), \(ran)", #"\#(passed), "total_run_count": 1"#, #"\#(passed), "last_run_at": "2026-03-02T11:00:01Z""#,
    #"\#(passed), \#(ran), "one_off": true"#, #"\#(passed), \#(ran), "max_run_count": 1"#,
    #"\#(passed), \#(ran), "enabled": false"#, #"\#(passed), \#(ran), "expires_at": "2026-03-02T11:30:00Z""#,
    #"\#(passed), \#(ran), "expires": "2026-03-02T11:30:00Z""#, #"\#(passed), \#(ran), "catchup": "none""#,
    #"\#(hourly), \#(ran), "one_off": true"#, #"\#(hourly), \#(ran), "max_run_count": 1"#,
    #"\#(hourly), \#(ran), "expires_at": "2026-03-02T11:30:00Z""#,
    #"\#(hourly), \#(ran), "expires": "2026-03-02T11:30:00Z""#,
    #"\#(hourly), \#(ran), "start_after": "2026-03-01", "expires_at": "2026-03-02T11:30:00Z""#,
  ])
  func noWarning(_ fields: String) {
    for watermark in [nil, .absent, .read(.fired(-3_600))] as [WatermarkState?] {
      let remarks = remarks(fields, watermark: watermark)
      #expect(remarks.allSatisfy { $0.level == .note }, "\(remarks)")
    }
  }

  /// Only the watermark shows that the schedule has run.
  @Test func byTheWatermark() {
    for fields in [Self.passed, #"\#(Self.passed), "enabled": false"#] {
      #expect(remarks(fields, watermark: .read(.fired(-3_600))).map(\.level) == [.note])
    }
    #expect(
      remarks(#"\#(Self.hourly), "expires_at": "2026-03-02T11:30:00Z""#, watermark: .read(.fired(-3_600))).map(
        \.level.rawValue) == ["note"])
  }

  /// A schedule that never ran, or is set up otherwise than probably meant, still has a warning.
  @Test(arguments: [
    passed, #"\#(passed), "catchup": "none""#, #"\#(passed), "enabled": false"#,
    #"\#(passed), \#(ran), "run_immediately": true"#, #"\#(hourly), "expires_at": "2026-03-02T11:30:00Z""#,
    #"\#(hourly), "expires": "2026-03-02T11:30:00Z""#,
    #"\#(hourly), \#(ran), "start_after": "2026-03-03", "expires_at": "2026-03-02T11:30:00Z""#,
  ])
  func aWarning(_ fields: String) {
    for watermark in [nil, .absent] as [WatermarkState?] {
      #expect(remarks(fields, watermark: watermark).contains { $0.level == .warning }, "\(fields)")
    }
  }
}
