import Testing

@testable import BeatCore

/// How the four machines are put together: the order of their actions, and the events that are illegal.
@Suite struct LeadershipTests: LeadershipTesting {
  /// What is wrong with the store is reported before this daemon leads.
  @Test func theStoreComesBeforeTheLease() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(reply(1, lease: .other(token: "you:1", remaining: 1), time: Sample.noon), now: now)
    _ = leadership.receive(.timerFired, now: now)
    let event = reply(2, incarnation: "another", time: Sample.noon.advanced(by: Self.second), clock: 3 * Self.second)
    #expect(
      leadership.receive(event, now: now) == [
        .clockStepped(by: Self.second), .storeReplaced,
        .reload(reason: "the store was emptied or replaced, or its events were off for a while"),
        .clockDiffers(by: 3 * Self.second), .lead(token: "me:1"),
      ])
  }

  /// The daemon stands by before it connects again, and arms no timer for a session that is over.
  @Test func reconnectingIsTheLastOfABeat() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(1))
    _ = leadership.receive(reply(2), now: after(2))
    let actions = leadership.receive(.timerFired, now: after(3 * Self.second))
    #expect(actions.count == 2)
    #expect(actions.first == .standBy(reason: "the lease was not confirmed for 2999 ms"))
    #expect(actions.last == .reconnect(reason: "the store answers, but the events of our own heartbeat do not come"))
    #expect(leadership.receive(.timerFired, now: after(3 * Self.second)) == [.illegal(.beatOutsideSession)])
  }

  /// The answer asks for another request, but no event has come: no heartbeat follows the end of the session.
  @Test func reconnectingIsTheLastOfAnAnswer() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(1))
    _ = leadership.receive(.eligibility(.limited), now: after(1))
    let actions = leadership.receive(reply(2, lease: .free), now: after(3 * Self.second))
    #expect(
      actions == [
        .standBy(reason: "the lease has run out"),
        .reconnect(reason: "the store answers, but the events of our own heartbeat do not come"),
      ])
  }

  /// Fires outlive a session: without a session their outcomes lead to no heartbeat.
  @Test func aFireThatWasEarlyAsksForTheTimeInASessionOnly() {
    var leadership = leading()
    #expect(
      leadership.receive(.early, now: after(1)) == [
        .send(HeartbeatRequest(sequence: 2, leaseTTL: 5 * Self.second)), .armTimer(after: Self.second),
      ])
    _ = leadership.receive(.disconnected, now: after(2))
    #expect(leadership.receive(.early, now: after(3)).isEmpty)
  }

  @Test func aTimerOutsideASessionIsIllegal() {
    var leadership = leadership()
    #expect(leadership.receive(.timerFired, now: now) == [.illegal(.beatOutsideSession)])
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(.disconnected, now: now)
    #expect(leadership.receive(.timerFired, now: now) == [.illegal(.beatOutsideSession)])
  }

  /// Late events of a session that is over change nothing, and are no error of the driver.
  @Test func eventsOfAnEndedSessionDoNothing() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(1))
    _ = leadership.receive(.disconnected, now: after(1))
    for event in [reply(2), .echoed, .leaseFreed, .fenced, .disconnected] {
      #expect(leadership.receive(event, now: after(2)).isEmpty)
    }
    #expect(!leadership.isLeading && !leadership.isAnswered)
  }
}
