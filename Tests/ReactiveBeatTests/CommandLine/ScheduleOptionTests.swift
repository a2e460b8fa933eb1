import ArgumentParser
import Testing

@testable import BeatCore
@testable import beat_watch

/// A kind of schedules fails here if it has no option, or an option that the help does not explain.
@Suite("set: each kind of schedules has its option") struct ScheduleOptionTests {
  private static let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
    throw ZoneError(zone: name, message: "there is no such zone")
  }

  /// An argument of the kind's option, and the object that it makes in the document.
  private static func sample(_ kind: ScheduleKind) -> (argument: String, json: String) {
    switch kind {
    case .interval: ("5m", #"{"every": 5, "period": "minutes"}"#)
    case .crontab:
      (
        "30 2 * * 1",
        #"{"minute": "30", "hour": "2", "day_of_month": "*", "month_of_year": "*", "day_of_week": "1"}"#
      )
    case .clocked: ("2030-01-01T00:00:00Z", #"{"clocked_time": "2030-01-01T00:00:00Z"}"#)
    }
  }

  @Test(arguments: ScheduleKind.allCases)
  func writesTheField(_ kind: ScheduleKind) throws {
    let (argument, json) = Self.sample(kind)
    let options = try DocumentFieldOptions.parse(["--task", "t", kind.option, argument])
    let changes = try options.changes(timezone: nil, clock: nil)
    #expect(changes.touched.contains(kind.rawValue))
    var editor = DocumentEditor()
    try changes.apply(to: &editor, name: EntryName("a"))
    #expect(editor.value(kind.rawValue).map { String(decoding: $0, as: UTF8.self) } == json)
    #expect(try ScheduleDocument(editor.bytes, context: Self.context).definition.schedule.kind == kind)
  }

  @Test(arguments: ScheduleKind.allCases)
  func refusesWhatItDoesNotUnderstand(_ kind: ScheduleKind) throws {
    let error = #expect(throws: (any Error).self) { try kind.written("nonsense", by: nil) }
    #expect(String(describing: try #require(error)).contains(kind.option))
  }

  @Test func oneOfThemIsGiven() throws {
    let arguments = ScheduleKind.allCases.flatMap { [$0.option, Self.sample($0).argument] }
    let options = try DocumentFieldOptions.parse(arguments)
    let error = #expect(throws: ValidationError.self) { try options.changes(timezone: nil, clock: nil) }
    #expect(error?.message == "--every and --cron and --at: give one of them")
  }

  @Test func theSentenceNamesAll() {
    #expect(ScheduleKind.options == "--every, --cron and --at")
  }

  @Test(arguments: ScheduleKind.allCases)
  func isExplained(_ kind: ScheduleKind) {
    #expect(SetCommand.helpMessage().contains("\(kind.option) <"))
  }
}
