import Testing

@testable import BeatCore

/// What `lint` says of a clocked time is what a daemon does with it.
@Suite("Review of clocked documents: its remarks agree with the daemon")
struct ClockedReviewTests {
  private let a = EntryName("a")

  private static func clocked(_ seconds: Double, _ fields: String) -> String {
    let time = #""clocked": {"clocked_time": "\#(at(seconds).iso8601)"}"#
    let enabled = fields.contains("enabled") ? "" : #", "enabled": true"#
    return #"{"name": "report", "task": "t", \#(time)\#(enabled)\#(fields.isEmpty ? "" : ", " + fields)}"#
  }

  private func message(_ document: String, watermark: WatermarkState?) -> String? {
    DocumentReview(
      Array(document.utf8), context: Sample.context, now: Sample.noon, stored: watermark.map { (a, $0) }
    ).remarks.first { $0.field == "clocked" }?.message
  }

  private static let fields = [
    "", #""catchup": "none""#, #""catchup": "all""#, #""catchup_window": 20"#, #""catchup_window": 90"#,
    #""total_run_count": 1"#, #""last_run_at": "2026-03-02T11:59:30Z""#, #""last_run_at": "2026-03-02T11:58:00Z""#,
    #""last_run_at": "2026-03-02T11:59:50Z""#, #""start_after": "2026-03-02T12:00:30Z""#,
    #""start_after": "2026-03-02T11:59:40Z""#, #""start_after": "2026-03-02T11:59:30Z""#,
    #""expires_at": "2026-03-02T11:59:45Z""#, #""expires_at": "2026-03-02T12:30:00Z""#, #""expires": 0"#,
    #""max_run_count": 1, "total_run_count": 1"#, #""one_off": true"#, #""one_off": true, "total_run_count": 2"#,
    #""run_immediately": true"#, #""run_immediately": true, "total_run_count": 1"#,
    #""total_run_count": 3, "last_run_at": "2026-03-02T11:58:00Z""#,
    #""total_run_count": 1, "last_run_at": "2026-03-02T11:59:30Z""#, #""max_run_count": 2, "total_run_count": 1"#,
    #""total_run_count": 0, "last_run_at": "2026-03-02T11:58:00Z""#,
  ]

  /// No watermark, and watermarks of this schedule before and after its time, of another schedule, of a deleted one,
  /// and without a digest as earlier versions wrote them.
  private static func watermarks(_ document: String) throws -> [Watermark?] {
    let other = clocked(-300, "")
    return [
      nil, .seen(-60), .seen(-20), try Watermark.seen(-60).under(document), try Watermark.seen(-20).under(document),
      try Watermark.fired(-30).under(document), .fired(-30), try Watermark.fired(-300).under(other), .fired(-300),
      try Watermark.seen(-20).under(other), try Watermark.fired(-300).under(document).ofGone,
      try Watermark.seen(-60).under(document.replacing(#""enabled": true"#, with: #""enabled": false"#)),
    ]
  }

  @Test(arguments: fields) func ofAStoredOne(_ fields: String) throws {
    let document = Self.clocked(-30, fields)
    for watermark in try Self.watermarks(document) {
      var bench = SchedulerBench()
      _ = bench.load(a, document, watermark)
      let runs = !bench.run(10).fires.isEmpty
      let said = message(document, watermark: watermark.map { .read($0) } ?? .absent)
      guard let said else {
        // Without a remark on the time there is a warning about the end.
        #expect(
          !runs && (fields.contains("expires_at") || fields.contains("expires")), "\(document) \(watermark as Any)")
        continue
      }
      let says = said.contains("runs at once") || said.contains("runs once more")
      let denies = said.contains("it does not run") || said.contains("nothing is due then")
      #expect(says == runs && denies == !runs, "\(said): \(document) \(watermark as Any)")
    }
  }

  /// For a file, no watermark is known. A remark that is certain must hold with every watermark, and one with "unless"
  /// must hold with some only.
  @Test(arguments: fields) func ofAFile(_ fields: String) throws {
    let document = Self.clocked(-30, fields)
    let runs = try Self.watermarks(document).map { watermark in
      var bench = SchedulerBench()
      _ = bench.load(a, document, watermark)
      return !bench.run(10).fires.isEmpty
    }
    guard let said = message(document, watermark: nil) else { return #expect(!runs.contains(true), "\(document)") }
    // The document itself has the run. A daemon without a watermark counts that run, and so does `next`.
    if said.contains("and it has run") { return #expect(!runs[0], "\(said): \(document)") }
    if said.contains("unless") {
      #expect(runs.contains(true) && runs.contains(false), "\(said): \(document)")
    } else if said.contains("runs once more") {
      #expect(!runs.contains(false), "\(said): \(document)")
    } else {
      #expect(!runs.contains(true), "\(said): \(document)")
    }
  }

  /// `lint` of a file agrees with `next` of the same bytes. A run that the file itself has is not doubted.
  @Test(arguments: fields) func aFileAgreesWithItsForecast(_ fields: String) throws {
    let document = Self.clocked(-30, fields)
    let forecast = try ScheduleForecast(Array(document.utf8), context: Sample.context, now: Sample.noon)
    let isMissed = forecast.coming(1).runs.first?.isMissed(at: Sample.noon) ?? false
    let said = message(document, watermark: nil) ?? ""
    if isMissed { #expect(said.contains("runs at once"), "\(said): \(document)") }
    if said.contains("and it has run") { #expect(forecast.coming(1).runs.isEmpty, "\(said): \(document)") }
    let tells =
      fields.contains(#""total_run_count": 1"#) || fields.contains("11:59:30Z\"") && fields.contains("last_run_at")
    if tells, forecast.coming(1).runs.isEmpty, !fields.contains("expires") {
      #expect(!said.contains("unless"), "\(said): \(document)")
    }
  }

  /// For a disabled schedule the remark says what happens when it is enabled.
  @Test func ofOneThatIsDisabled() throws {
    for (fields, runs) in [(#""enabled": false"#, false), (#""enabled": false, "run_immediately": true"#, true)] {
      let document = Self.clocked(-30, fields)
      for watermark in [nil, Watermark.seen(-60), try Watermark.seen(-60).under(document)] {
        var bench = SchedulerBench()
        _ = bench.load(a, document, watermark)
        _ = bench.edit(a, document.replacing("false", with: "true"), watermark)
        #expect(bench.run(10).fires.isEmpty != runs)
        for known in [nil, watermark.map { WatermarkState.read($0) } ?? .absent] as [WatermarkState?] {
          let said = try #require(message(document, watermark: known))
          #expect(said.contains(runs ? "runs when it is enabled" : "does not run when it is enabled"), "\(said)")
        }
      }
    }
  }

  /// The time is still to come, but lies before the start or not before the end, so it is never due.
  @Test func ofATimeOutsideOfItsLife() {
    for (fields, field, text) in [
      (#""start_after": "2026-03-02T12:10:00Z""#, "clocked", "comes before start_after"),
      (#""expires_at": "2026-03-02T12:01:00Z""#, "clocked", "does not come before expires_at"),
      (#""expires": "2026-03-02T12:01:00Z""#, "expires", "does not come after clocked_time"),
    ] {
      let document = Self.clocked(60, fields)
      var bench = SchedulerBench()
      _ = bench.load(a, document)
      #expect(bench.run(3_600).fires.isEmpty, "\(fields)")
      let remarks = DocumentReview(Array(document.utf8), context: Sample.context, now: Sample.noon).remarks
      #expect(remarks.count == 1 && remarks.first?.field == field, "\(remarks)")
      #expect(remarks.first?.message.hasPrefix(text) == true, "\(remarks)")
    }
    #expect(message(Self.clocked(60, #""start_after": "2026-03-02T12:01:00Z""#), watermark: nil) == nil)
    #expect(message(Self.clocked(60, #""expires_at": "2026-03-02T12:01:01Z""#), watermark: nil) == nil)
  }

  /// The time has come, and the run waits for its jitter.
  @Test func ofOneThatWaitsForItsJitter() {
    #expect(message(Self.clocked(-0.001, #""jitter": 3600"#), watermark: .absent) == nil)
  }

  /// The beginning and the end are the same time.
  @Test func anEndAtTheBeginning() {
    let document = Sample.document(
      #""start_after": "2026-03-03T00:00:00Z", "expires_at": "2026-03-03T00:00:00Z", "run_immediately": true"#)
    var bench = SchedulerBench()
    _ = bench.load(a, document)
    #expect(bench.run(2 * 86_400).fires.isEmpty)
    let remarks = DocumentReview(Array(document.utf8), context: Sample.context, now: Sample.noon).remarks
    #expect(remarks.map(\.message) == ["does not come after start_after: it never runs"])
  }
}
