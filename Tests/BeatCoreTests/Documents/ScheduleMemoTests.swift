import Testing

@testable import BeatCore

@Suite("ScheduleMemo: a remembered schedule equals the one that would be read")
struct ScheduleMemoTests {
  /// Documents that each differ from the one before in one part of the schedule.
  private static let documents = [
    Sample.document(),
    Sample.document(interval: #"{"every": 10, "period": "minutes"}"#),
    Sample.document(interval: #"{"every": 10, "period": "minutes", "what": 1}"#),
    Sample.document(interval: #"{"every": 10, "period": "fortnights"}"#),
    Sample.crontab(#"{"minute": "0", "hour": "3"}"#),
    Sample.crontab(#"{"minute": "0", "hour": "3"}"#, #""timezone": "Europe/Berlin""#),
    Sample.crontab(#"{"minute": "0", "hour": "3"}"#, #""timezone": "America/New_York""#),
    Sample.crontab(#"{"minute": "0", "hour": "3"}"#, #""timezone": "No/Where""#),
    Sample.crontab(#"{"hour": "3"}"#),
    Sample.crontab(#"{"minute": "61"}"#),
    Sample.crontab(#"{"minute": "0"}"#, #""interval": {"every": 10, "period": "seconds"}"#),
    Sample.document(#""schedule": {"every": 10, "period": "seconds"}"#, interval: nil),
    Sample.document(#""schedule": {"minute": "0", "hour": "3"}"#, interval: nil),
    Sample.document(#""clocked": {"clocked_time": "2026-03-02T13:00:00Z"}"#, interval: nil),
    Sample.crontab("{\"minute\": \"0\"\(String(repeating: " ", count: 300))}"),
  ]

  private static func read(_ text: String, _ memo: ScheduleMemo?) -> Result<ScheduleDocument, DocumentProblem> {
    Result { () throws(DocumentProblem) in
      try ScheduleDocument(Array(text.utf8), context: Sample.context, memo: memo)
    }
  }

  @Test func asReadWithoutIt() {
    let memo = ScheduleMemo()
    for text in Self.documents + Self.documents.reversed() {
      #expect(Self.read(text, memo) == Self.read(text, nil), "\(text)")
    }
  }

  /// With more schedules than the memo holds, the oldest ones are still read as they are written.
  @Test func moreThanItRemembers() throws {
    let memo = ScheduleMemo()
    for seconds in Array(1...5000) + Array(1...10) {
      let text = Sample.document(interval: #"{"every": \#(seconds), "period": "seconds"}"#)
      let schedule = Schedule.interval(try Interval(microseconds: Int64(seconds) * 1_000_000))
      #expect(try Self.read(text, memo).get().definition.schedule == schedule)
    }
  }

  /// When zones are read again, documents that are read from then on use the new rules.
  @Test func anotherContextRemembersNothing() {
    var bench = SchedulerBench()
    let document = Sample.crontab(#"{"minute": "0", "hour": "15"}"#)
    _ = bench.load(EntryName("a"), document, .seen(0))
    #expect(bench.scheduler.verdict(of: EntryName("a")) == .accepted(next: time("2026-03-02T15:00:00Z")))
    var context = Sample.context
    context.defaultZone = (try? TimeTesting.zone("Europe/Berlin")) ?? .utc
    _ = bench.receive(.documentsChanged(context))
    _ = bench.edit(EntryName("b"), document)
    for name in ["a", "b"] {
      #expect(bench.scheduler.verdict(of: EntryName(name)) == .accepted(next: time("2026-03-02T14:00:00Z")))
    }
  }
}
