import Testing

@testable import BeatCore

/// What `Leadership` reports of a store that is not the one that was loaded.
@Suite struct LeadershipStoreTests: LeadershipTesting {
  @Test func anEmptiedStoreIsLoadedAgain() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    #expect(
      leadership.receive(reply(2, incarnation: "another"), now: after(Self.second)) == [
        .storeReplaced, .reload(reason: "the store was emptied or replaced, or its events were off for a while"),
      ])
  }

  /// The contents are the same, and the incarnation's second half is new: another daemon has switched notifications on
  /// again.
  @Test func aStoreWhoseEventsWereOffIsTheSameStore() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    #expect(
      leadership.receive(reply(2, incarnation: "store/f00"), now: after(Self.second)) == [
        .reload(reason: "the store was emptied or replaced, or its events were off for a while")
      ])
    _ = leadership.receive(.timerFired, now: after(2 * Self.second))
    #expect(
      leadership.receive(reply(3, incarnation: "store/f01"), now: after(2 * Self.second)) == [
        .reload(reason: "the store was emptied or replaced, or its events were off for a while")
      ])
  }

  /// The first answer of a session comes before the documents.
  @Test func aNewSessionTellsThatTheStoreWasEmptiedMeanwhile() {
    var leadership = leading()
    _ = leadership.receive(.disconnected, now: now)
    _ = leadership.receive(.connected(hears: true), now: now)
    let actions = leadership.receive(reply(2, incarnation: "another"), now: now)
    #expect(actions.first == .storeReplaced)
    #expect(!actions.contains { if case .reload = $0 { true } else { false } })
  }

  @Test func aStoreThatWentBackIsLoadedAgain() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    _ = leadership.receive(reply(2), now: after(Self.second))
    _ = leadership.receive(.timerFired, now: after(2 * Self.second))
    #expect(
      leadership.receive(reply(3, previous: 1), now: after(2 * Self.second)) == [
        .reload(reason: "the store went back in time")
      ])
  }

  /// A dump of before this daemon's first heartbeat has none of its heartbeats.
  @Test func aStoreThatForgetsAHeartbeatTooSoonWentBack() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    #expect(
      leadership.receive(forgetful(2), now: after(Self.second)) == [.reload(reason: "the store went back in time")])
    // Ten seconds later the heartbeat has expired.
    _ = leadership.receive(.timerFired, now: after(11 * Self.second))
    let actions = leadership.receive(forgetful(3), now: after(11 * Self.second))
    #expect(!actions.contains { if case .reload = $0 { true } else { false } })
  }

  private func forgetful(_ sequence: Int64) -> Leadership.Event {
    .replied(
      HeartbeatReply(
        sequence: sequence, previousSequence: nil, incarnation: "store", lease: .held(token: "me:1"), serverTime: nil,
        clockDifference: 0))
  }

  @Test func aNewSessionLoadsAnywayAndNeedsNoSecondLoad() {
    var leadership = leading()
    _ = leadership.receive(.disconnected, now: now)
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(.eligibility(.able(takesOffers: false)), now: now)
    #expect(
      leadership.receive(reply(2, previous: 7, incarnation: "another"), now: now) == [
        .storeReplaced, .lead(token: "me:1"),
      ])
  }
}
