import Testing

@testable import BeatCore

/// What `Leadership` reports of Redis' clock: one event and its actions at a time, on virtual time.
@Suite struct LeadershipClockTests: LeadershipTesting {
  /// Due times go by Redis' clock, whatever this machine's clock shows.
  @Test func theFirstReplyTellsTheTime() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    let time = Sample.noon.advanced(by: 3_600 * Self.second)
    #expect(
      leadership.receive(reply(1, time: time, clock: 0), now: now) == [.lead(token: "me:1")], "nothing is set by that")
    #expect(leadership.clock.time(at: after(5)) == time.advanced(by: 5))
    #expect(leadership.clock.boot(at: time) == now)
  }

  @Test(arguments: [3_600, -3_600, 0.5, -0.5] as [Double]) func aClockThatIsSetIsTold(_ seconds: Double) {
    var leadership = leading()
    let step = Int64(seconds * 1_000_000)
    _ = leadership.receive(.timerFired, now: now)
    _ = leadership.receive(reply(2, time: Sample.noon), now: now)
    _ = leadership.receive(.timerFired, now: after(Self.second))
    let time = Sample.noon.advanced(by: Self.second + step)
    #expect(leadership.receive(reply(3, time: time), now: after(Self.second)) == [.clockStepped(by: step)])
    #expect(leadership.clock.time(at: after(Self.second)) == time)
  }

  @Test func aClockThatDiffersIsSaidOnce() {
    var leadership = leading()
    for (beat, clock, expected) in [
      (Int64(2), Int64(3_000_000), [Leadership.Action.clockDiffers(by: 3_000_000)]), (3, 3_100_000, []),
      (4, 100, [.clockDiffers(by: 0)]), (5, 200, []),
    ] {
      _ = leadership.receive(.timerFired, now: after(beat * Self.second))
      #expect(leadership.receive(reply(beat, clock: clock), now: after(beat * Self.second)) == expected)
      _ = leadership.receive(.echoed, now: after(beat * Self.second))
    }
  }
}
