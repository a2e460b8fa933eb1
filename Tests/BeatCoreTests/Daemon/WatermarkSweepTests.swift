import Testing

@testable import BeatCore
@testable import BeatDriver

/// Which watermarks of deleted schedules are removed sooner when there are many.
@Suite struct WatermarkSweepTests {
  private let now = UnixTime(microseconds: 30_000_000 * 60_000_000)
  private let most = Limit.goneWatermarks.most

  private func limits(fired: [Int64: Int] = [:], seen: [Int64: Int] = [:]) -> (fired: Int64, seen: Int64)? {
    WatermarkSweep.limits(fired: fired, seen: seen, now: now).map {
      ($0.fired.microseconds / 60_000_000, $0.seen.microseconds / 60_000_000)
    }
  }

  @Test func fewStayForTheirTime() {
    #expect(limits(fired: [1: most]) == nil && limits(seen: [1: most / 2, 2: most / 2]) == nil)
  }

  /// Watermarks of schedules that never ran are removed first, the oldest of them before the others.
  @Test func whatNeverRanGoesFirst() throws {
    let minute: Int64 = 29_999_000
    let found = try #require(limits(fired: [minute: most - 10], seen: [minute: 10, minute + 1: 5, minute + 2: 5]))
    #expect(found.seen == minute + 1 && found.fired <= minute)
  }

  @Test func thenTheOldestRuns() throws {
    let day: Int64 = 1440
    let minutes = [30_000_000 - 3 * day, 30_000_000 - 2 * day, 30_000_000 - day / 2]
    let found = try #require(limits(fired: [minutes[0]: 10, minutes[1]: 10, minutes[2]: most], seen: [minutes[2]: 1]))
    #expect(found.seen > 30_000_000 && found.fired == 30_000_000 - day)
    let less = try #require(limits(fired: [minutes[0]: 10, minutes[1]: most - 5]))
    #expect(less.fired == minutes[1])
  }

  /// A run of the last day is kept, however many there are.
  @Test func aDaysRunsStay() throws {
    let found = try #require(limits(fired: [29_999_990: 3 * most]))
    #expect(found.fired <= 29_999_990)
  }
}
