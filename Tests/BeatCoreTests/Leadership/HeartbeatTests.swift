import Testing

@testable import BeatCore

/// The heartbeat alone: its write, its answer and its event.
@Suite struct HeartbeatTests {
  private static let second: Int64 = 1_000_000
  private static let reload = Heartbeat.Action.reload(
    reason: "an event of our own heartbeat did not come, so others may not have come either")
  private static let reconnect = Heartbeat.Action.reconnect(
    reason: "the store answers, but the events of our own heartbeat do not come")
  private let now = BootTime(microseconds: 1_000_000_000)

  private func after(_ microseconds: Int64) -> BootTime { now.advanced(by: microseconds) }

  private func connected(hears: Bool = true) -> Heartbeat {
    var heartbeat = Heartbeat(Leadership.Configuration(instance: "me", leaseTTL: nil))
    heartbeat.connected(hears: hears)
    return heartbeat
  }

  /// Writes heartbeats at these times, each answered at once. Only the first `heard` of them raise an event.
  private func beats(_ times: [Int64], hears: Bool = true, heard: Int = 0, storm: Bool = false) throws
    -> [[Heartbeat.Action]]
  {
    var heartbeat = connected(hears: hears)
    return try times.enumerated().map { index, time in
      if storm { for _ in 0..<5000 { heartbeat.heard() } }
      let actions = try heartbeat.beat(now: after(time))
      _ = heartbeat.answered(Int64(index + 1))
      if index < heard { heartbeat.echoed() }
      return actions
    }
  }

  @Test func noneFollowsBeforeTheAnswer() throws {
    var heartbeat = connected()
    #expect(try heartbeat.beat(now: now) == [.send(sequence: 1)])
    #expect(!heartbeat.isAnswered)
    #expect(try heartbeat.beat(now: after(60 * Self.second)).isEmpty, "and without an answer nothing is judged")
    #expect(heartbeat.answered(1) == now && heartbeat.isAnswered)
    heartbeat.echoed()
    #expect(try heartbeat.beat(now: after(60 * Self.second)) == [.send(sequence: 2)])
    #expect(heartbeat.isAnswered, "by the one before")
  }

  /// The reload comes once, at 0.9 s of the patience of 2 s, and the new session after 2 s. Each row has the actions of
  /// one heartbeat.
  @Test func whatIsNotHeardIsNoticedInTwoSteps() throws {
    #expect(
      try beats([0, 900_000, 900_001, 2_000_000, 2_000_001]) == [
        [.send(sequence: 1)], [.send(sequence: 2)], [Self.reload, .send(sequence: 3)], [.send(sequence: 4)],
        [Self.reconnect],
      ])
    #expect(try beats([0, 3_000_000], heard: 1) == [[.send(sequence: 1)], [.send(sequence: 2)]])
    #expect(try beats([0, 60_000_000], hears: false) == [[.send(sequence: 1)], [.send(sequence: 2)]])
  }

  /// When events have come again, the next silence is reported again.
  @Test func eachSilenceIsToldOnce() throws {
    var heartbeat = connected()
    for round in Int64(0)..<3 {
      let start = round * 60 * Self.second
      #expect(try heartbeat.beat(now: after(start)) == [.send(sequence: 2 * round + 1)])
      _ = heartbeat.answered(2 * round + 1)
      #expect(try heartbeat.beat(now: after(start + Self.second)) == [Self.reload, .send(sequence: 2 * round + 2)])
      _ = heartbeat.answered(2 * round + 2)
      heartbeat.echoed()
    }
  }

  @Test func inAStormThePatienceIsLonger() throws {
    #expect(
      try beats([0, 14_900_000, 14_900_001, 30_000_000, 30_000_001], storm: true) == [
        [.send(sequence: 1)], [.send(sequence: 2)], [Self.reload, .send(sequence: 3)], [.send(sequence: 4)],
        [Self.reconnect],
      ])
  }

  /// Sequence numbers go on in the next session, so no answer is taken for one of another session.
  @Test func anAnswerBelongsToOneHeartbeat() throws {
    var heartbeat = connected()
    _ = try heartbeat.beat(now: now)
    heartbeat.disconnected()
    #expect(heartbeat.answered(1) == nil)
    heartbeat.connected(hears: true)
    #expect(try heartbeat.beat(now: after(1)) == [.send(sequence: 2)])
    #expect(heartbeat.answered(1) == nil && heartbeat.answered(3) == nil && !heartbeat.isAnswered)
    #expect(heartbeat.answered(2) == after(1))
    #expect(heartbeat.answered(2) == nil, "answered already")
  }

  /// A new session forgets the heartbeats that the one before has not heard.
  @Test func aSessionBeginsWithoutASilence() throws {
    var heartbeat = connected()
    _ = try heartbeat.beat(now: now)
    _ = heartbeat.answered(1)
    heartbeat.disconnected()
    heartbeat.connected(hears: true)
    #expect(try heartbeat.beat(now: after(60 * Self.second)) == [.send(sequence: 2)])
  }

  /// A heartbeat is illegal before a session, after it, and after the action that ends it.
  @Test func aBeatOutsideASessionIsIllegal() throws {
    var before = Heartbeat(Leadership.Configuration(instance: "me", leaseTTL: nil))
    #expect(throws: IllegalMove.beatOutsideSession) { try before.beat(now: now) }
    var ended = connected()
    ended.disconnected()
    #expect(throws: IllegalMove.beatOutsideSession) { try ended.beat(now: now) }
    var deaf = connected()
    _ = try deaf.beat(now: now)
    _ = deaf.answered(1)
    #expect(try deaf.beat(now: after(3 * Self.second)) == [Self.reconnect])
    #expect(throws: IllegalMove.beatOutsideSession) { try deaf.beat(now: after(4 * Self.second)) }
    #expect(!deaf.isConnected)
  }
}
