import Testing

@testable import BeatCore
@testable import BeatDriver

/// How long the daemon waits before the next attempt.
@Suite struct BackoffTests {
  private let draw: (ClosedRange<Int64>) -> Int64 = { Int64.random(in: $0) }

  private static let growing: [ClosedRange<Int64>] = [
    25_000...50_000, 50_000...100_000, 100_000...200_000, 200_000...400_000, 400_000...800_000, 800_000...1_600_000,
    1_600_000...3_200_000, 2_500_000...5_000_000, 2_500_000...5_000_000,
  ]

  @Test func whatComesToNothingIsTriedLessAndLessOften() {
    var backoff = Backoff()
    for range in Self.growing { #expect(range.contains(backoff.next(afterHealth: 0, making: 0, random: draw))) }
  }

  /// A connection that was open only briefly, or not long in relation to the time it took to make, does not shorten the
  /// wait.
  @Test(arguments: [(health: 49_999, making: 1_000), (50_000, 6_000), (3_000_000, 1_000_000)] as [(Int64, Int64)])
  func whatHardlyStandsIsNoBetter(_ times: (health: Int64, making: Int64)) {
    var backoff = Backoff()
    _ = backoff.next(afterHealth: 0, making: 0, random: draw)
    for range in Self.growing.dropFirst() {
      #expect(range.contains(backoff.next(afterHealth: times.health, making: times.making, random: draw)))
    }
  }

  /// The wait is the shortest again after a connection that was open for longer than the wait before it, and for four
  /// times as long as it took to make, or for ten seconds.
  @Test(arguments: [(health: 5_000_000, making: 500_000), (10_000_000, 1_900_000), (5_000_000, 0)] as [(Int64, Int64)])
  func whatWasWellIsTriedAtOnce(_ times: (health: Int64, making: Int64)) {
    var backoff = Backoff()
    for _ in 0..<20 { _ = backoff.next(afterHealth: 0, making: 0, random: draw) }
    for _ in 0..<20 {
      #expect(Self.growing[0].contains(backoff.next(afterHealth: times.health, making: times.making, random: draw)))
    }
  }

  /// Connections that are open for a tenth of a second, and are made quickly, wait no longer than the shortest time.
  @Test func aShortLifeThatWasWorthItsMakingIsWell() {
    var backoff = Backoff()
    for _ in 0..<20 {
      #expect(Self.growing[0].contains(backoff.next(afterHealth: 110_000, making: 8_000, random: draw)))
    }
  }

  @Test func timesBeyondReason() {
    var backoff = Backoff()
    #expect(Self.growing[0].contains(backoff.next(afterHealth: .max, making: .max, random: draw)))
    #expect(Self.growing[1].contains(backoff.next(afterHealth: .min, making: .min, random: draw)))
  }
}
