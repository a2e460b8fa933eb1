import Testing

@testable import BeatCore

/// When a daemon leads and stands by: one event and its actions at a time, on virtual time.
@Suite struct LeadershipLeaseTests: LeadershipTesting {
  @Test func theFirstHeartbeatAsksForTheLeaseAndLeads() {
    var leadership = leadership()
    #expect(
      leadership.receive(.connected(hears: true), now: now) == [
        .send(HeartbeatRequest(sequence: 1, leaseTTL: 5 * Self.second)), .armTimer(after: Self.second),
      ])
    #expect(!leadership.isLeading)
    #expect(leadership.receive(reply(1), now: now) == [.lead(token: "me:1")])
    #expect(leadership.isLeading)
  }

  @Test func renewingIsNoNews() {
    var leadership = leading()
    #expect(
      leadership.receive(.timerFired, now: after(Self.second)) == [
        .send(HeartbeatRequest(sequence: 2, leaseTTL: 5 * Self.second)), .armTimer(after: Self.second),
      ])
    #expect(leadership.receive(reply(2), now: after(Self.second)).isEmpty)
  }

  @Test func aStandbyAsksAgainWhenTheLeaseMustHaveRunOut() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    #expect(
      leadership.receive(reply(1, lease: .other(token: "you:1", remaining: 300_000)), now: now) == [
        .standBy(reason: "another daemon holds the lease"), .armTimer(after: 305_000),
      ])
    #expect(!leadership.isLeading)
    // The reason is reported once, whatever happens afterwards.
    _ = leadership.receive(.disconnected, now: now)
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(.eligibility(.able(takesOffers: false)), now: now)
    #expect(
      leadership.receive(reply(2, lease: .other(token: "you:1", remaining: 300_000)), now: now) == [
        .armTimer(after: 305_000)
      ])
  }

  @Test func aFreedLeaseIsAskedForAtOnce() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(reply(1, lease: .other(token: "you:1", remaining: 4 * Self.second)), now: now)
    #expect(
      leadership.receive(.leaseFreed, now: now).contains(
        .send(HeartbeatRequest(sequence: 2, leaseTTL: 5 * Self.second))))
    #expect(leadership.receive(reply(2, lease: .held(token: "me:2")), now: now) == [.lead(token: "me:2")])
  }

  @Test func theHolderStandsByWhenSomebodyElseHasTheLease() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    let actions = leadership.receive(
      reply(2, lease: .other(token: "you:2", remaining: 5 * Self.second)), now: after(Self.second))
    #expect(actions.first == .standBy(reason: "another daemon holds the lease"))
    #expect(!leadership.isLeading)
  }

  @Test func aNewTokenIsNews() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    #expect(
      leadership.receive(reply(2, lease: .held(token: "me:3")), now: after(Self.second)) == [.lead(token: "me:3")])
  }

  @Test func aRefusedFireEndsTheLeadership() {
    var leadership = leading()
    #expect(
      leadership.receive(.fenced, now: now) == [
        .standBy(reason: "a fire was refused: the lease has run out, was deleted, or is another daemon's")
      ])
    #expect(leadership.receive(.fenced, now: now).isEmpty)
  }

  @Test func withoutConfirmationTheHolderStopsByItsOwnClock() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))  // without an answer
    let actions = leadership.receive(.timerFired, now: after(2_600_000))
    #expect(actions.first == .standBy(reason: "the lease was not confirmed for 2600 ms"))
    #expect(!leadership.isLeading)
  }

  @Test func anAnswerThatTookTooLongDoesNotLead() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    #expect(leadership.receive(reply(1), now: after(2_600_000)).isEmpty)
    #expect(!leadership.isLeading)
  }

  @Test func afterALongSleepTheLeaseIsNotTrusted() {
    var leadership = leading()
    let actions = leadership.receive(.timerFired, now: after(3600 * Self.second))
    #expect(actions.contains { if case .standBy = $0 { true } else { false } })
  }

  @Test func aLostConnectionEndsTheLeadership() {
    var leadership = leading()
    #expect(leadership.receive(.disconnected, now: now) == [.standBy(reason: "the connection to the store is lost")])
  }

  /// A daemon that has proved nothing neither asks for the lease nor renews it, whatever the answer: the lease may be
  /// its own from the session before.
  @Test func whoHasProvedNothingDoesNotLead() {
    var leadership = unproven()
    #expect(
      leadership.receive(.connected(hears: true), now: now) == [
        .send(HeartbeatRequest(sequence: 1, leaseTTL: 5 * Self.second, claim: .nothing)), .armTimer(after: Self.second),
      ])
    #expect(leadership.receive(reply(1), now: now).isEmpty && !leadership.isLeading)
    #expect(
      leadership.receive(.eligibility(.able(takesOffers: false)), now: now).first
        == .send(HeartbeatRequest(sequence: 2, leaseTTL: 5 * Self.second, claim: .free)))
    #expect(leadership.receive(reply(2), now: now) == [.lead(token: "me:1")])
  }

  /// The request that is on its way asks for too little: the next one follows its answer.
  @Test func whoBecomesAbleDuringAHeartbeatAsksAgain() {
    var leadership = unproven()
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(reply(1, lease: .free), now: now)
    _ = leadership.receive(.timerFired, now: now)
    #expect(leadership.receive(.eligibility(.limited), now: now).isEmpty)
    #expect(
      leadership.receive(reply(2, lease: .free), now: now).contains(
        .send(HeartbeatRequest(sequence: 3, leaseTTL: 5 * Self.second, claim: .free, isOffering: true))))
  }

  @Test func whoStandsBackGivesTheLeaseBack() {
    var leadership = leading()
    #expect(
      leadership.receive(.eligibility(.withdrawn(reason: "no LPUSH")), now: now) == [
        .release, .standBy(reason: "no LPUSH"),
      ])
    #expect(leadership.receive(.leaseFreed, now: now).isEmpty)
    // A heartbeat that was on its way has taken the lease once more.
    _ = leadership.receive(.timerFired, now: now)
    #expect(leadership.receive(reply(2), now: now) == [.release] && !leadership.isLeading)
  }

  @Test func anOfferIsToldToWhoLacksNothing() {
    for (eligibility, isTold) in [(Eligibility.able(takesOffers: false), true), (.limited, false)] {
      var leadership = unproven()
      _ = leadership.receive(.eligibility(eligibility), now: now)
      _ = leadership.receive(.connected(hears: true), now: now)
      let actions = leadership.receive(reply(1, lease: .other(token: "you:1", remaining: 1, isOffered: true)), now: now)
      #expect(actions.contains(.offered) == isTold)
    }
  }

  /// The answer that the lease is free must not lead to another heartbeat at once.
  @Test func aFreeLeaseThatWeMayNotTakeIsNotAskedForAllTheTime() {
    var leadership = unproven()
    _ = leadership.receive(.connected(hears: true), now: now)
    #expect(leadership.receive(reply(1, lease: .free), now: now).isEmpty)
    #expect(leadership.receive(.leaseFreed, now: now).isEmpty)
  }

  @Test func withoutALeaseWhoeverIsHereFires() {
    var leadership = leadership(lease: nil)
    #expect(
      leadership.receive(.connected(hears: true), now: now) == [
        .send(HeartbeatRequest(sequence: 1, leaseTTL: nil)), .armTimer(after: Self.second),
      ])
    #expect(leadership.receive(reply(1, lease: .other(token: "", remaining: 0)), now: now) == [.lead(token: "")])
    #expect(leadership.receive(.leaseFreed, now: now).isEmpty)
  }

  /// The event comes on another connection than the answer, so it may be newer than the answer.
  @Test func aLeaseFreedWhileAHeartbeatIsOnItsWayIsAskedForAgain() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    #expect(leadership.receive(.leaseFreed, now: now).isEmpty)
    let actions = leadership.receive(reply(1, lease: .other(token: "you:1", remaining: 4 * Self.second)), now: now)
    #expect(actions.contains(.send(HeartbeatRequest(sequence: 2, leaseTTL: 5 * Self.second))))
    // The daemon asks once: the answer to that request is newer than the event.
    #expect(
      leadership.receive(reply(2, lease: .other(token: "they:2", remaining: 4 * Self.second)), now: now) == [
        .armTimer(after: Self.second)
      ])
  }

  /// With the shortest lease that is allowed, its holder asks often enough to keep it.
  @Test func aShortLeaseIsRenewedInTime() {
    var leadership = leadership(lease: Self.second)
    var time = now
    var actions = leadership.receive(.connected(hears: true), now: time)
    for beat in Int64(1)...10 {
      #expect(actions.contains(.send(HeartbeatRequest(sequence: beat, leaseTTL: Self.second))))
      #expect(actions.last == .armTimer(after: Self.second / 3))
      time = time.advanced(by: 20_000)
      _ = leadership.receive(reply(beat), now: time)
      _ = leadership.receive(.echoed, now: time)
      #expect(leadership.isLeading)
      time = time.advanced(by: Self.second / 3)
      actions = leadership.receive(.timerFired, now: time)
      #expect(leadership.isLeading)
    }
  }
}
