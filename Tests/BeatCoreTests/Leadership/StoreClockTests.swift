import Testing

@testable import BeatCore

@Suite("Redis' clock, estimated from replies that take their time")
struct StoreClockTests {
  private let boot = BootTime(microseconds: 5_000_000)

  private func told(_ clock: inout StoreClock, _ offset: Int64, took: Int64 = 100, at: Int64 = 1_000_000) -> Int64 {
    // Redis' clock is `offset` ahead of noon at boot time 5 s; the request and the reply took half the time each.
    let received = boot.advanced(by: at)
    return clock.told(
      Sample.noon.advanced(by: at + offset - took / 2), sentAt: received.advanced(by: -took), receivedAt: received)
  }

  /// A reply whose uncertainty includes the present estimate brings nothing new.
  @Test func aSlowReplyChangesNothing() {
    var clock = StoreClock(Sample.noon, at: boot)
    let steps = [0, 40, -49, 2_000].map { told(&clock, $0, took: $0 == 2_000 ? 5_000_000 : 100) }
    #expect(steps == [0, 0, 0, 0])
    #expect(clock.time(at: boot) == Sample.noon)
  }

  /// The estimate moves by no more than is certain, so a slow reply never spoils what a quick one has shown.
  @Test func aSmallDifferenceIsPutRightWithoutAStep() {
    var clock = StoreClock(Sample.noon, at: boot)
    let steps = [told(&clock, 0), told(&clock, 1_000), told(&clock, 499_000)]
    #expect(steps == [0, 0, 0])
    #expect(clock.time(at: boot) == Sample.noon.advanced(by: 498_950))
  }

  @Test func theFirstReplyIsNoStep() {
    var clock = StoreClock(Sample.noon, at: boot)
    let steps = [told(&clock, 3_600_000_000), told(&clock, 0)]
    #expect(steps == [0, -3_599_999_950 + 50])
  }

  /// Over a day of random delays and a drift of 50 millionths the error stays within the shortest delay.
  @Test(arguments: 1...5) func followsADrift(seed: Int) {
    var chance = SeededChance(seed: UInt64(seed))
    var clock = StoreClock(Sample.noon, at: boot)
    var worst: Int64 = 0
    for second in Int64(1)...86_400 {
      let drift = second * 50
      let (there, back) = (Int64(chance.number(20...3_000)), Int64(chance.number(20...3_000)))
      let sent = boot.advanced(by: second * 1_000_000)
      let time = Sample.noon.advanced(by: second * 1_000_000 + there + drift)
      let step = clock.told(time, sentAt: sent, receivedAt: sent.advanced(by: there + back))
      #expect(step == 0)
      let error = clock.time(at: sent).microseconds(since: Sample.noon.advanced(by: second * 1_000_000 + drift))
      worst = max(worst, Int64(error.magnitude))
    }
    #expect(worst <= 3_050)
  }

  /// A difference to this machine's wall clock is reported when it becomes larger than the tolerance, and when it no
  /// longer is.
  @Test func aDifferenceIsToldAtItsBeginningAndItsEnd() {
    var clock = StoreClock(Sample.noon, at: boot)
    let news = [2_000, -2_001, -9_000, 2_001, 2_000, 0, .min].map { clock.compared($0, tolerance: 2_000) }
    #expect(news == [nil, -2_001, nil, nil, 0, nil, .min])
  }

  @Test func anythingFromOutsideIsHeldWithoutATrap() {
    for time in [Int64.min, -1, 0, Int64.max] {
      var clock = StoreClock(Sample.noon, at: boot)
      _ = clock.told(UnixTime(microseconds: time), sentAt: boot, receivedAt: boot.advanced(by: 1))
      _ = clock.told(UnixTime(microseconds: time), sentAt: boot, receivedAt: boot.advanced(by: 1))
      _ = clock.boot(at: .latest)
      _ = clock.time(at: BootTime(microseconds: .max))
    }
  }
}
