import Testing

@testable import BeatCore
@testable import BeatDriver

@Suite struct EditTimesTests {
  private var times = EditTimes()
  private let a = EntryName("a")

  private func at(_ microseconds: Int64) -> BootTime { BootTime(microseconds: microseconds) }

  @Test mutating func theAnswerEndsTheTimeOfItsEvent() {
    times.heard(a, at: at(1))
    times.reads(a)
    #expect(times.answered(a) == at(1) && times.count == 0)
    #expect(times.answered(a) == nil)
  }

  /// The answer to a read that was sent before the event may be older than the edit.
  @Test mutating func anEventDuringAReadWaitsForTheNext() {
    times.heard(a, at: at(1))
    times.reads(a)
    times.heard(a, at: at(2))
    times.heard(a, at: at(3))
    #expect(times.answered(a) == at(1))
    times.reads(a)
    #expect(times.answered(a) == at(2) && times.count == 0)
  }

  @Test mutating func aReadThatFollowsNoEditIsNotTimed() {
    times.reads(a)
    #expect(times.answered(a) == nil)
    times.reads(a)
    times.heard(a, at: at(4))
    #expect(times.answered(a) == nil)
    times.reads(a)
    #expect(times.answered(a) == at(4))
  }

  @Test mutating func aStormIsNotTimedWithoutEnd() {
    for number in 0..<3 * EditTimes.most { times.heard(EntryName("\(number)"), at: at(1)) }
    #expect(times.count == EditTimes.most)
    times.removeAll()
    #expect(times.count == 0)
  }
}
