import Testing

@testable import BeatCore

/// What `Leadership` reports of change detection, by the heartbeats whose events come and those whose do not.
@Suite struct LeadershipHeartbeatTests: LeadershipTesting {
  @Test func aDeadSubscriptionIsNoticedWithinTwoHeartbeats() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    _ = leadership.receive(reply(2), now: after(Self.second))  // answered, but without its event
    _ = leadership.receive(.timerFired, now: after(2 * Self.second))
    _ = leadership.receive(reply(3), now: after(2 * Self.second))
    let actions = leadership.receive(.timerFired, now: after(3 * Self.second + 1000))
    #expect(actions.contains { if case .reconnect = $0 { true } else { false } })
  }

  /// Notifications were off for a moment, and are on again before the subscription counts as dead.
  @Test func aHeartbeatThatWasNotHeardMeansThatOthersMayBeLost() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: after(Self.second))
    _ = leadership.receive(reply(2), now: after(Self.second))  // without its event
    let actions = leadership.receive(.timerFired, now: after(2 * Self.second))
    #expect(actions.contains { if case .reload = $0 { true } else { false } })
    #expect(!actions.contains { if case .reconnect = $0 { true } else { false } })
    _ = leadership.receive(reply(3), now: after(2 * Self.second))
    _ = leadership.receive(.echoed, now: after(2 * Self.second))  // with its event
    let next = leadership.receive(.timerFired, now: after(3 * Self.second))
    #expect(!next.contains { if case .reload = $0 { true } else { false } })
  }

  /// In a storm this daemon's event may be behind thousands of others: as long as those come, the subscription is
  /// alive.
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
    // The storm is over, and this daemon's event has not come.
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

  @Test func anAnswerOfAnOldSessionCountsForNothing() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: now)  // sends heartbeat 2
    _ = leadership.receive(.disconnected, now: now)
    _ = leadership.receive(.connected(hears: true), now: now)  // sends heartbeat 3
    #expect(leadership.receive(reply(2), now: now).isEmpty)
  }
}
