import Testing

@testable import BeatCore
@testable import ReactiveBeat

extension Stage {
  /// Expects each occurrence of these interval schedules, from the first to the last that was fired, in the queue once
  /// and in order, and no other message. No daemon may fire any more.
  func expectEachOnce(_ names: [String], every microseconds: Int64, location: SourceLocation = #_sourceLocation) throws
  {
    var messages = messages().map(\.id)
    for name in names {
      let watermark = try #require(self.watermark(name), sourceLocation: location)
      let expected = taskIDs(name, last: watermark.due, every: microseconds, count: Int(watermark.totalRunCount))
      #expect(messages.filter(Set(expected).contains) == expected, "\(name)", sourceLocation: location)
      messages.removeAll(where: Set(expected).contains)
      #expect(
        document(name)?.contains(#""total_run_count": \#(watermark.totalRunCount)"#) == true, "\(name)",
        sourceLocation: location)
    }
    #expect(messages.isEmpty, "messages of no occurrence", sourceLocation: location)
  }

  /// How often a schedule was fired.
  func count(_ name: String) -> Int64 { watermark(name)?.totalRunCount ?? 0 }

  /// Waits until each of these schedules has fired `more` times more.
  func fires(_ names: [String], _ more: Int64, within seconds: Int64 = 10) -> Bool {
    let goals = names.map { ($0, count($0) + more) }
    return eventually(within: seconds) { goals.allSatisfy { count($0) >= $1 } }
  }
}
