import Testing

@testable import BeatRedis

@Suite struct HistoryLengthTests {
  /// The number of runs in the newest `entries` entries, after so many calls of the script with these numbers of runs.
  private func runs(keeping length: Int, _ calls: [Int]) -> (entries: Int, runs: Int) {
    var history = HistoryLength(runs: length)
    for count in calls { history.added(runs: count) }
    return (history.entries, calls.suffix(history.entries).reduce(0, +))
  }

  @Test(arguments: [1, 2, 7, 32]) func aboutAsManyRunsAreKeptWhateverComesTogether(_ together: Int) {
    let kept = runs(keeping: 1000, Array(repeating: together, count: 5000))
    #expect((900...1200).contains(kept.runs), "\(kept)")
  }

  @Test func aChangeIsFollowed() {
    let burst = runs(keeping: 1000, Array(repeating: 1, count: 3000) + Array(repeating: 32, count: 300))
    #expect((900...1200).contains(burst.runs), "\(burst)")
    let back = runs(keeping: 1000, Array(repeating: 32, count: 300) + Array(repeating: 1, count: 8000))
    #expect((900...1000).contains(back.entries), "\(back)")
  }

  @Test func theNumberStaysWithinItsBounds() {
    #expect(runs(keeping: 0, [1, 32]).entries == 0)
    #expect(runs(keeping: 1, [1, 32, 32]).entries == 1)
    #expect(runs(keeping: 10, [32, 32, 32, 32]).entries <= 10)
    #expect(runs(keeping: 10_000, []).entries == 10_000)
  }
}
