import Testing

@testable import BeatCore

/// The next runs that a user is shown are those that happen.
@Suite struct SchedulePreviewTests {
  private let a = EntryName("a")

  private func preview(_ document: String, _ watermark: Watermark? = nil, now: UnixTime = Sample.noon)
    -> SchedulePreview
  {
    let read = Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: watermark)
    return SchedulePreview(a, read, context: Sample.context, now: now)
  }

  private static let every100 = #"{"every": 100, "period": "seconds"}"#
  private static let documents: [(String, Watermark?)] = {
    let fields = [
      "", #""catchup": "none""#, #""catchup": "all""#, #""catchup": "all", "catchup_window": 200"#,
      #""catchup_window": 50"#, #""start_after": "2026-03-02T12:01:00Z""#, #""expires_at": "2026-03-02T12:02:00Z""#,
      #""max_run_count": 3"#, #""one_off": true"#, #""run_immediately": true"#, #""enabled": false"#,
      #""last_run_at": "2026-03-02T11:58:30Z", "total_run_count": 1"#, #""last_run_at": "2027-01-01T00:00:00Z""#,
    ]
    let watermarks: [Watermark?] = [nil, .seen(-30), .fired(-470), .fired(-5, count: 2), .fired(0)]
    return fields.flatMap { field in
      watermarks.flatMap { watermark in
        [
          (Sample.document(field, interval: every100), watermark),
          (Sample.crontab(#"{"minute": "*/2"}"#, field.isEmpty ? #""x": 1"# : field), watermark),
        ]
      }
    }
  }()

  /// Neither of two documents of the same length can be used: the reason is that of the second.
  @Test func anEditOfADocumentThatIsSetAsideIsReadAnew() {
    let before = Scheduler.DocumentRead(.document(Array(Sample.document(#""enabled": "a""#).utf8)), watermark: nil)
    let edited = Array(Sample.document(#""enabled": "b""#).utf8)
    let preview = SchedulePreview(
      EntryName("a"), before: before, edited: edited, context: Sample.context, now: Sample.noon)
    #expect(preview.state.reason == #"enabled "b": expected true or false, without quotes"#)
  }

  /// The runs of a preview are those that a scheduler fires which begins at the same moment, with the same document and
  /// watermark.
  @Test(arguments: documents) func whatIsToldIsWhatHappens(_ document: String, _ watermark: Watermark?) {
    var bench = SchedulerBench()
    let loaded = bench.load(a, document, watermark)
    let fired = (loaded + bench.run(3_600)).fires.map(\.due).prefix(5)
    let told = preview(document, watermark).upcoming(5).filter { $0.sent <= at(3_600) }.map(\.due)
    #expect(Array(fired) == told)
  }

  /// The same holds for an edit: nothing overdue is invented.
  @Test(arguments: documents) func whatIsToldOfAnEditIsWhatHappens(_ document: String, _ watermark: Watermark?) {
    let before = Sample.document(interval: #"{"every": 1, "period": "days"}"#)
    var bench = SchedulerBench()
    _ = bench.load(a, before, watermark)
    let edited = bench.edit(a, document, watermark)
    let fired = (edited.fires.isEmpty ? bench.run(3_600).fires : bench.run(3_600).fires).map(\.due).prefix(5)
    let read = Scheduler.DocumentRead(.document(Array(before.utf8)), watermark: watermark)
    let preview = SchedulePreview(
      a, before: read, edited: Array(document.utf8), context: Sample.context, now: Sample.noon)
    #expect(Array(fired) == preview.upcoming(5).filter { $0.sent <= at(3_600) }.map(\.due))
  }

  @Test func jitterIsInTheTimeOfSendingAndNotInTheDueTime() throws {
    let next = try #require(preview(Sample.document(#""jitter": 9"#), .seen(0)).next)
    #expect(next.due == at(10))
    #expect(next.sent >= at(10) && next.sent < at(19))
  }

  @Test func statesInWords() {
    #expect(preview(Sample.document()).state == .enabled)
    #expect(preview(Sample.document(#""enabled": false"#)).state == .disabled)
    #expect(preview(Sample.document(#""one_off": true, "total_run_count": 1"#)).state == .finished("one_off has run"))
    #expect(preview("{").state.word == "rejected" && preview("{").state.reason?.contains("line 1") == true)
    let list = SchedulePreview(
      a, Scheduler.DocumentRead(.unusable(Sample.unusable), watermark: nil), context: Sample.context, now: Sample.noon)
    #expect(list.state.reason?.contains("holds a list") == true && list.upcoming(3).isEmpty)
    let rejected = preview(#"{"name": "Label", "task": "t", "enabled": 1}"#, .fired(-5, count: 4))
    #expect(rejected.label == "Label" && rejected.task == "t" && rejected.totalRunCount == 4)
  }

  /// An import writes the time from which the series counts into the `last_run_at` of a schedule that never ran.
  @Test func aLastRunBesideACountOfNoneIsNoRun() {
    let document = Sample.document(#""last_run_at": "2026-03-02T11:00:00Z", "total_run_count": 0"#)
    #expect(preview(document).lastRun == nil)
    #expect(preview(document, .seen(-5)).lastRun == nil)
    #expect(preview(document, .fired(-5)).lastRun == at(-5))
    #expect(preview(document.replacing("count\": 0", with: "count\": 1")).lastRun == at(-3600))
  }

  @Test func theLastRunIsTheNewerOfWatermarkAndDocument() {
    let document = Sample.document(#""last_run_at": "2026-03-02T11:00:00Z""#)
    #expect(preview(document).lastRun == at(-3600))
    #expect(preview(document, .fired(-5)).lastRun == at(-5))
    // A watermark of the first sight is no run.
    #expect(preview(document, .seen(-5)).lastRun == at(-3600))
    #expect(preview(Sample.document(), .seen(-5)).lastRun == nil)
  }

  @Test func aHundredOfThemAreInTheirOrder() {
    let times = preview(Sample.crontab(#"{"minute": 0, "hour": 2}"#)).upcoming(100)
    #expect(times.count == 100)
    for (first, second) in zip(times, times.dropFirst()) { #expect(first.due < second.due) }
  }
}
