import Testing

@testable import BeatCore

/// What leadership tells of change detection, by the heartbeats that are heard and those that are not.
@Suite struct LeadershipHeartbeatTests: LeadershipTesting {
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

  @Test func anAnswerOfAnOldSessionCountsForNothing() {
    var leadership = leading()
    _ = leadership.receive(.timerFired, now: now)  // 2
    _ = leadership.receive(.disconnected, now: now)
    _ = leadership.receive(.connected(hears: true), now: now)  // 3
    #expect(leadership.receive(reply(2), now: now).isEmpty)
  }
}
