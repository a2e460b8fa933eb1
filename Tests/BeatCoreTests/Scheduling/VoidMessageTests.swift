import Testing

@testable import BeatCore

@Suite("Messages that a worker would discard: `expires` of the past, and 0")
struct VoidMessageTests {
  private let a = EntryName("a")

  private func finishes(_ actions: [Scheduler.Action]) -> [String] {
    actions.reports.compactMap { if case .finished(_, let reason) = $0 { reason } else { nil } }
  }

  private func warnings(_ actions: [Scheduler.Action]) -> [String] {
    actions.reports.compactMap { if case .warned(_, let text) = $0 { text } else { nil } }
  }

  /// No message is sent. The log, the preview and the review give the reason.
  @Test(arguments: [
    (#""expires": "2020-01-01T00:00:00Z""#, "expires 2020-01-01T00:00:00Z comes before its next occurrence"),
    (#""expires": "2020-01-01T00:00:00""#, "expires 2020-01-01T00:00:00Z comes before its next occurrence"),
    (#""expires": {"$date": 1577836800000}"#, "expires 2020-01-01T00:00:00Z comes before its next occurrence"),
    (#""options": {"expires": "2020-01-01"}"#, "expires 2020-01-01T00:00:00Z comes before its next occurrence"),
    (#""expires": 0"#, "expires leaves its messages no time"),
    (#""expires": 0.0"#, "expires leaves its messages no time"),
    (#""expires": -5"#, "expires leaves its messages no time"),
    (#""options": {"expires": 0}"#, "expires leaves its messages no time"),
  ])
  func nothingIsSent(_ field: String, _ reason: String) throws {
    let document = Sample.document(field)
    var bench = SchedulerBench()
    let loaded = bench.load(a, document, .fired(-7))
    #expect(bench.run(60).fires.isEmpty)
    #expect(finishes(loaded).count == 1 && finishes(loaded)[0].hasPrefix(reason), "\(finishes(loaded))")
    #expect(warnings(loaded).contains { $0.contains("a worker discards such a message") }, "\(warnings(loaded))")

    let read = Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: .fired(-7))
    let preview = SchedulePreview(a, read, context: Sample.context, now: Sample.noon)
    #expect(preview.state.word == "finished" && preview.state.reason?.hasPrefix(reason) == true)
    #expect(preview.upcoming(3).isEmpty)

    let review = DocumentReview(Array(document.utf8), context: Sample.context, now: Sample.noon).remarks
    #expect(review.count == 1 && review[0].level == .warning && review[0].field.hasSuffix("expires"), "\(review)")
  }

  /// The date passes while the schedule is loaded: what is due before it is sent, and then the schedule is finished.
  @Test func aDateThatPasses() {
    var bench = SchedulerBench()
    let loaded = bench.load(a, Sample.document(#""expires": "2026-03-02T12:00:30Z""#), .seen(0))
    #expect(finishes(loaded).isEmpty && warnings(loaded).isEmpty)
    let actions = bench.run(60)
    // The run at 30 s would have expired when it arrives.
    #expect(actions.dues == [10, 20])
    #expect(
      finishes(actions) == [
        "expires 2026-03-02T12:00:30Z comes before its next occurrence: a worker would discard the message"
      ])
    #expect(bench.timer == nil)
  }

  /// What was missed before the date is not caught up after it.
  @Test func whatWasMissedIsNotSentAfterIt() {
    for policy in ["latest", "all"] {
      let document = Sample.document(
        #""expires": "2026-03-02T11:59:00Z""#, #""last_run_at": "2026-03-02T11:00:00Z""#, #""catchup": "\#(policy)""#)
      var bench = SchedulerBench()
      let actions = bench.load(a, document) + bench.run(60)
      #expect(actions.fires.isEmpty)
      #expect(finishes(actions).count == 1)
      let read = Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: nil)
      let preview = SchedulePreview(a, read, context: Sample.context, now: Sample.noon)
      #expect(preview.state.word == "finished", "\(policy)")
      #expect(preview.upcoming(1).isEmpty)
    }
  }

  /// With a later date the schedule goes on.
  @Test func aDateThatIsMovedOn() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""expires": "2020-01-01""#), .seen(0))
    _ = bench.run(25)
    _ = bench.edit(a, Sample.document(#""expires": "2030-01-01""#), .seen(0))
    #expect(bench.run(30).dues.last == 50)
  }

  /// `run_immediately` asks for a run at once, and no message is sent then either.
  @Test func runImmediatelyIsNoExcuse() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(#""run_immediately": true, "expires": 0"#), .seen(-5))
    #expect(bench.run(60).fires.isEmpty)
  }

  /// A run by hand is not sent in vain either.
  @Test(arguments: [#""expires": 0"#, #""expires": "2020-01-01""#]) func byHandNeither(_ field: String) {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document(field), .seen(0))
    do throws(Scheduler.ManualProblem) {
      _ = try bench.scheduler.plan(of: a, for: "r", now: Sample.noon)
      Issue.record("it was sent")
    } catch {
      #expect(error.description.contains("a worker would discard"), "\(error)")
    }
  }

  /// These are not concerned: a number of seconds after sending, a date ahead, and django-celery-beat's
  /// `expire_seconds`, where 0 means none.
  @Test(arguments: [
    #""expires": 1.5"#, #""expires": "2030-01-01""#, #""expire_seconds": 60"#, #""expire_seconds": 0"#,
    #""expires": null"#,
  ])
  func others(_ field: String) {
    var bench = SchedulerBench()
    let loaded = bench.load(a, Sample.document(field), .seen(0))
    #expect(warnings(loaded).isEmpty)
    #expect(bench.run(15).dues == [10])
  }

  /// Less than a second is doubtful, but enough for a worker that waits.
  @Test func hardlyAnyTimeIsSentAndDoubted() {
    var bench = SchedulerBench()
    let loaded = bench.load(a, Sample.document(#""expires": 0.5"#), .seen(0))
    #expect(warnings(loaded).count == 1)
    #expect(bench.run(15).dues == [10])
  }
}
