import Testing

@testable import BeatCore

/// The leadership of a daemon, one event and its actions at a time, on virtual time.
@Suite struct LeadershipTests {
  private static let second: Int64 = 1_000_000
  private var now = BootTime(microseconds: 1_000_000_000)

  private func leadership(lease: Int64? = 5 * second) -> Leadership {
    var leadership = unproven(lease: lease)
    _ = leadership.receive(.eligibility(.able(takesOffers: false)), now: now)
    return leadership
  }

  private func unproven(lease: Int64? = 5 * second) -> Leadership {
    Leadership(Leadership.Configuration(instance: "me", leaseTTL: lease), clock: StoreClock(Sample.noon, at: now))
  }

  private func reply(
    _ sequence: Int64, previous: Int64? = nil, incarnation: String = "store",
    lease: HeartbeatReply.Lease = .held(token: "me:1"), time: UnixTime? = nil, clock: Int64 = 0
  ) -> Leadership.Event {
    .replied(
      HeartbeatReply(
        sequence: sequence, previousSequence: previous ?? sequence - 1, incarnation: incarnation, lease: lease,
        serverTime: time, clockDifference: clock))
  }

  /// Connected, leading with token `me:1`, the first heartbeat heard.
  private func leading() -> Leadership {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(reply(1), now: now)
    _ = leadership.receive(.echoed, now: now)
    return leadership
  }

  private func after(_ microseconds: Int64) -> BootTime { now.advanced(by: microseconds) }

  // MARK: Redis' clock

  /// Whatever our own clock shows, what is due is due by Redis'.
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
    // Said once, whatever happens meanwhile.
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
    _ = leadership.receive(.timerFired, now: after(Self.second))  // no answer to this one
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

  @Test func aDeadSubscriptionIsNoticedWithinTwoHeartbeats() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    _ = leadership.receive(reply(2), now: after(Self.second))  // answered, but its event does not come
    _ = leadership.receive(.timerFired, now: after(2 * Self.second))
    _ = leadership.receive(reply(3), now: after(2 * Self.second))
    let actions = leadership.receive(.timerFired, now: after(3 * Self.second + 1000))
    #expect(actions.contains { if case .reconnect = $0 { true } else { false } })
  }

  /// Notifications were off for a moment, and are on again before anybody could call the subscription dead.
  @Test func aHeartbeatThatWasNotHeardMeansThatOthersMayBeLost() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    _ = leadership.receive(reply(2), now: after(Self.second))  // its event does not come
    let actions = leadership.receive(.timerFired, now: after(2 * Self.second))
    #expect(actions.contains { if case .reload = $0 { true } else { false } })
    #expect(!actions.contains { if case .reconnect = $0 { true } else { false } })
    _ = leadership.receive(reply(3), now: after(2 * Self.second))
    _ = leadership.receive(.echoed, now: after(2 * Self.second))  // the next one is heard
    let next = leadership.receive(.timerFired, now: after(3 * Self.second))
    #expect(!next.contains { if case .reload = $0 { true } else { false } })
  }

  /// In a storm our event may be behind thousands of others: as long as they come, nothing is wrong with hearing.
  @Test func inAStormTheEchoMayBeLate() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    _ = leadership.receive(reply(2), now: after(Self.second))
    for beat in Int64(2)...12 {
      for _ in 0..<leadership.configuration.storm { leadership.heard() }
      let actions = leadership.receive(.timerFired, now: after(beat * Self.second))
      #expect(actions.count == 2 && !actions.contains(.armTimer(after: 0)), "\(actions)")
      _ = leadership.receive(reply(beat + 1), now: after(beat * Self.second))
    }
    // It is over, and ours has not come.
    for _ in 1..<leadership.configuration.storm { leadership.heard() }
    let actions = leadership.receive(.timerFired, now: after(13 * Self.second))
    #expect(actions.contains { if case .reconnect = $0 { true } else { false } })
  }

  @Test func aStormDoesNotHideForEverThatNothingIsHeard() {
    var leadership = leading()
    var reconnects = 0
    for beat in Int64(1)...40 {
      for _ in 0..<leadership.configuration.storm { leadership.heard() }
      let actions = leadership.receive(.timerFired, now: after(beat * Self.second))
      if actions.contains(where: { if case .reconnect = $0 { true } else { false } }) {
        reconnects += 1
        break
      }
      _ = leadership.receive(reply(beat + 1), now: after(beat * Self.second))
    }
    #expect(reconnects == 1)
  }

  @Test func anEchoThatComesIsEnough() {
    var leadership = leading()
    for beat in Int64(1)...20 {
      let actions = leadership.receive(.timerFired, now: after(beat * Self.second))
      #expect(!actions.contains { if case .reconnect = $0 { true } else { false } })
      _ = leadership.receive(reply(beat + 1), now: after(beat * Self.second))
      _ = leadership.receive(.echoed, now: after(beat * Self.second))
    }
  }

  @Test func anEmptiedStoreIsLoadedAgain() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    #expect(
      leadership.receive(reply(2, incarnation: "another"), now: after(Self.second)) == [
        .storeReplaced, .reload(reason: "the store was emptied or replaced, or its events were off for a while"),
      ])
  }

  /// The same contents under another word: some daemon has switched notifications on again.
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

  /// Its first answer comes before the documents do.
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

  /// A dump from before our first heartbeat: it knows none of them.
  @Test func aStoreThatForgetsAHeartbeatTooSoonWentBack() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    #expect(
      leadership.receive(forgetful(2), now: after(Self.second)) == [.reload(reason: "the store went back in time")])
    // Ten seconds later it has run out.
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

  @Test func aLostConnectionEndsTheLeadership() {
    var leadership = leading()
    #expect(leadership.receive(.disconnected, now: now) == [.standBy(reason: "the connection to Redis is lost")])
  }

  @Test func anAnswerOfAnOldSessionCountsForNothing() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: now)  // 2
    _ = leadership.receive(.disconnected, now: now)
    _ = leadership.receive(.connected(hears: true), now: now)  // 3
    #expect(leadership.receive(reply(2), now: now).isEmpty)
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

  // MARK: eligibility

  /// Neither asked for nor renewed, whatever the answer: the lease may be ours from the session before.
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

  /// What is on its way asks for too little: the next one follows its answer.
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
    // A heartbeat that was on its way has taken it once more.
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

  /// An answer that says "nobody's" must not be followed by another heartbeat at once.
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

  /// The event comes on another connection than the answer, so it may tell of what the answer did not see yet.
  @Test func aLeaseFreedWhileAHeartbeatIsOnItsWayIsAskedForAgain() {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    #expect(leadership.receive(.leaseFreed, now: now).isEmpty)
    let actions = leadership.receive(reply(1, lease: .other(token: "you:1", remaining: 4 * Self.second)), now: now)
    #expect(actions.contains(.send(HeartbeatRequest(sequence: 2, leaseTTL: 5 * Self.second))))
    // Once: the answer to that one has seen it.
    #expect(
      leadership.receive(reply(2, lease: .other(token: "they:2", remaining: 4 * Self.second)), now: now) == [
        .armTimer(after: Self.second)
      ])
  }

  /// The shortest lease that can be asked for: its holder asks often enough to keep it.
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
